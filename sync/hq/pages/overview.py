"""Every store at a glance, what needs somebody first on top. A handful of queries for all stores together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import IntEnum
from typing import Any

from sqlalchemy import Connection, Table, func, literal, select, true, union_all

from agent.core.moment import DAY_STARTS, PLATFORM_ZONE, business_day, platform_day
from sync.hq import tables
from sync.hq.books.difference_list import NOTHING_OPEN, OpenSum, open_sums
from sync.hq.months import month_of
from sync.hq.pages.trade import Trade, Trades
from sync.hq.projection import readable

SILENT_AFTER_MS = 5 * 60_000
"""A box beats every minute; five without a word are no accident of the line."""
UNKNOWN_AFTER_MS = 2 * 60_000
"""A payment is asked about for about a minute; what has no end after two needs somebody's eyes."""
DAYS_BACK = 14
DAY_MS = 24 * 3_600_000


class Level(IntEnum):
    """How a store stands, worst first."""

    BAD = 0
    WARN = 1
    GOOD = 2
    NEVER = 3
    """No box has enrolled."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a box last told of itself, and when it was last heard."""

    at_ms: int
    unsent_entries: int = 0
    unsent_fen: int = 0
    open_attempts: int = 0
    unconfirmed_slips: int = 0
    devices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoreLine:
    """One store of the overview."""

    store: str
    name: str
    box: str = ""
    epoch: int = 0
    complete_up_to: int = 0
    revoked: bool = False
    beat: Beat | None = None
    alarms: tuple[tuple[str, int], ...] = ()
    unknown: int = 0
    unknown_fen: int = 0
    unsettled: OpenSum = NOTHING_OPEN
    open_days: tuple[str, ...] = ()
    late_days: tuple[str, ...] = ()
    today: str = ""
    trade: Trade | None = None
    silent: bool = False

    @property
    def risk_fen(self) -> int:
        """Return the money that is on one box only, whose fate is not known, or that matching found to differ."""
        return self.unknown_fen + self.unsettled.stake_fen + (self.beat.unsent_fen if self.beat is not None else 0)

    @property
    def chain_verified(self) -> bool:
        """Tell whether every seal fitted and nobody told another history."""
        return not any(code.startswith("seal.") or code == "upload.fork" for code, _ in self.alarms)

    @property
    def level(self) -> Level:
        """Return how the store stands."""
        if not self.box:
            return Level.NEVER
        if self.alarms or self.revoked:
            return Level.BAD
        return Level.WARN if self.silent or self.unknown or self.late_days or self.unsettled.count else Level.GOOD

    @property
    def rank(self) -> tuple[int, int, int, int, str]:
        """Return where it stands in the list: money at risk, then how it stands, then how long unheard."""
        last_ms = self.beat.at_ms if self.beat is not None else 0
        return -self.risk_fen, self.level, -len(self.late_days), last_ms if self.silent else 0, self.store


def overview(
    connection: Connection, trades: Trades, now_ms: int, stores: Collection[str] | None
) -> Sequence[StoreLine]:
    """Return the stores in somebody's scope (None: all), those with most at risk first."""
    names = {row.store: row.name for row in _rows(connection, tables.store, stores)}
    lines = {store: StoreLine(store, name) for store, name in names.items()}
    cursors: dict[str, dict[int, int]] = {}
    for row in _rows(connection, tables.cursor, stores):
        cursors.setdefault(row.store, {})[row.epoch] = row.next_seq
    for row in _rows(connection, tables.epoch, stores):
        if row.store in lines and row.epoch > lines[row.store].epoch:
            done = cursors.get(row.store, {}).get(row.epoch, 1) - 1
            revoked = row.revoked_at_ms is not None
            lines[row.store] = replace(
                lines[row.store], epoch=row.epoch, box=row.box, revoked=revoked, complete_up_to=done
            )
    beats, alarms = _beats(connection, stores), _alarms(connection, stores)
    unknown, days = _unknown(connection, stores, now_ms), _open_days(connection, lines, now_ms)
    today, unsettled = business_today(now_ms).isoformat(), open_sums(connection, stores)
    for store, line in lines.items():
        beat = beats.get((store, line.epoch))
        open_days = days.get(store, ())
        day = open_days[-1] if open_days else today
        silent = bool(line.box) and not line.revoked and (beat is None or now_ms - beat.at_ms > SILENT_AFTER_MS)
        lines[store] = replace(
            line,
            beat=beat,
            alarms=alarms.get(store, ()),
            unknown=unknown.get(store, (0, 0))[0],
            unknown_fen=unknown.get(store, (0, 0))[1],
            unsettled=unsettled.get(store, NOTHING_OPEN),
            open_days=open_days,
            late_days=tuple(one for one in open_days if one < today),
            today=day,
            trade=trades.of(connection, store, day, cursors.get(store, {})) if line.box else None,
            silent=silent,
        )
    return sorted(lines.values(), key=lambda line: line.rank)


def business_today(now_ms: int) -> date:
    """Return the business day that is still on: a shop that trades past midnight is not late with closing it."""
    return business_day(now_ms, PLATFORM_ZONE, DAY_STARTS)


def beat_of(at_ms: int, body: str) -> Beat:
    """Return a heartbeat as it can be believed: a box may be of another release, or hostile."""
    said = readable(body) or {}
    devices = said.get("devices")
    lamps = devices.items() if isinstance(devices, dict) else ()
    return Beat(
        at_ms,
        _count(said, "unsent_entries"),
        _count(said, "unsent_fen"),
        _count(said, "open_attempts"),
        _count(said, "unconfirmed_slips"),
        tuple(sorted((name[:60], str(state)[:20]) for name, state in lamps)[:100]),
    )


def _rows(connection: Connection, table: Table, stores: Collection[str] | None) -> Iterable[Any]:
    query = select(table)
    return connection.execute(query if stores is None else query.where(table.c.store.in_(stores)))


def _beats(connection: Connection, stores: Collection[str] | None) -> Mapping[tuple[str, int], Beat]:
    newest: dict[tuple[str, int], Beat] = {}
    for row in _rows(connection, tables.heartbeat, stores):
        place = (row.store, row.epoch)
        if place not in newest or newest[place].at_ms < row.at_ms:
            newest[place] = beat_of(row.at_ms, row.body)
    return newest


def _alarms(connection: Connection, stores: Collection[str] | None) -> Mapping[str, tuple[tuple[str, int], ...]]:
    known = tables.alarm.c
    query = select(known.store, known.code, func.count().label("times")).where(tables.stands())
    query = query.group_by(known.store, known.code)
    if stores is not None:
        query = query.where(known.store.in_(stores))
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for row in connection.execute(query.order_by(known.code)):
        found[row.store] = (*found.get(row.store, ()), (row.code, row.times))
    return found


def _unknown(connection: Connection, stores: Collection[str] | None, now_ms: int) -> Mapping[str, tuple[int, int]]:
    known = tables.platform_order.c
    query = select(known.store, func.count().label("orders"), func.sum(known.amount_fen).label("amount_fen"))
    query = query.where(known.outcome.is_(None) & (known.started_at_ms < now_ms - UNKNOWN_AFTER_MS))
    if stores is not None:
        query = query.where(known.store.in_(stores))
    rows = connection.execute(query.group_by(known.store))
    return {row.store: (row.orders, int(row.amount_fen or 0)) for row in rows}


def _open_days(connection: Connection, stores: Collection[str], now_ms: int) -> Mapping[str, tuple[str, ...]]:
    """Probe the index of days for each of the last two weeks: no day of a hostile clock gets in, no scan is needed."""
    if not stores:
        return {}
    today = platform_day(now_ms)
    days = [(today - timedelta(days=back)).isoformat() for back in range(DAYS_BACK, -2, -1)]
    asked = union_all(*(select(literal(day).label("day")) for day in days)).subquery("asked")
    entry, closed, store = tables.entry.c, tables.closed_day.c, tables.store.c.store
    first_month = month_of(now_ms - (DAYS_BACK + 1) * DAY_MS)
    there = (
        select(entry.seq)
        .where((entry.store == store) & (entry.day == asked.c.day) & (entry.month >= first_month))
        .exists()
    )
    shut = select(closed.day).where((closed.store == store) & (closed.day == asked.c.day)).exists()
    found: dict[str, tuple[str, ...]] = {}
    each = tables.store.join(asked, true())
    query = select(store, asked.c.day).select_from(each).where(there & ~shut).order_by(store, asked.c.day)
    if len(stores) == 1:
        query = query.where(store.in_(stores))
    for row in connection.execute(query):
        if row.store in stores:
            found[row.store] = (*found.get(row.store, ()), row.day)
    return found


def _count(said: Mapping[str, object], name: str) -> int:
    value = said.get(name)
    return value if type(value) is int and 0 <= value < 10**15 else 0
