"""A receipt printer: bytes in, marks on paper and answers out. Pure but for the given clocks.

Behaves as Epson's ESC/POS reference says: a receive buffer with busy thresholds, real-time
commands obeyed on arrival, everything else in order; at paper end the line is finished, the
printer goes offline and keeps its buffer; a power cut loses it and switches ASB off.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from drivers.emulators.health import Health, transmit_status
from drivers.emulators.interpreter import Interpreter
from drivers.emulators.machine import Machine
from drivers.emulators.mechanism import Mechanism
from drivers.emulators.paper import Cut, Mark, Note, OnMark, Op
from drivers.emulators.profiles import Profile
from drivers.emulators.realtime import RealTimeScanner
from drivers.emulators.replies import XOFF, XON, Replies
from drivers.emulators.reporter import Reporter
from drivers.emulators.schedule import Schedule
from drivers.emulators.text_commands import kick
from drivers.emulators.words import Word, parse


def wall_ms() -> int:
    """Milliseconds since 1970, for the paper log."""
    return time.time_ns() // 1_000_000


class EmulatedPrinter:
    """One printer. Not thread-safe: one owner feeds it, ticks it and gives it words.

    `feed`, `tick` and `command` return the bytes that the printer says now. With `line_ms` (time
    to print a line) or `late` there is more to come: call `tick` at `next_due_s`.
    `marks` holds the paper unless `keep_marks` is off; `on_mark` sees each mark as it is made.
    """

    def __init__(
        self,
        profile: Profile,
        monotonic_s: Callable[[], float] = time.monotonic,
        now_ms: Callable[[], int] = wall_ms,
        *,
        line_ms: float = 0,
        on_mark: OnMark | None = None,
        keep_marks: bool = True,
    ) -> None:
        self.profile = profile
        self.health = Health(drawer_open_is_high=profile.drawer_open_is_high)
        self.marks: list[Mark] = []
        self.powered = True
        self.plugged = True
        self.stuck = False
        self.job = 0
        self.bytes_received = 0
        self.dropped_bytes = 0
        self._monotonic_s = monotonic_s
        self._now_ms = now_ms
        self._on_mark = on_mark
        self._keep_marks = keep_marks
        self._replies = Replies()
        self._reporter = Reporter(profile, self.health, self._replies)
        self._machine = Machine(profile, self.health, self._emit, self._answer)
        self._interpreter = Interpreter(self._machine)
        self._scanner = RealTimeScanner()
        self._schedule = Schedule()
        self._now_s = monotonic_s()
        self._mechanism = Mechanism(line_ms / 1000, self._now_s)
        self._overflowing = 0

    # what the line does

    def feed(self, data: bytes) -> bytes:
        """Bytes arrive from the host. Returns the answers due by now."""
        self._now_s = self._monotonic_s()
        while data:
            reach = self._schedule.reach(self.bytes_received, len(data))
            part, data = data[:reach], data[reach:]
            if self.plugged:
                self.bytes_received += len(part)
                if self.powered:
                    self._arrive(part)
            else:
                data = b""
            while (word := self._schedule.due(self.bytes_received)) is not None:
                self._do(word)
        return self._replies.due(self._now_s)

    def tick(self) -> bytes:
        """Let time pass: print on, and return the answers due by now."""
        self._now_s = self._monotonic_s()
        self._run()
        return self._replies.due(self._now_s)

    @property
    def next_due_s(self) -> float | None:
        """Monotonic time at which `tick` has something to do, or None."""
        times = [self._replies.next_due_s]
        if self._interpreter.waiting and not self._halted and self._mechanism.busy(self._now_s):
            times.append(self._mechanism.free_at_s)
        return min((at_s for at_s in times if at_s is not None), default=None)

    @property
    def room(self) -> int:
        """Bytes that may be fed without loss: 0 while the printer holds the line (flow `hold`).

        With the other flows the line is never held: the host has to listen, or loses bytes.
        """
        if not self.plugged:
            return 0
        if not self.powered or self.profile.flow != "hold":
            return self.profile.buffer_bytes
        return 0 if self._reporter.holding else self._free

    # what a person does

    def command(self, line: str) -> bytes:
        """Obey one word of `drivers.emulators.words`; raises UnknownWord. Returns answers due."""
        return self.obey(parse(line))

    def obey(self, word: Word) -> bytes:
        """Obey a parsed word now, or at its byte. Returns the answers due by now."""
        self._now_s = self._monotonic_s()
        if word.at_byte:
            self._schedule.add(self.bytes_received + word.at_byte, word)
        else:
            self._do(word)
        return self._replies.due(self._now_s)

    def describe(self) -> dict[str, object]:
        """The printer's condition as plain data."""
        return {
            "powered": self.powered,
            "plugged": self.plugged,
            "paper": self.health.paper,
            "cover_open": self.health.cover_open,
            "cutter_blocked": self.health.cutter_blocked,
            "cutter_error": self.health.cutter_error,
            "drawer": {None: "none", True: "open", False: "closed"}[self.health.drawer_open],
            "stuck": self.stuck,
            "silent": self._replies.silent,
            "garbled": self._replies.garbled,
            "late_ms": round(self._replies.late_s * 1000),
            "job": self.job,
            "bytes_received": self.bytes_received,
            "bytes_waiting": self._interpreter.waiting,
            "bytes_dropped": self.dropped_bytes,
            "unknown_bytes": self._machine.unknown_bytes,
            "unsupported_commands": self._machine.unsupported_commands,
        }

    @property
    def unknown_bytes(self) -> int:
        """Bytes that were no command and no text, since the start."""
        return self._machine.unknown_bytes

    @property
    def unsupported_commands(self) -> int:
        """Commands understood but not had by this printer, since the start."""
        return self._machine.unsupported_commands

    # inside

    @property
    def _halted(self) -> bool:
        return self.health.offline or self.stuck or not self.powered

    @property
    def _free(self) -> int:
        return max(0, self.profile.buffer_bytes - self._interpreter.waiting)

    def _arrive(self, data: bytes) -> None:
        start = 0
        for end, command in self._scanner.push(data):
            self._receive(data[start:end])
            start = end
            self._real_time(command)
        self._receive(data[start:])

    def _receive(self, data: bytes) -> None:
        if data and not self._interpreter.waiting:
            self._mechanism.ready(self._now_s)
        while data:
            free = self._free
            if not free:
                self.dropped_bytes += len(data)
                self._overflowing += len(data)
                return
            if self._overflowing:
                self._machine.note(f"receive buffer was full: {self._overflowing} bytes lost")
                self._overflowing = 0
            self._interpreter.push(data[:free])
            data = data[free:]
            self._run()

    def _run(self) -> None:
        """Execute what may be executed by now."""
        while not self._halted and not self._mechanism.busy(self._now_s) and self._interpreter.step():
            pass
        self._report()

    def _report(self) -> None:
        mask = self._machine.asb_mask if self.powered else 0
        self._reporter.compare(mask, self._free, self.stuck, self._now_s)

    def _answer(self, data: bytes) -> None:
        """A buffered command's answer: not before the mechanism is done with what stands before."""
        self._reporter.say(data, max(self._now_s, self._mechanism.free_at_s))

    def _real_time(self, command: bytes) -> None:
        kind, n = command[1], command[2]
        if kind == 0x04:
            self._reporter.say(bytes((transmit_status(self.health, n),)), self._now_s)
        elif kind == 0x05:
            self._recover(clear=n == 2, wanted=n != 0)
        elif n == 1:
            times_ms = command[4] * 100
            kick(self._machine, command[3], times_ms, times_ms, real_time=True)
        else:
            self._clear_buffers()
            self._reporter.say(b"\x37\x25\x00", self._now_s)
        self._report()

    def _recover(self, *, clear: bool, wanted: bool) -> None:
        """DLE ENQ 1 tries the failed line or cut again; 2 drops both buffers first."""
        if not wanted or not self.health.cutter_error:
            return
        if clear:
            self._clear_buffers()
        self.health.cutter_error = False
        self._run()

    def _clear_buffers(self) -> None:
        self._interpreter.clear()
        self._machine.line.take(0)
        self._machine.strips = []
        self._machine.waiting_ids.clear()

    def _emit(self, op: Op) -> None:
        mark = Mark(self._now_ms(), self.job, op)
        if self._keep_marks:
            self.marks.append(mark)
        if isinstance(op, Cut):
            self.job += 1
        self._mechanism.strike(op)
        if self._on_mark is not None:
            self._on_mark(mark)

    def _do(self, word: Word) -> None:
        was_halted = self._halted
        if word.verb == "clear":
            self._cure_everything()
        else:
            self._fault(word)
        self._emit(Note(str(word)))
        if was_halted and not self._halted:
            self._mechanism.ready(self._now_s)
        self._run()

    def _fault(self, word: Word) -> None:
        match word.verb, word.value:
            case "paper", ("ok" | "low" | "out") as paper:
                self.health.paper = paper
            case "cover", "open":
                self.health.cover_open = True
                self.health.cutter_blocked = False
            case "cover", _:
                self.health.cover_open = self.health.cutter_error = False
            case "drawer", value:
                self.health.drawer_open = None if value == "none" else value == "open"
            case "power", value:
                self._power(on=value == "on")
            case "unplug" | "plug", _:
                self.plugged = word.verb == "plug"
            case "jam", value:
                self._jam(value != "off")
            case "silence", value:
                self._replies.silent = value != "off"
            case "garbage", value:
                self._replies.garbled = value != "off"
            case "late", _:
                self._replies.late_s = word.late_ms / 1000
            case "xoff", value:
                self._hold_for_ever(value != "off")

    def _jam(self, blocked: bool) -> None:
        """Block the cutter, or take the blockage out: what the printer noticed stays until it recovers.

        A person who clears a jam opens and shuts the cover, which is how the real ones recover by hand.
        """
        self.health.cutter_blocked = blocked
        if not blocked:
            self.health.cutter_error = False

    def _hold_for_ever(self, stuck: bool) -> None:
        if not self.powered:
            return
        if stuck or self.stuck:
            self._replies.say(XOFF if stuck else XON, self._now_s)
        self.stuck = stuck

    def _power(self, *, on: bool) -> None:
        if on == self.powered:
            return
        self.powered = on
        self._interpreter.clear()
        self._scanner.reset()
        self._machine.reset()
        self._replies.drop()
        self._reporter.holding = self.stuck = False
        self.health.cutter_error = False
        self._mechanism.stop(self._now_s)
        if on and self.profile.flow == "xonxoff":
            self._replies.say(XON, self._now_s)

    def _cure_everything(self) -> None:
        if not self.powered:
            self._power(on=True)
        self.plugged = True
        self.health.paper = "ok"
        self.health.cover_open = self.health.cutter_blocked = self.health.cutter_error = False
        self._replies.reset_faults()
        self._schedule.clear()
        self._hold_for_ever(False)
