"""Notifications of the simulated Alipay: form fields under the platform's signature, the same `notify_id` each time."""

from urllib.parse import urlencode

from sync.simulator.accounts import Account
from sync.simulator.alipay.desk import signed_notification
from sync.simulator.alipay.documents import notified
from sync.simulator.notices import Notice
from sync.simulator.world import World


def compose(world: World, account: Account, notice: Notice) -> tuple[bytes, dict[str, str]] | None:
    """Return body and headers of a notification; None when its trade is not there."""
    books = world.books(account)
    order = books.find(notice.number)
    if order is None:
        return None
    back_fen = sum(refund.amount_fen for refund in books.refunds_of(notice.number))
    fields = notified(order, books.particulars(notice.number), back_fen)
    body = urlencode(signed_notification(world, account, fields, notice.id)).encode()
    return body, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
