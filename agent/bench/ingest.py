"""Verified ingest over HTTP into PostgreSQL, against COPY of the same rows with nothing around it.

Uploads are made before the clock runs: what is measured is headquarters with its database and the connections, on
this machine together with those that send.
"""

import time
from contextlib import ExitStack
from pathlib import Path

from agent.bench.figures import Round, middle
from agent.bench.plan import Plan
from agent.bench.postgres import WITHOUT_POSTGRESQL, Server, found_programs
from agent.bench.rows import Bar, Row
from agent.core.chain import Identity
from agent.replay.surroundings import Surroundings, program
from sync.hq import tables
from sync.hq.load.boxes import PreparedBox, SimulatedBox
from sync.hq.load.comparison import differences, register
from sync.hq.load.senders import Senders
from sync.hq.months import write_entries
from sync.hq.office import Office
from sync.keys import FileKey
from sync.wire import ENTRIES_MAX

BAR_RATIO = 0.2
BOXES = 16
UPLOADS, QUICK_UPLOADS = 8, 1
PROCESSES = 2
CONNECTIONS = 4


def measure(plan: Plan) -> list[Row]:
    """Measure entries a second that headquarters verified and keeps, and rows a second by bare COPY."""
    programs = found_programs()
    if programs is None:
        plan.note(WITHOUT_POSTGRESQL)
        return []
    with ExitStack() as stack:
        folder = stack.enter_context(plan.scratch("ingest"))
        server = Server(programs)
        stack.callback(server.stop)
        rounds = []
        with plan.progress("headquarters' ingest", plan.rounds) as advance:
            for number in range(plan.rounds):
                rounds.append(_round(plan, server, folder / str(number)))
                advance()
    plan.judge("ingest", rounds, "entries/s", 1)
    name = f"verified ingest over HTTP into PostgreSQL, {PROCESSES} processes, against bare COPY of the same rows"
    return [Row.of_round(name, middle(rounds), "entries/s", Bar("ratio", ">=", BAR_RATIO))]


def _round(plan: Plan, server: Server, folder: Path) -> Round:
    """Let new boxes send everything, then copy what was kept into an empty database."""
    url = server.fresh_database()
    uploads = plan.count(UPLOADS, QUICK_UPLOADS)
    office = Office.open(folder / "hq", url)
    try:
        boxes = [_ready(Identity(f"L{number:03d}", "B1", 1), uploads * ENTRIES_MAX) for number in range(BOXES)]
        with office.database.write() as connection:
            register(connection, boxes, office.now_ms())
        with Surroundings(folder) as around:
            command = [program("storebox-hq"), "serve", "--state", str(folder / "hq"), "--port", "0"]
            line = around.start("hq", [*command, "--database", url, "--processes", str(PROCESSES)])
            outcome = Senders(line.split()[-1], boxes, uploads * ENTRIES_MAX, connections=CONNECTIONS).run()
        with office.database.read() as connection:
            found = differences(connection, boxes)
            rows = [dict(row._mapping) for row in connection.execute(tables.entry.select())]
    finally:
        office.close()
    if found or outcome.lost:
        raise RuntimeError(f"headquarters differs: {(*outcome.lost, *found)[0]}")
    return Round(outcome.entries / outcome.took_s, len(rows) / _copied_s(server, folder / "floor", rows))


def _ready(identity: Identity, entries: int) -> PreparedBox:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = FileKey(Ed25519PrivateKey.generate())
    return PreparedBox(SimulatedBox(identity, key.public_key, key), entries)


def _copied_s(server: Server, folder: Path, rows: list[dict[str, object]]) -> float:
    """Return how long the rows take by COPY, as many a transaction as an upload carries."""
    office = Office.open(folder, server.fresh_database())
    try:
        office.months.ready(office.database, office.now_ms())
        began_s = time.perf_counter()
        for begin in range(0, len(rows), ENTRIES_MAX):
            with office.database.write() as connection:
                write_entries(connection, rows[begin : begin + ENTRIES_MAX])
        return time.perf_counter() - began_s
    finally:
        office.close()
