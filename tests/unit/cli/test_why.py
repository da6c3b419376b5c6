"""The story of a number: all of one sale, none of another, in both languages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli.device_story import acknowledged, of_device
from agent.cli.stories import told
from agent.cli.tracing import trace
from agent.core import events
from agent.services import checkout, days, payments, refunds, shifts, tendering
from agent.services.shop import Shop
from tests.shops import CASHIER, MANAGER, FakePlatform, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path, platforms={"wechat": FakePlatform()})
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 50_000)
    yield made
    made.writer.close()


def sell(shop: Shop) -> str:
    checkout.add_code(shop, CASHIER, "D003")
    sale: str = tendering.pay_cash(shop, CASHIER, None)["completed"]["sale"]
    return sale


def kinds(shop: Shop, number: str) -> list[str]:
    return [one.kind for one in trace(shop.read(), number)]


def test_a_sale_brings_its_slips_and_refunds_and_nothing_of_its_neighbour(shop: Shop) -> None:
    first, second = sell(shop), sell(shop)
    refunds.refund_sale(shop, MANAGER, first, None, "坏的")
    story = kinds(shop, first)
    assert story[:2] == ["sale.completed", "slip.queued"]
    assert "sale.refunded" in story
    assert kinds(shop, second) == ["sale.completed", "slip.queued"]
    assert kinds(shop, f"{first}-P0") == story


def test_a_transaction_of_the_platform_leads_to_the_sale(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, "D003")
    checkout.ask_total(shop, CASHIER)
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", "131234567890123456")
    submit()
    transaction = shop.read().execute("SELECT txn FROM view_attempt").fetchone()[0]
    assert kinds(shop, transaction) == kinds(shop, started["attempt"])
    assert {"attempt.started", "attempt.ended", "sale.completed"} <= set(kinds(shop, transaction))


def test_an_unknown_number_has_no_story(shop: Shop) -> None:
    sell(shop)
    assert trace(shop.read(), "S001-1-0000") == []


def test_every_entry_of_trade_has_a_sentence(shop: Shop) -> None:
    first = sell(shop)
    refunds.refund_sale(shop, MANAGER, first, None, "坏的")
    for one in trace(shop.read(), first):
        for chinese in (True, False):
            assert told(one.kind, one.body, chinese=chinese) != one.kind


SAMPLES: dict[str, Any] = {
    "till": "1", "shift": "s", "staff": "07", "day": "2026-10-03", "sale": "S-1", "total_fen": 100, "lines": (),
    "tenders": (), "refund": "R-1", "reason": "x", "approved_by": "01", "sku": "D1", "quantity": 1, "amount_fen": 100,
    "attempt": "A", "platform": "wechat", "merchant": "", "custody": "direct", "method": "code", "code_tail": "3456",
    "outcome": "paid", "code": "c", "out_refund_no": "O", "slip": "S-1-P0", "purpose": "receipt", "subject": "S-1",
    "printer": "receipt1", "verified": True, "original": "S-1-P0", "copy": 1, "act": "discount", "approver": "01",
}  # fmt: skip


@pytest.mark.parametrize(
    "event",
    [
        events.SaleCancelled,
        events.LineRemoved,
        events.AttemptEnded,
        events.AttemptParked,
        events.AttemptContradicted,
        events.RefundStarted,
        events.RefundEnded,
        events.SlipUnconfirmed,
        events.SlipNotPrinted,
        events.SlipReprinted,
        events.ActApproved,
    ],
)
def test_rare_entries_have_one_too(event: type[events.Event]) -> None:
    fields = {name: SAMPLES[name] for name in event.__dataclass_fields__ if name in SAMPLES}
    body = event(**fields).body()
    said = {told(event.KIND, body, chinese=chinese) for chinese in (True, False)}
    assert len(said) == 2 and event.KIND not in said


def test_a_printers_story_is_that_of_its_own_slips(shop: Shop) -> None:
    sell(shop)
    story = of_device(shop.read(), "receipt1")
    assert [one.kind for one in story] == ["slip.queued"]
    assert of_device(shop.read(), "receipt2") == []
    assert of_device(shop.read(), "nobody") == []


def test_the_first_receipt_that_covers_an_entry_counts(shop: Shop) -> None:
    sell(shop)
    (queued,) = of_device(shop.read(), "receipt1")
    assert acknowledged(shop.read(), queued) is None
    insert = "INSERT INTO receipt(epoch, next_seq, head, at_ms, received_ms, body) VALUES(1, ?, '', 0, ?, '')"
    for next_seq, received_ms in ((queued.seq, 10), (queued.seq + 1, 20), (queued.seq + 2, 30)):
        values = (next_seq, received_ms)
        shop.writer.run(lambda unit, values=values: unit.connection.execute(insert, values).rowcount)  # type: ignore[misc]
    assert acknowledged(shop.read(), queued) == 20
