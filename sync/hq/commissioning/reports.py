"""Reports of self-tests, as boxes signed them: kept per epoch, the newest counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, select

from agent.core.canonical import canonical
from agent.core.chain import Identity
from agent.core.errors import Refused
from agent.core.moment import is_moment
from sync.hq.commissioning.tables import report as kept
from sync.hq.projection import readable
from sync.hq.tables import of_epoch
from sync.hq.upserts import insert_unless_there

REPORT_BYTES_MAX = 64 * 1024
REPORTS_KEPT = 20
"""Of an epoch: the newest ones, and always the one that came last."""
TEXT_CHARACTERS = 60
DRILL_STEPS_MAX = 20


@dataclass(frozen=True, slots=True)
class TillTest:
    """One till's test: its slip was printed in `print_ms` and scanned back after `scan_ms`, None where it was not."""

    till: str
    print_ms: int | None
    scan_ms: int | None

    @property
    def closed_loop(self) -> bool:
        """Tell whether a slip was printed and read back."""
        return self.print_ms is not None and self.scan_ms is not None


@dataclass(frozen=True, slots=True)
class DrillResult:
    """How the last drill of a box ended: `amiss` are the steps that were tried and not passed."""

    at_ms: int
    passed: bool
    amiss: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """What a report says, as far as it can be believed: a box may be of another release."""

    received_at_ms: int
    tills: tuple[TillTest, ...]
    printers: tuple[str, ...]
    scanners: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    alphabet: str
    drill: DrillResult | None = None

    @property
    def closed_loop(self) -> bool:
        """Tell whether every till that was bound printed a slip and read it back, and there is one."""
        return bool(self.tills) and all(till.closed_loop for till in self.tills)


def keep_report(connection: Connection, identity: Identity, body: object, now_ms: int) -> SelfTestReport:
    """Keep a box's report; the same again is one. Refuses with `report.malformed`."""
    if not isinstance(body, dict):
        raise Refused("report.malformed", field="report")
    text = canonical(body)
    if len(text.encode()) > REPORT_BYTES_MAX:
        raise Refused("report.malformed", field="size")
    found = parsed_report(body, now_ms)
    row = {
        "store": identity.store,
        "epoch": identity.epoch,
        "sha256": sha256(text.encode()).hexdigest(),
        "received_at_ms": now_ms,
        "closed_loop": found.closed_loop,
        "body": text,
    }
    insert_unless_there(connection, kept, ("store", "epoch", "sha256"), row)
    _drop_oldest(connection, identity)
    return found


def newest_report(connection: Connection, store: str, epoch: int) -> SelfTestReport | None:
    """Return the newest report of an epoch, None without one."""
    query = select(kept).where(of_epoch(kept, store, epoch)).order_by(kept.c.received_at_ms.desc(), kept.c.sha256)
    row = connection.execute(query.limit(1)).first()
    return None if row is None else parsed_report(readable(row.body) or {}, row.received_at_ms)


def parsed_report(body: Mapping[str, Any], received_at_ms: int) -> SelfTestReport:
    """Return what can be read of a report; what is of another shape is left out, so that nothing counts as proved."""
    tills = body.get("tills")
    names = sorted(str(name)[:10] for name in tills) if isinstance(tills, dict | list) else []
    versions = body.get("versions")
    return SelfTestReport(
        received_at_ms=received_at_ms,
        tills=tuple(
            TillTest(name, _duration(body.get("print_ms"), name), _duration(body.get("scan_ms"), name))
            for name in names[:20]
        ),
        printers=tuple(_device(one, "model", "profile") for one in _rows(body.get("printers"))),
        scanners=tuple(_device(one, "title", "name") for one in _rows(body.get("scanners"))),
        versions=tuple(
            (str(name)[:20], str(value)[:TEXT_CHARACTERS])
            for name, value in (sorted(versions.items())[:10] if isinstance(versions, dict) else ())
        ),
        alphabet=str(body.get("alphabet") or "")[:20],
        drill=_drill(body.get("drill")),
    )


def _drill(found: object) -> DrillResult | None:
    """Return what is told of a drill; one that names no step passed nothing."""
    if not isinstance(found, dict) or not is_moment(found.get("at_ms")) or not isinstance(found.get("steps"), dict):
        return None
    states = {
        str(name)[:20]: str(one.get("state"))
        for name, one in list(found["steps"].items())[:DRILL_STEPS_MAX]
        if isinstance(one, dict)
    }
    amiss = tuple(name for name, state in states.items() if state not in ("passed", "left_out"))
    passed = found.get("passed") is True and not amiss and "passed" in states.values()
    return DrillResult(
        found["at_ms"], passed, amiss, tuple(name for name, state in states.items() if state == "left_out")
    )


def _duration(values: object, till: str) -> int | None:
    value = values.get(till) if isinstance(values, dict) else values
    return value if type(value) is int and value >= 0 else None


def _rows(value: object) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return found[:20]


def _device(row: Mapping[str, Any], *names: str) -> str:
    parts = [str(row[name]) for name in names if row.get(name)]
    till = f"#{row['till']} " if row.get("till") else ""
    return (till + " · ".join(dict.fromkeys(parts)))[:TEXT_CHARACTERS]


def _drop_oldest(connection: Connection, identity: Identity) -> None:
    mine = of_epoch(kept, identity.store, identity.epoch)
    count = connection.execute(select(func.count()).select_from(kept).where(mine)).scalar_one()
    if count > REPORTS_KEPT:
        oldest = select(kept.c.sha256).where(mine).order_by(kept.c.received_at_ms).limit(count - REPORTS_KEPT)
        connection.execute(delete(kept).where(mine & kept.c.sha256.in_(oldest)))
