"""A headquarters with stores whose boxes send entries, and the jobs of the books on a clock that a test moves."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from agent.core.canonical import canonical
from sync.hq import registry, tables
from sync.hq.books.bill_tables import account_day
from sync.hq.books.days import DayView, view
from sync.hq.books.job_runner import Ran
from sync.hq.books.jobs import runner_of
from sync.hq.database import Database
from sync.hq.months import month_of
from sync.hq.projection import day_of, project
from sync.wire import SentEntry

DAY = date(2026, 10, 8)
NOON_MS = 1_791_432_000_000
"""2026-10-08 12:00 in China, a Thursday."""
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MORNING_MS = NOON_MS + 22 * HOUR_MS + 60_000
"""The next day, a minute past ten."""
MERCHANT, ACCOUNT = "1900000001", "@wechat:1900000001"
TRADE = {"till": "1", "shift": "S1", "staff": "7"}
HEAD = "交易时间,商户号,微信订单号,商户订单号,交易状态,应结订单金额,商品名称,手续费,订单金额,申请退款金额\n"


class Chain:
    """Stores' entries come in as they do in an upload, all in one transaction."""

    def __init__(self, state: Path, database_url: str | None) -> None:
        self.state = state
        self.database = Database.open(state, database_url)
        self.now_ms = NOON_MS
        self._seq: dict[str, int] = {}
        self._runner = runner_of(self.database, state, lambda: self.now_ms)

    def add_store(self, store: str = "S001") -> None:
        with self.database.write() as connection:
            registry.add_store(connection, store, store, NOON_MS)
            connection.execute(insert(tables.cursor).values(store=store, epoch=1, next_seq=1, head=""))
        self._seq[store] = 1

    def sent(
        self, entries: Sequence[tuple[str, Mapping[str, object]]], store: str = "S001", at_ms: int = NOON_MS
    ) -> None:
        first = self._seq[store]
        rows = [SentEntry(seq, at_ms, kind, canonical(body)) for seq, (kind, body) in enumerate(entries, first)]
        bodies = [(row, dict(body)) for row, (_, body) in zip(rows, entries, strict=True)]
        kept = [
            {
                "store": store, "epoch": 1, "seq": row.seq, "at_ms": row.at_ms, "kind": row.kind, "day": day_of(body),
                "body": row.body, "hash": "", "received_at_ms": self.now_ms, "month": month_of(NOON_MS),
            }
            for row, body in bodies
        ]  # fmt: skip
        self._seq[store] = first + len(rows)
        with self.database.write() as connection:
            connection.execute(insert(tables.entry), kept)
            project(connection, store, 1, bodies)
            mine = tables.of_epoch(tables.cursor, store, 1)
            connection.execute(update(tables.cursor).where(mine).values(next_seq=self._seq[store]))

    def jobs(self, *names: str) -> list[Ran]:
        ran = self._runner.run_all(names)
        assert [one.code for one in ran if one.code] == []
        return ran

    def day(self, store: str = "S001", day: date = DAY) -> DayView:
        with self.database.read() as connection:
            return view(connection, store, day)

    def codes(self, store: str = "S001", day: date = DAY) -> tuple[str, list[str]]:
        found = self.day(store, day)
        return found.state.value, [one.code for one in found.reasons]

    def account_day(self, account: str = ACCOUNT, day: date = DAY) -> Mapping[str, Any]:
        known = account_day.c
        with self.database.read() as connection:
            query = select(account_day).where((known.store == account) & (known.day == day.isoformat()))
            return dict(connection.execute(query).mappings().one())

    def close(self) -> None:
        self.database.close()


def paid(
    number: int, amount_fen: int, at_ms: int = NOON_MS, store: str = "S001", **more: object
) -> list[tuple[str, Mapping[str, object]]]:
    """Return an attempt's beginning and end; `ends=False` leaves it open."""
    attempt = attempt_of(number, store)
    day = {"day": more.get("day", DAY.isoformat()), **TRADE}
    started = {
        **day, "attempt": attempt, "sale": f"{store}-1-{number:06d}", "platform": more.get("platform", "wechat"),
        "merchant": more.get("merchant", MERCHANT), "custody": "direct", "method": "code", "amount_fen": amount_fen,
        "code_tail": "",
    }  # fmt: skip
    ended = {
        **day, "attempt": attempt, "platform": more.get("platform", "wechat"), "amount_fen": amount_fen,
        "outcome": "paid", "transaction": f"4200{number:08d}", "platform_at_ms": at_ms, "customer_paid_fen": amount_fen,
    }  # fmt: skip
    both: list[tuple[str, Mapping[str, object]]] = [("attempt.started", started), ("attempt.ended", ended)]
    return both[:1] if more.get("ends") is False else both


def closed(day: date = DAY) -> tuple[str, Mapping[str, object]]:
    """Return a day's close."""
    sums = dict.fromkeys(("sales", "sales_fen", "refunds", "refunds_fen"), 0)
    told: dict[str, object] = {"day": day.isoformat(), "staff": "7", "till": "1", "forced_reason": None}
    return "day.closed", {**told, **sums, "unfinished": []}


def attempt_of(number: int, store: str = "S001") -> str:
    """Return our number of an order."""
    return f"{store}_1_{number:06d}_A1K7QF"


def bill(*lines: tuple[int, str], at: str = "2026-10-08 12:00:00", store: str = "S001", fee: str = "0.00000") -> bytes:
    """Return WeChat Pay's bill of payments: number and yuan."""
    rows = [
        f"`{at},`{MERCHANT},`4200{number:08d},`{attempt_of(number, store)},`SUCCESS,`{yuan},`茶,`{fee},`{yuan},`0.00\n"
        for number, yuan in lines
    ]
    return (HEAD + "".join(rows) + f"总交易单数,应结订单总金额\n`{len(rows)},`0.00\n").encode()
