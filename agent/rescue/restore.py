"""A replaced box gets its store back: first what selling needs, then the whole history, then its views.

Each step may be cut by power at any place and goes on from there. Headquarters is believed by its signed receipts: the
chain of every restored epoch is computed anew here and must end at the head that was signed.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from agent.core.chain import Identity, genesis
from agent.core.errors import Broken
from agent.store import restoring
from agent.store.chaincheck import ChainCheck
from agent.store.connection import Readers
from agent.store.ports import Views
from agent.store.rebuild import Progress, no_progress
from agent.store.restoring import EpochPlan, PlacedEntry
from agent.store.shadow import ShadowViews
from agent.store.unit import Unit
from agent.store.writer import Writer
from sync.past import Page, PastRow
from sync.past_source import PastSource

SHADOW_FILE = "views-new.db"
ENTRIES_A_COMMAND = 1_000
"""The writer takes about 3 ms for as many; between two commands the counter sells."""
COMMANDS_AHEAD = 4
"""What waits for the writer leaves with one COMMIT: the disk is waited for a quarter as often."""
Stopped = Callable[[], bool]


class Held(Protocol):
    """The open store: a box that runs, or one that the command line opened."""

    @property
    def writer(self) -> Writer:
        """Return the writer."""

    @property
    def readers(self) -> Readers:
        """Return the readers."""


@dataclass(frozen=True, slots=True)
class HowFar:
    """How far a restore has come: entries of the past that are here, and of those that headquarters promised."""

    here: int
    promised: int
    complete: bool


def never() -> bool:
    """Go on."""
    return False


def begin(held: Held, source: PastSource, views: Views) -> bool:
    """Bring what selling needs; False when this was done before or the store has no earlier epochs.

    Raises `Broken("restore.box_unknown")` for entries of an epoch that the plan does not name.
    """
    plan = tuple(
        EpochPlan(
            one.planned.epoch,
            one.planned.box,
            one.planned.public_key,
            one.receipt.next_seq,
            one.receipt.head.hex(),
            one.receipt.document,
        )
        for one in source.plan()
    )
    boxes = {one.epoch: one.box for one in plan}
    first = []
    for row in source.first():
        if row.epoch not in boxes:
            raise Broken("restore.box_unknown", epoch=row.epoch)
        first.append(PlacedEntry(row.epoch, boxes[row.epoch], row.entry()))
    return held.writer.run(lambda unit: restoring.begin(unit, views, plan, first))


def bring_history(held: Held, source: PastSource, progress: Progress = no_progress, stopped: Stopped = never) -> bool:
    """Bring the whole history into `past`, from where it stands; False when `stopped` said so.

    Raises `Broken("restore.chain_broken")`, `("restore.head_differs")` or `("restore.cut_short")` when headquarters
    gives another history than it signed; what came before the fault stays.
    """
    plan = restoring.plan_of(held.readers.get()) or ()
    promised = sum(one.next_seq - 1 for one in plan)
    for one in plan:
        arriving = _Arriving(held, one)
        while not arriving.complete:
            if stopped():
                return False
            arriving.take(source.page(one.epoch, arriving.last_seq))
            progress(how_far(held).here, promised)
        arriving.settled()
    return True


def complete_views(
    held: Held, shadow: Path, views: Views, progress: Progress = no_progress, stopped: Stopped = never
) -> bool:
    """Build the views of all history beside the store and exchange them; False when `stopped` said so."""
    building = ShadowViews(shadow, views)
    try:
        if not building.build(held.writer.path, None, progress, stopped):
            return False
        held.writer.run(lambda unit: _completed(unit, building))
    finally:
        building.close()
    return True


def how_far(held: Held) -> HowFar:
    """Tell how far a restore has come; complete too when there never was one."""
    return how_far_in(held.readers.get())


def how_far_in(connection: Any) -> HowFar:
    """The same, of an open journal."""
    plan = restoring.plan_of(connection)
    if plan is None:
        return HowFar(0, 0, True)
    here = sum(min(_last_seq(connection, one.epoch), one.next_seq - 1) for one in plan)
    return HowFar(here, sum(one.next_seq - 1 for one in plan), False)


class _Arriving:
    """One epoch on its way into `past`: where it stands, and the check of its chain."""

    def __init__(self, held: Held, plan: EpochPlan) -> None:
        connection = held.readers.get()
        whose = Identity(held.writer.identity.store, plan.box, plan.epoch)
        row = connection.execute(
            "SELECT seq, hash FROM past WHERE epoch = ? ORDER BY seq DESC LIMIT 1", (plan.epoch,)
        ).fetchone()
        self.last_seq: int
        self.last_seq, head = row if row is not None else (0, genesis(whose))
        self._held = held
        self._plan = plan
        self._writing: deque[Future[None]] = deque()
        self._check = ChainCheck(whose, plan.public_key, start=self.last_seq + 1, head=head)
        if self.complete:
            self._hand_over(head, [])
            self.settled()

    @property
    def complete(self) -> bool:
        """Tell whether everything that was promised is here."""
        return self.last_seq >= self._plan.next_seq - 1

    def take(self, page: Page) -> None:
        """Check a page and hand it to the writer in pieces."""
        if page.previous != self._check.head:
            raise Broken("restore.chain_broken", epoch=self._plan.epoch, seq=self.last_seq + 1)
        rows = [row for row in page.rows if row.seq < self._plan.next_seq]
        if not rows:
            raise Broken("restore.cut_short", epoch=self._plan.epoch, seq=self.last_seq + 1)
        for start in range(0, len(rows), ENTRIES_A_COMMAND):
            piece = rows[start : start + ENTRIES_A_COMMAND]
            previous = self._check.head
            self._check_proofs(piece)
            last = piece[-1]
            if last.seq == self._plan.next_seq - 1 and last.hash.hex() != self._plan.head:
                raise Broken("restore.head_differs", epoch=self._plan.epoch, seq=last.seq)
            self._hand_over(previous, _stored(piece))
            self.last_seq = last.seq

    def _check_proofs(self, rows: Sequence[PastRow]) -> None:
        """Check enrolment and seals; that each hash follows from the one before was computed with the page."""
        check = self._check
        for row in rows:
            if row.seq == 1 or row.kind == b"seal":
                check.next_seq = row.seq
                if not check.take((row.seq, row.at_ms, row.kind, row.body, row.hash)):
                    raise Broken("restore.chain_broken", epoch=row.epoch, seq=row.seq)
            check.head = row.hash

    def settled(self) -> None:
        """Wait until what was handed over is on disk; raises what the writer found wrong with it."""
        while self._writing:
            self._writing.popleft().result()

    def _hand_over(self, previous: bytes, rows: Sequence[restoring.Row]) -> None:
        """Have the writer add rows while the next ones are read; a few pieces wait for it, never a page."""
        if len(self._writing) == COMMANDS_AHEAD:
            self.settled()
        add = partial(restoring.add_history, plan=self._plan, previous=previous, found=rows)
        self._writing.append(self._held.writer.submit(add))


def _stored(rows: Sequence[PastRow]) -> list[restoring.Row]:
    return [(row.seq, row.at_ms, row.kind.decode(), row.body.decode(), row.hash) for row in rows]


def _completed(unit: Unit, building: ShadowViews) -> None:
    building.exchange(unit)
    history = unit.connection.execute(
        "SELECT kind, body FROM past WHERE kind IN ('shift.opened', 'shift.closed', 'attempt.contradicted')"
    )
    restoring.raise_counters(unit.connection, history)
    restoring.end(unit.connection)


def _last_seq(connection: Any, epoch: int) -> int:
    row = connection.execute("SELECT max(seq) FROM past WHERE epoch = ?", (epoch,)).fetchone()
    return int(row[0] or 0)
