"""What headquarters look up in bodies, and what follows from it."""

from pathlib import Path

from sqlalchemy import select

from agent.core.events_matching import RefundFound
from sync.hq import tables
from sync.hq.books.bank_settings import Account
from sync.hq.books.payouts import due_days
from tests.unit.sync.hq.books.chain import DAY, HOUR_MS, MERCHANT, NOON_MS, Chain, attempt_of, paid


def test_a_refund_that_a_box_found_in_a_bill_is_done_and_is_not_paid_out(
    tmp_path: Path, database_url: str | None
) -> None:
    chain = Chain(tmp_path, database_url)
    try:
        chain.add_store()
        found = RefundFound(
            till="1",
            shift=None,
            staff="",
            day=DAY.isoformat(),
            out_refund_no="PORTAL1",
            attempt=attempt_of(1),
            sale="S001-1-000001",
            tender=0,
            tender_kind="wechat",
            platform="wechat",
            amount_fen=300,
            refund_transaction="5030",
            platform_at_ms=NOON_MS + HOUR_MS,
            source="bill",
            sha256="0" * 64,
        )
        chain.sent([*paid(1, 1_000), (found.KIND, found.body())])
        with chain.database.read() as connection:
            row = connection.execute(select(tables.platform_refund)).one()
            due, _ = due_days(connection, Account(platform="wechat", merchant=MERCHANT), ())
        assert (row.out_refund_no, row.outcome, row.amount_fen, row.ended_at_ms) == (
            "PORTAL1",
            "done",
            300,
            NOON_MS + HOUR_MS,
        )
        assert [(one.day, one.gross_fen, one.refunds_fen) for one in due] == [(DAY, 1_000, 300)]
    finally:
        chain.close()
