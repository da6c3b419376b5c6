"""How far each store of a roll-out is: a code was made, a box enrolled, it tested itself, it sold. One row a store."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select

from agent.core.moment import PLATFORM_ZONE, at, platform_day
from sync.hq import tables
from sync.hq.commissioning.reports import SelfTestReport, newest_report
from sync.hq.commissioning.tables import packet, planned_store

RECENT_DAYS = 7
SALE = "sale.completed"


class Stage(StrEnum):
    """How far a store is."""

    PLANNED = "planned"
    CODE_MADE = "code_made"
    ENROLLED = "enrolled"
    TESTED = "tested"
    SELLING = "selling"


@dataclass(frozen=True, slots=True)
class Progress:
    """One store. Times are of the present box, None where it has not come to that; `tested` is a closed loop."""

    store: str
    name: str
    planned_day: str
    planned_tills: int | None
    technician: str
    code_made_at_ms: int | None
    code_open: bool
    box: str
    epoch: int
    enrolled_at_ms: int | None
    reported_at_ms: int | None
    tested: bool
    tills_tested: int
    first_sale_at_ms: int | None

    @property
    def stage(self) -> Stage:
        """Return the last step that was done; a box that sells without a test has not been tested."""
        if self.enrolled_at_ms is None:
            return Stage.PLANNED if self.code_made_at_ms is None else Stage.CODE_MADE
        if not self.tested:
            return Stage.ENROLLED
        return Stage.TESTED if self.first_sale_at_ms is None else Stage.SELLING

    def touched_on(self, day: date) -> bool:
        """Tell whether the store's turn is on a day (China's), or something was done there then."""
        times = (self.code_made_at_ms, self.enrolled_at_ms, self.reported_at_ms, self.first_sale_at_ms)
        return self.planned_day == day.isoformat() or any(_day(one) == day for one in times if one is not None)

    def is_open(self, today: date) -> bool:
        """Tell whether it still belongs to the roll-out: a box is awaited, or something was done these days."""
        since = today - timedelta(days=RECENT_DAYS)
        times = (self.code_made_at_ms, self.enrolled_at_ms, self.reported_at_ms)
        days = [day for one in times if one is not None and (day := _day(one)) is not None]
        awaited = self.enrolled_at_ms is None and (self.planned_tills is not None or self.code_made_at_ms is not None)
        return awaited or self.planned_day >= since.isoformat() or any(day >= since for day in days)

    def data(self) -> dict[str, object]:
        """Return the row as JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"stage": self.stage.value}


class FirstSales:
    """Remembers when each epoch sold first: it never changes. Several threads may use it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def of(self, connection: Connection, store: str, epoch: int) -> int | None:
        """Return the box's time of an epoch's first sale that has arrived, None without one."""
        with self._lock:
            if (known := self._known.get((store, epoch))) is not None:
                return known
        known_entry = tables.entry.c
        where = tables.of_epoch(tables.entry, store, epoch) & (known_entry.kind == SALE)
        found = connection.execute(select(known_entry.at_ms).where(where).order_by(known_entry.seq).limit(1)).scalar()
        if found is not None:
            with self._lock:
                self._known[store, epoch] = int(found)
        return None if found is None else int(found)


class Show(StrEnum):
    """Which stores: those of the roll-out, those of today, or all."""

    OPEN = "open"
    TODAY = "today"
    ALL = "all"


def progress(
    connection: Connection,
    first_sales: FirstSales,
    stores: Sequence[str] | frozenset[str] | None,
    now_ms: int,
    show: Show = Show.ALL,
) -> list[Progress]:
    """Return a row for each store of `stores` (all when None) that is to be shown, in the order of their numbers.

    Of a chain that has long been rolled out a page of today costs a look at its epochs and tokens, not at each store.
    """
    today = platform_day(now_ms)
    plans = {row.store: row for row in connection.execute(select(planned_store))}
    present, codes = _present(connection), _codes(connection)
    names = connection.execute(select(tables.store.c.store, tables.store.c.name).order_by(tables.store.c.store)).all()
    rows = []
    for store, name in names:
        if stores is not None and store not in stores:
            continue
        plan, epoch, known = plans.get(store), present.get(store), codes.get(store, [])
        row = _row(store, name, plan, epoch, known, None, None, now_ms)
        if show is not Show.ALL and not row.is_open(today):
            continue
        if epoch is not None:
            report = newest_report(connection, store, epoch.epoch)
            sold_at_ms = first_sales.of(connection, store, epoch.epoch)
            row = _row(store, name, plan, epoch, known, report, sold_at_ms, now_ms)
        if show is not Show.TODAY or row.touched_on(today):
            rows.append(row)
    return rows


def _row(
    store: str,
    name: str,
    plan: Any,
    epoch: Any,
    codes: Sequence[Any],
    report: SelfTestReport | None,
    first_sale_at_ms: int | None,
    now_ms: int,
) -> Progress:
    used = [code for code in codes if epoch is not None and code.epoch == epoch.epoch and code.used]
    waiting = [code for code in codes if not code.used and code.expires_at_ms >= now_ms]
    shown = (used or waiting or list(codes))[-1:]
    made_by = shown[0].made_by if shown else ""
    return Progress(
        store=store,
        name=name,
        planned_day="" if plan is None else plan.day,
        planned_tills=None if plan is None else int(plan.tills),
        technician=(plan.technician if plan is not None and plan.technician else made_by),
        code_made_at_ms=shown[0].made_at_ms if shown else None,
        code_open=bool(waiting),
        box="" if epoch is None else epoch.box,
        epoch=0 if epoch is None else int(epoch.epoch),
        enrolled_at_ms=None if epoch is None else int(epoch.enrolled_at_ms),
        reported_at_ms=None if report is None else report.received_at_ms,
        tested=report is not None and report.closed_loop,
        tills_tested=0 if report is None else sum(till.closed_loop for till in report.tills),
        first_sale_at_ms=first_sale_at_ms,
    )


@dataclass(frozen=True, slots=True)
class _Code:
    """A token or packet of a store."""

    made_at_ms: int
    expires_at_ms: int
    made_by: str
    used: bool
    epoch: int | None


def _codes(connection: Connection) -> Mapping[str, list[_Code]]:
    """Return each store's tokens and packets, the oldest first."""
    found: dict[str, list[_Code]] = {}
    tokens = tables.enrolment_token
    for row in connection.execute(select(tokens).where(tokens.c.withdrawn_at_ms.is_(None))):
        code = _Code(row.created_at_ms, row.expires_at_ms, row.made_by, row.used_by_key is not None, row.epoch)
        found.setdefault(row.store, []).append(code)
    for row in connection.execute(select(packet)):
        code = _Code(row.made_at_ms, row.expires_at_ms, row.made_by, row.used_by_key is not None, row.epoch)
        found.setdefault(row.store, []).append(code)
    for codes in found.values():
        codes.sort(key=lambda code: code.made_at_ms)
    return found


def _present(connection: Connection) -> Mapping[str, Any]:
    """Return the newest epoch of each store that has one."""
    known = tables.epoch
    newest = select(known.c.store, func.max(known.c.epoch).label("epoch")).group_by(known.c.store).subquery()
    both = (newest.c.store == known.c.store) & (newest.c.epoch == known.c.epoch)
    query = select(known.c.store, known.c.epoch, known.c.box, known.c.enrolled_at_ms).join(newest, both)
    return {row.store: row for row in connection.execute(query)}


def _day(at_ms: int) -> date | None:
    """Return China's day of a time; a box's clock may be far outside what a calendar holds."""
    try:
        return at(at_ms, PLATFORM_ZONE).date()
    except (OverflowError, ValueError, OSError):
        return None
