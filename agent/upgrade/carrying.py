"""Carrying an upgrade out, step by step; each step is on disk before it is done, and may be done again.

The order of what happens on disk: `pending.json` says what will happen, then it happens. Killed in between, the next
call finds the paper and does the same step again; a step that cannot be done again is one that was already whole.
"""

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.core.canonical import canonical_bytes
from agent.core.errors import Broken, Refused, StoreboxError
from agent.core.upgrade import AWAITED_MIN_MS, ENDS, ON_TRIAL, Later, UpgradeState, UpgradeStep, awaited_ms
from agent.store.backup import copy_to
from agent.upgrade import guard, intake, rehearsal
from agent.upgrade import pending as papers
from agent.upgrade.bundle import opened
from agent.upgrade.intake import Permits, no_permit
from agent.upgrade.pending import Pending
from agent.upgrade.place import Place, point, read_json, write_whole
from agent.upgrade.trial import Trial
from agent.upgrade.unpack import RESERVE_BYTES, check_room, unpack

log = logging.getLogger("storebox.upgrade")

JOURNAL = "journal.db"
PREVIOUS_FILE = "previous.json"
RESUMED_MAX = 5
RETURN_ANSWERS_S = 60.0


@dataclass(frozen=True, slots=True)
class World:
    """What an upgrade gets from outside: time, the trial, what the counter does."""

    now_ms: Callable[[], int]
    trial: Trial
    disturbed: Callable[[], str | None]
    """Returns the code of what an upgrade would disturb now."""
    permits: Permits = no_permit
    reserve_bytes: int = RESERVE_BYTES
    rehearsal_timeout_s: float = rehearsal.TIMEOUT_S


@dataclass(slots=True)
class Carrying:
    """One upgrade to its end, or to where it has to wait."""

    place: Place
    world: World
    waits_for: str | None = field(default=None, init=False)

    def run(self) -> Pending | None:
        """Take every step that can be taken now; returns where the upgrade stands, None when there is none.

        Raises `TryLater("upgrade.under_way")` while another process does.
        """
        self.place.make_folders()
        self.waits_for = None
        with papers.alone(self.place):
            pending = papers.load(self.place)
            if pending is None:
                self._sweep()
                return None
            if pending.state in ON_TRIAL:
                pending = papers.save(self.place, replace(pending, resumed=pending.resumed + 1))
            while pending.state not in ENDS:
                following = self._step(pending)
                if following is None:
                    return pending
                pending = following
            self._end(pending)
            return pending

    def _step(self, pending: Pending) -> Pending | None:
        step = _STEPS[pending.state]
        try:
            found = step(self, pending)
        except StoreboxError as error:
            if pending.state in ON_TRIAL or pending.state is UpgradeState.RETURNING:
                raise
            log.warning("%s is refused: %s", pending.to, error)
            found = pending.at(UpgradeStep.DENIED, reason=error.code)
        if found is None or found.state is UpgradeState.REFUSED:  # nothing has changed; on a full disk it needs no room
            return found
        # An end of a trial too: broken off while it tidies up it would be on trial again, after it was told of.
        return papers.save(self.place, found)

    # Steps

    def _verify(self, pending: Pending) -> Pending:
        bundle = self.place.own / intake.INCOMING / pending.bundle
        manifest = intake.verified(self.place, bundle, self.world.permits)
        target = self.place.release(manifest.version)
        if target.exists():
            shutil.rmtree(target)  # of an earlier try: `check_fits` refused the version that runs
        with opened(bundle) as found:
            unpack(found, target, self.world.reserve_bytes)
        return pending.at(UpgradeStep.UNPACKED)

    def _rehearse(self, pending: Pending) -> Pending:
        live = self.place.state / JOURNAL
        start_ms = self._start_ms()
        if not live.exists():  # a box that was never enrolled has nothing to lose
            return pending.at(UpgradeStep.REHEARSAL_HELD, starts_within_s=_seconds(awaited_ms(start_ms, 0)))
        folder = self.place.own / "rehearsal"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            check_room(folder, 3 * live.stat().st_size, self.world.reserve_bytes)
            copy = folder / rehearsal.COPY
            copy_to(live, copy)
            before = rehearsal.figures(copy)
            for path in (copy, folder):  # the folder last: until then nobody else can put anything there
                _give_to_owner(path, self.place.state)
            program = self.place.release(pending.to) / "bin" / "storebox"
            opening_ms = rehearsal.held(copy, before, live, program, self.world.rehearsal_timeout_s)
        except OSError as error:
            raise Refused("upgrade.not_written", folder=str(folder), reason=error.strerror) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        within_s = _seconds(awaited_ms(start_ms, opening_ms))
        return pending.at(UpgradeStep.REHEARSAL_HELD, starts_within_s=within_s)

    def _start_ms(self) -> int | None:
        try:
            return self.world.trial.start_ms()
        except Broken as error:  # a new release is not worse for that
            log.warning("how long the running release took to start is not known: %s", error)
            return None

    def _announce(self, pending: Pending) -> Pending:
        return pending.at(UpgradeStep.ANNOUNCED)

    def _wait(self, pending: Pending) -> Pending | None:
        if not pending.hurry:
            self.waits_for = self._put_off() or self.world.disturbed()
            if self.waits_for is not None:
                return None
        put_guard(self.place)
        papers.keep_room(self.place)
        return pending.at(UpgradeStep.QUIET, tries=1)

    def _switch(self, pending: Pending) -> Pending:
        if pending.resumed > RESUMED_MAX:
            return pending.at(UpgradeStep.SICK, reason="upgrade.broken_off")
        # Taken again it may run already, or a boot has started it; else the switch was broken off before.
        said = self.world.trial.answering() if pending.resumed else None
        started = pending.tries > 1 or (self.place.running() == pending.to and said == pending.to)
        point(self.place.current, f"releases/{pending.to}")
        hangs = pending.resumed > 0 and said is None
        fault = self.world.trial.answers(pending.to, _awaited_s(pending), restart=not started, by_force=hangs)
        return pending.at(UpgradeStep.SICK, reason=fault) if fault else pending.at(UpgradeStep.ANSWERED)

    def _watch(self, pending: Pending) -> Pending:
        if pending.resumed > RESUMED_MAX:
            return pending.at(UpgradeStep.SICK, reason="upgrade.broken_off")
        fault = None
        if pending.resumed:  # what was killed or cut off with us is being started, and has not died by itself
            fault = self.world.trial.answers(pending.to, _awaited_s(pending), restart=False)
        fault = fault or self.world.trial.lasts(pending.to)
        return pending.at(UpgradeStep.SICK, reason=fault) if fault else pending.at(UpgradeStep.LASTED)

    def _go_back(self, pending: Pending) -> Pending:
        # By a boot, after the guard pointed back.
        started = pending.tries > guard.TRIES_MAX and self.place.running() == pending.back
        point(self.place.current, f"releases/{pending.back}")
        # Who did not answer well does not stop well either; a broken-off trial says nothing about the release.
        fault = self.world.trial.answers(
            pending.back,
            RETURN_ANSWERS_S,
            restart=not started,
            by_force=pending.reason != "upgrade.broken_off",
            gate=False,
        )
        if fault is not None:
            log.error("%s runs again and does not answer: %s", pending.back, fault)
        return pending.at(UpgradeStep.BACK)

    # Ends

    def _put_off(self) -> str | None:
        later = later_of(self.place)
        return "upgrade.put_off" if later.holds(self.world.now_ms()) else None

    def _end(self, pending: Pending) -> None:
        self._record(pending)
        committed = pending.state is UpgradeState.COMMITTED
        if committed:
            write_whole(self.place.own / PREVIOUS_FILE, canonical_bytes({"version": pending.back}))
        if committed and not pending.bundle:
            left = self.place.manifest_of(pending.back).get("sequence")
            papers.turn_away(self.place, left if type(left) is int else 0, "upgrade.person_returned")
        elif not committed and pending.reason not in _NOT_ITS_FAULT:
            papers.turn_away(self.place, pending.sequence, pending.reason)
        papers.take_asked(self.place, papers.LATER_FILE)
        self._sweep(pending)
        papers.forget(self.place)

    def _record(self, pending: Pending) -> None:
        try:
            papers.record(self.place, pending, self.world.now_ms())
        except Broken as error:  # the state folder's disk is full: the shop is told of that elsewhere
            log.warning("the end of the upgrade to %s is not in the history: %s", pending.to, error)

    def _sweep(self, ended: Pending | None = None) -> None:
        """Take away what no upgrade needs any more; the running release and the one before it stay."""
        shutil.rmtree(self.place.own / intake.INCOMING, ignore_errors=True)
        (self.place.own / papers.BALLAST_FILE).unlink(missing_ok=True)
        for leftover in self.place.releases.glob(".*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)
        if ended is None:
            return
        kept = {self.place.running(), ended.back}
        if ended.state is UpgradeState.RETURNED:  # a bad release takes nobody's way back away
            kept.add(_previous(self.place))
        if ended.state is UpgradeState.REFUSED:
            kept |= {one.name for one in self.place.releases.iterdir() if one.name != ended.to or not ended.bundle}
        for folder in self.place.releases.iterdir():
            if folder.name not in kept and (folder / "release.json").exists():
                shutil.rmtree(folder, ignore_errors=True)


_NOT_ITS_FAULT = frozenset({"upgrade.power_cut", "upgrade.broken_off", "upgrade.no_room", "upgrade.not_written", ""})
_STEPS: dict[UpgradeState, Callable[[Carrying, Pending], Pending | None]] = {
    UpgradeState.FETCHED: Carrying._verify,
    UpgradeState.VERIFIED: Carrying._rehearse,
    UpgradeState.REHEARSED: Carrying._announce,
    UpgradeState.WAITING: Carrying._wait,
    UpgradeState.SWITCHED: Carrying._switch,
    UpgradeState.PROBATION: Carrying._watch,
    UpgradeState.RETURNING: Carrying._go_back,
}


def put_guard(place: Place) -> None:
    """Put this release's boot guard where the units look for it."""
    write_whole(place.own / "guard.py", Path(guard.__file__).read_bytes(), 0o755)


def take_what_is_asked(place: Place, world: World) -> None:
    """Begin the upgrade that the agent asks for, if it does; a refusal goes to the history, which the agent reads."""
    source = intake.asked_for(place)
    if source is None:
        return
    now_ms = world.now_ms()
    try:
        intake.taken(place, source, now_ms, by_hand=False, permits=world.permits, reserve_bytes=world.reserve_bytes)
    except Refused as error:
        log.warning("the bundle that was fetched is refused: %s", error)
        running = place.running() or "0"
        refused = Pending(
            id=f"{now_ms}-{source.stem[:12]}",
            to=str(error.values.get("version") or source.stem[:12]),
            back=running,
            sequence=0,
            state=UpgradeState.REFUSED,
            begun_ms=now_ms,
            reason=error.code,
        )
        papers.record(place, refused, now_ms)


def put_off(place: Place, now_ms: int) -> int:
    """Put a waiting upgrade off once more; returns until when. Refuses with `upgrade.later_used_up`."""
    later = later_of(place).again(now_ms)
    if later is None:
        raise Refused("upgrade.later_used_up")
    papers.write_asked(place, papers.LATER_FILE, canonical_bytes({"times": later.times, "until_ms": later.until_ms}))
    return later.until_ms


def later_of(place: Place) -> Later:
    """Return how often the counter put the upgrade off; what cannot be read counts as never."""
    try:
        found = read_json(place.asked / papers.LATER_FILE)
    except StoreboxError:
        return Later()
    times, until_ms = (found.get("times"), found.get("until_ms")) if isinstance(found, dict) else (None, None)
    return Later(times, until_ms) if type(times) is int and type(until_ms) is int else Later()


def previous_of(place: Place) -> str:
    """Return the release that ran before the present one; refuses with `upgrade.nothing_to_return_to`."""
    back = _previous(place)
    if back is None or back == place.running() or not guard.usable(place.root, back):
        raise Refused("upgrade.nothing_to_return_to", version=place.running() or "")
    return back


def _previous(place: Place) -> str | None:
    found = read_json(place.own / PREVIOUS_FILE)
    back = found.get("version") if isinstance(found, dict) else None
    return back if isinstance(back, str) else None


def begin_return(place: Place, now_ms: int) -> Pending:
    """Begin the way back to the release before: rehearsed and on trial like any other, but at once."""
    place.make_folders()
    with papers.alone(place, papers.BY_HAND_S):
        known = papers.load(place)
        if known is not None:
            raise Refused("upgrade.another_pending", version=known.to)
        to = previous_of(place)
        sequence = place.manifest_of(to).get("sequence", 0)
        pending = Pending(
            id=f"{now_ms}-{to}",
            to=to,
            back=place.installed().version,
            sequence=sequence if type(sequence) is int else 0,
            state=UpgradeState.VERIFIED,
            begun_ms=now_ms,
            hurry=True,
        )
        return papers.save(place, pending)


def _awaited_s(pending: Pending) -> float:
    """A paper that another release wrote may hold less than any start takes."""
    return max(pending.starts_within_s, _seconds(AWAITED_MIN_MS))


def _seconds(duration_ms: int) -> int:
    return -(-duration_ms // 1000)


def _give_to_owner(path: Path, like: Path) -> None:
    if os.geteuid() == 0:
        whose = like.stat()
        os.chown(path, whose.st_uid, whose.st_gid, follow_symlinks=False)
