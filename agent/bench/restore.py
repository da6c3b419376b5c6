"""A dead box: how soon its successor sells, has its journal, and has every view, after a year of trade.

What headquarters and the line take is measured apart: the figures are the box's own work.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from agent.bench.counter import BOX, STORE, Counter, open_box, opened
from agent.bench.large import large_state
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.core.chain import Identity
from agent.daemon.box import JOURNAL, begin_journal
from agent.daemon.clock import SystemClock
from agent.replay.surroundings import Surroundings
from agent.rescue import restore
from agent.settings import Till, shipped
from agent.store import journal, views
from agent.store.connection import open_reader
from agent.store.verify import verify
from sync.enrol import device_key, enrol, load_enrolment
from sync.hq import registry
from sync.hq.ingest import ingest
from sync.hq.office import Office
from sync.hq.registry import TokenMode
from sync.past_source import PastSource
from sync.session import Answer, HttpSession
from sync.wire import ENTRIES_MAX, UPLOAD_BYTES_MAX, parse_upload, upload_bytes

ENTRIES, QUICK_ENTRIES = 550_000, 9_000
SELL_S, JOURNAL_S, VIEWS_S = 3, 8, 60


class _TimedSource(PastSource):
    """Counts what is spent on waiting for headquarters."""

    waited_s = 0.0

    def _got(self, path: str) -> Answer:
        began_s = time.perf_counter()
        answer = super()._got(path)
        self.waited_s += time.perf_counter() - began_s
        return answer


def measure(plan: Plan) -> list[Row]:
    """Restore a store once; each figure in seconds."""
    entries = plan.count(ENTRIES, QUICK_ENTRIES)
    old = large_state(plan, entries)
    with ExitStack() as stack:
        folder = stack.enter_context(plan.scratch("restore"))
        token = _filled(plan, old, folder / "hq")
        url, _ = stack.enter_context(Surroundings(folder)).headquarters()
        session = HttpSession(url)
        stack.callback(session.close)
        return _restored(plan, folder / "box", session, token)


def _restored(plan: Plan, state: Path, session: HttpSession, token: str) -> list[Row]:
    state.mkdir()
    shutil.copyfile(shipped("demo/catalogue.toml"), state / "catalogue.toml")
    began_s = time.perf_counter()
    enrolment = enrol(session, state, token, STORE, BOX)
    enrolled_s = time.perf_counter() - began_s
    keys = enrolment.key_ring()
    if keys is None:
        raise RuntimeError("headquarters gave no key list")
    source = _TimedSource(session, device_key(state, enrolment), enrolment.identity, keys)
    begin_journal(state, enrolment, SystemClock())
    box = open_box(state, SystemClock(), (Till(),))
    try:
        rows = list(_figures(plan, box, source, state, began_s + enrolled_s))
    finally:
        box.writer.close()
        box.readers.close()
    fault = verify(state / JOURNAL, views).fault
    if fault is not None:
        raise RuntimeError(f"the restored store does not verify: {fault}")
    return rows


def _figures(plan: Plan, box: Any, source: _TimedSource, state: Path, began_s: float) -> Iterator[Row]:
    marks = [time.process_time()]
    restore.begin(box, source, views)
    counter = Counter(box)
    counter.open()
    counter.prepare()
    counter.pay()
    first_s = time.perf_counter() - began_s - source.waited_s
    marks.append(time.process_time())
    yield Row("restore: the first sale", first_s, "s", bar=Bar("value", "<=", SELL_S))
    began_s, before_s = time.perf_counter(), source.waited_s
    restore.bring_history(box, source)
    chain_s = time.perf_counter() - began_s - (source.waited_s - before_s)
    marks.append(time.process_time())
    entries = restore.how_far(box).here
    yield Row("restore: journal and chain", chain_s, "s", bar=Bar("value", "<=", JOURNAL_S))
    began_s = time.perf_counter()
    restore.complete_views(box, state / restore.SHADOW_FILE, views)
    marks.append(time.process_time())
    yield Row("restore: every view", time.perf_counter() - began_s, "s", bar=Bar("value", "<=", VIEWS_S))
    yield Row("restore: headquarters and the line, not counted above", source.waited_s, "s")
    spent = "; ".join(f"{after - before:.1f} s" for before, after in pairwise(marks))
    plan.note(f"{entries:,} entries were restored; processor time of the three, the line's included: {spent}")


def _filled(plan: Plan, old: Path, hq_state: Path) -> str:
    """Put the old box's journal into a headquarters; returns a token for its successor."""
    enrolment = load_enrolment(old)
    if enrolment is None:
        with opened(old) as box:
            raise RuntimeError(f"{box.settings.state} is not enrolled")
    identity = enrolment.identity
    office = Office.open(hq_state)
    connection = open_reader(old / JOURNAL)
    try:
        with office.database.write() as writing:
            registry.add_store(writing, identity.store, "bench", office.now_ms())
            registry.register_epoch(writing, identity, enrolment.public_key, "bench", office.now_ms())
        last = journal.last_seq(connection, identity.epoch)
        with plan.progress("entries to headquarters", last) as advance:
            _ingest_all(office, connection, identity, last, advance)
        with office.database.write() as writing:
            return registry.make_enrolment_token(writing, identity.store, office.now_ms(), mode=TokenMode.REPLACE)
    finally:
        connection.close()
        office.close()


def _ingest_all(office: Office, connection: Any, identity: Identity, last: int, advance: Any) -> None:
    head, seq = journal.head_before(connection, identity.epoch, 1), 1
    while seq <= last:
        with office.database.write() as writing:
            owner = registry.epoch_of_store(writing, identity.store, identity.epoch)
            for _ in range(20):
                entries = journal.entries(connection, identity.epoch, seq, ENTRIES_MAX, UPLOAD_BYTES_MAX)
                if not entries:
                    break
                body, count = upload_bytes(identity, head, entries, {})
                ingest(writing, owner, identity, parse_upload(body), office.now_ms())
                seq, head = entries[count - 1].seq + 1, entries[count - 1].hash
                advance(count)
