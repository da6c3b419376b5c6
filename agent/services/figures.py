"""The box's figures: names of Prometheus with base units, values as of now. No order, person or member in a label.

Separate from the page that serves them because the diagnostics bundle and headquarters' fleet page take the same ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from agent.services import health
from agent.services.shop import Shop

GOOD = ("ok", "ready", "up", "absent")
PREFIX = "storebox_"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One name with its samples."""

    name: str
    about: str
    samples: tuple[tuple[Labels, float], ...]

    @classmethod
    def one(cls, name: str, about: str, value: float, **labels: str) -> "Figure":
        """Return a figure of one sample."""
        return cls(f"{PREFIX}{name}", about, ((labels, value),))


def figures(shop: Shop) -> Sequence[Figure]:
    """Return all figures; reads the journal a few times."""
    connection = shop.read()
    return [
        Figure.one("build_info", "Release and epoch of the box", 1, version=program_version(), epoch=_epoch(shop)),
        *_waiting(shop),
        *_journal(connection, shop),
        *_sync(connection, shop),
        *_slips(connection),
        *_parts(shop),
        *_people(connection),
        *_disk(shop),
    ]


def as_rows(found: Sequence[Figure]) -> list[dict[str, Any]]:
    """Return figures as plain data, one row a sample."""
    return [
        {"name": figure.name, "labels": dict(labels), "value": value}
        for figure in found
        for labels, value in figure.samples
    ]


def program_version() -> str:
    """Return the installed release; "0" in a source tree that is not installed."""
    try:
        return version("storebox")
    except PackageNotFoundError:
        return "0"


def _epoch(shop: Shop) -> str:
    return str(shop.identity.epoch)


def _waiting(shop: Shop) -> list[Figure]:
    beat = health.heartbeat(shop)
    return [
        Figure.one("unsent_entries", "Journal entries that HQ has not acknowledged", beat["unsent_entries"]),
        Figure.one("unsent_fen", "Money in unsent sales and refunds, in fen", beat["unsent_fen"]),
        Figure.one("open_attempts", "Payments whose end is not known", beat["open_attempts"]),
        Figure.one("unconfirmed_slips", "Slips that nobody saw come out", beat["unconfirmed_slips"]),
    ]


def _journal(connection: Any, shop: Shop) -> list[Figure]:
    last_ms = connection.execute("SELECT max(at_ms) FROM journal").fetchone()[0] or 0
    seal = connection.execute("SELECT value FROM meta WHERE key = 'last_seal'").fetchone()
    since = shop.writer.last_seq - int(seal[0] if seal is not None else 0)
    return [
        Figure.one("journal_seq", "Last entry", shop.writer.last_seq),
        Figure.one("journal_last_entry_timestamp_seconds", "When the last entry was written", last_ms / 1000),
        Figure.one("journal_unsealed_entries", "Entries since the last seal", max(0, since)),
        Figure.one("journal_stopped", "1 when nothing may be written", float(shop.writer.stopped is not None)),
    ]


def _sync(connection: Any, shop: Shop) -> list[Figure]:
    row = connection.execute(
        "SELECT received_ms FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1", (shop.identity.epoch,)
    ).fetchone()
    oldest = connection.execute(
        "SELECT min(at_ms) FROM journal WHERE seq >= coalesce("
        "(SELECT next_seq FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1), 1)",
        (shop.identity.epoch,),
    ).fetchone()[0]
    lag_s = 0.0 if oldest is None else max(0, shop.clock.now_ms() - oldest) / 1000
    found = [Figure.one("sync_lag_seconds", "Age of the oldest entry that HQ has not acknowledged", lag_s)]
    if row is not None:
        found.append(Figure.one("sync_last_receipt_timestamp_seconds", "Last receipt of HQ", row[0] / 1000))
    return found


def _slips(connection: Any) -> list[Figure]:
    waiting = "SELECT state, count(*) FROM spool WHERE state IN ('queued', 'sending', 'unconfirmed') GROUP BY state"
    states = dict.fromkeys(("queued", "sending", "unconfirmed"), 0) | dict(connection.execute(waiting).fetchall())
    samples: tuple[tuple[Labels, float], ...] = tuple(({"state": state}, count) for state, count in states.items())
    return [Figure("storebox_print_queue_slips", "Slips that are not on paper yet, or perhaps, by state", samples)]


def _parts(shop: Shop) -> list[Figure]:
    lamps = health.lamps(shop)
    good = tuple(({"part": part}, float(lamp.get("state") in GOOD)) for part, lamp in lamps.items())
    states = tuple(({"part": part, "state": str(lamp.get("state"))}, 1.0) for part, lamp in lamps.items())
    return [
        Figure("storebox_part_good", "1 when a part works", good),
        Figure("storebox_part_state", "The state that a part is in", states),
    ]


def _people(connection: Any) -> list[Figure]:
    sessions = connection.execute("SELECT count(*) FROM session").fetchone()[0]
    locked = connection.execute("SELECT count(*) FROM staff WHERE failures > 0").fetchone()[0]
    return [
        Figure.one("sessions", "Sessions on disk, ended ones included", sessions),
        Figure.one("staff_with_wrong_pins", "Accounts whose last PIN was wrong", locked),
    ]


def _disk(shop: Shop) -> list[Figure]:
    import shutil

    usage = shutil.disk_usage(shop.writer.path.parent)
    return [
        Figure.one("disk_free_bytes", "Free space where the journal is", usage.free),
        Figure.one("disk_size_bytes", "Size of the file system where the journal is", usage.total),
    ]
