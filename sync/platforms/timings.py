"""How each platform wants to be asked and what it allows, whoever holds its keys: the box or headquarters."""

from collections.abc import Mapping

from agent.core.payment import RefundLimits
from agent.core.timing import Pace, Timing

WECHAT = Timing(
    first_query_s=5,
    paces=(Pace(3, until_s=10), Pace(5)),
    deadline_s=45,
    undo_not_before_s=15,
    undo_retry_s=3,
    refund_first_s=60,
    refund_apart_s=60,
)
"""Published timings differ. V2 (doc 4011937125): first query after 5 s, undo at 45 s, never within 15 s of the submit;
repeated while `recall=Y`. Refunds: ask after about a minute, a minute apart for one order."""
ALIPAY = Timing(first_query_s=3, paces=(Pace(3),), deadline_s=45, undo_retry_s=2, undo_retries=3)
"""Every 3 s, 15 times, then the cancel, with no gap after the last query; it is repeated three times, 2 s apart, and
then in the background. A trade closes itself after `timeout_express`, which is longer."""

PHONE = Timing(first_query_s=5, paces=(Pace(5, until_s=180), Pace(15)))
"""An order that the customer's own phone pays: headquarters are asked, and a proof at the counter may be quicker."""

_TIMINGS: Mapping[str, Timing] = {"wechat": WECHAT, "alipay": ALIPAY, "phone": PHONE}
_REFUND_LIMITS: Mapping[str, RefundLimits] = {"wechat": RefundLimits(within_days=365, parts_max=50)}
"""WeChat: within a year of the payment, at most 50 part refunds an order. How long an Alipay trade may be refunded
is in the merchant's contract; TRADE_FINISHED says that it is over."""


def timing_of(platform: str) -> Timing:
    """Return the timing of a platform by its name; the plain one for another."""
    return _TIMINGS.get(platform, Timing())


def refund_limits_of(platform: str) -> RefundLimits:
    """Return what a platform allows of refunds; none for another."""
    return _REFUND_LIMITS.get(platform, RefundLimits())
