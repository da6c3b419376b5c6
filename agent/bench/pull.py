"""Pulling rows of the ledger, a million, as CSV and Parquet, against PostgreSQL's own COPY TO of the same entries."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from agent.bench.plan import Plan
from agent.bench.postgres import WITHOUT_POSTGRESQL, Server, found_programs
from agent.bench.rows import Row
from agent.core.chain import Entry, Identity
from sync.hq import registry, tables
from sync.hq.load.boxes import SimulatedBox
from sync.hq.months import month_of, write_entries
from sync.hq.office import Office
from sync.hq.pull_client import PullRequest, from_state, write_file
from sync.hq.pull_columns import Rows
from sync.hq.pull_tenders import SALE
from sync.keys import FileKey

QUICK_ROWS = 2_000
STORES = 20
BATCH = 5_000


def measure(plan: Plan) -> list[Row]:
    """Measure rows a second of each form; the floor is one COPY TO of the entries that hold the rows."""
    programs = found_programs()
    if programs is None:
        plan.note(WITHOUT_POSTGRESQL)
        return []
    count = plan.count(plan.pull_rows, QUICK_ROWS)
    with ExitStack() as stack:
        folder = stack.enter_context(plan.scratch("pull"))
        server = Server(programs)
        stack.callback(server.stop)
        url = server.fresh_database()
        office = Office.open(folder / "hq", url)
        stack.callback(office.close)
        with plan.progress("rows to pull", count) as advance:
            _fill(office, count, advance)
        floor = count / _seconds(lambda: _copied(office, folder / "floor.txt"))
        found = []
        with plan.progress("pulls", 2) as advance:
            for form in ("csv", "parquet"):
                took_s = _seconds(lambda form=form: _pulled(folder, url, form))  # type: ignore[misc]
                name = f"pull of {count:,} rows as {form}, against COPY TO of the same entries"
                found.append(Row(name, count / took_s, "rows/s", floor))
                advance()
    return found


def _fill(office: Office, count: int, advance: Callable[..., Any]) -> None:
    """Write sales of one tender each, as many a store."""
    now_ms = office.now_ms()
    office.months.ready(office.database, now_ms)
    for number in range(STORES):
        identity = Identity(f"L{number:03d}", "B1", 1)
        with office.database.write() as connection:
            registry.add_store(connection, identity.store, "", 0)
            registry.register_epoch(connection, identity, b"\0" * 32, "simulated", 0)
            rows = []
            for entry in _sales(identity, count // STORES):
                rows.append(_row(identity, entry, now_ms))
                if len(rows) == BATCH:
                    write_entries(connection, rows)
                    rows = []
                    advance(BATCH)
            write_entries(connection, rows)
            where = tables.of_epoch(tables.cursor, identity.store, identity.epoch)
            connection.execute(tables.cursor.update().where(where).values(next_seq=2**40))


def _sales(identity: Identity, count: int) -> Iterator[Entry]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = FileKey(Ed25519PrivateKey.generate())
    box = SimulatedBox(identity, key.public_key, key)
    while count:
        (entry,) = box.entries(1)
        if entry.kind == SALE:
            count -= 1
            yield entry


def _row(identity: Identity, entry: Entry, now_ms: int) -> dict[str, object]:
    place = entry.body.index('"day":"') + 7
    return {
        "store": identity.store,
        "epoch": identity.epoch,
        "seq": entry.seq,
        "at_ms": entry.at_ms,
        "kind": entry.kind,
        "day": entry.body[place : place + 10],
        "body": entry.body,
        "hash": entry.hash.hex(),
        "received_at_ms": now_ms,
        "month": month_of(now_ms),
    }


def _copied(office: Office, path: Path) -> None:
    with office.database.read() as connection:
        driver: Any = connection.connection.driver_connection
        with (
            driver.cursor() as cursor,
            path.open("wb") as file,
            cursor.copy("COPY (SELECT * FROM entry) TO STDOUT") as copy,
        ):
            for piece in copy:
                file.write(piece)


def _pulled(folder: Path, url: str, form: str) -> None:
    request = PullRequest(day_state="any")
    write_file(from_state(folder / "hq", request, url), form, Rows.TENDERS, folder / f"pull.{form}")


def _seconds(act: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    act()
    return time.perf_counter() - began_s
