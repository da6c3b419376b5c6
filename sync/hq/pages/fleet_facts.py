"""How each box stands, beside its trade: release, epoch, head, lag, devices, starts, seals, tests. A few queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from sync.hq import tables
from sync.hq.pages.overview import StoreLine, overview
from sync.hq.pages.trade import Trades
from sync.hq.projection import readable
from sync.hq.releases.book import who_has_what

DAY_MS = 24 * 3600 * 1000
SEAL_OLD_MS, VERIFIED_OLD_MS, TEST_OLD_MS = 2 * DAY_MS, 3 * DAY_MS, 180 * DAY_MS
DISK_LOW_MIB = 2_000
_WELL = ("ok", "ready", "up", "absent")


@dataclass(frozen=True, slots=True)
class FleetLine:
    """One store's box. Times are None where the box said nothing; `line` is the store of the overview."""

    line: StoreLine
    version: str
    ring: int | None
    head: str
    lag_ms: int | None
    devices: tuple[tuple[str, str], ...]
    unclean_boots: int | None
    disk_free_mib: int | None
    sealed_ms: int | None
    verified_ms: int | None
    verified_good: bool | None
    self_test_ms: int | None
    directives: Mapping[str, int]

    @property
    def bad_devices(self) -> Sequence[tuple[str, str]]:
        """Return the devices that do not work."""
        return [one for one in self.devices if one[1] not in _WELL]


def fleet(connection: Connection, trades: Trades, now_ms: int, stores: Collection[str] | None) -> Sequence[FleetLine]:
    """Return the stores in somebody's scope (None: all), most money at risk first."""
    lines = overview(connection, trades, now_ms, stores)
    beats, heads = _beats(connection, stores), _heads(connection, stores)
    releases = {str(row["store"]): row for row in who_has_what(connection)}
    return [
        _fleet_line(line, beats.get((line.store, line.epoch), {}), heads, releases.get(line.store), now_ms)
        for line in lines
    ]


def _fleet_line(
    line: StoreLine,
    said: Mapping[str, Any],
    heads: Mapping[tuple[str, int], str],
    release: Mapping[str, object] | None,
    now_ms: int,
) -> FleetLine:
    found = said.get("standing")
    standing: Mapping[str, Any] = found if isinstance(found, dict) else {}
    oldest_ms = _time(standing, "oldest_unsent_ms")
    unsent = line.beat.unsent_entries if line.beat is not None else 0
    ring = release["ring"] if release is not None else None
    directives = said.get("directives")
    return FleetLine(
        line,
        str(said.get("version") or "")[:40],
        ring if isinstance(ring, int) else None,
        heads.get((line.store, line.epoch), "")[:8],
        max(0, now_ms - oldest_ms) if unsent and oldest_ms is not None else None,
        line.beat.devices if line.beat is not None else (),
        _count(standing, "unclean_boots"),
        _count(standing, "disk_free_mib"),
        _time(standing, "sealed_ms"),
        _time(standing, "verified_ms"),
        standing["verified_good"] if type(standing.get("verified_good")) is bool else None,
        _time(standing, "self_test_ms"),
        {str(kind)[:30]: version for kind, version in directives.items() if type(version) is int}
        if isinstance(directives, dict)
        else {},
    )


def _beats(connection: Connection, stores: Collection[str] | None) -> Mapping[tuple[str, int], Mapping[str, Any]]:
    known = tables.heartbeat.c
    query = select(tables.heartbeat)
    if stores is not None:
        query = query.where(known.store.in_(stores))
    newest: dict[tuple[str, int], tuple[int, Mapping[str, Any]]] = {}
    for row in connection.execute(query):
        place = (row.store, row.epoch)
        if place not in newest or newest[place][0] < row.at_ms:
            newest[place] = (row.at_ms, readable(row.body) or {})
    return {place: body for place, (_, body) in newest.items()}


def _heads(connection: Connection, stores: Collection[str] | None) -> Mapping[tuple[str, int], str]:
    known = tables.cursor.c
    query = select(known.store, known.epoch, known.head)
    if stores is not None:
        query = query.where(known.store.in_(stores))
    return {(row.store, row.epoch): row.head for row in connection.execute(query)}


def _count(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    return value if type(value) is int and 0 <= value < 10**12 else None


def _time(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    return value if type(value) is int and 0 < value < 4 * 10**12 else None
