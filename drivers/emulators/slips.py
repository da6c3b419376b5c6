"""A picture file for each slip and for the paper that hangs out, painted while the printer rests."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from drivers.emulators.paper import Cut, Mark, Note, Op, Pulse
from drivers.emulators.picture import SlipPainter

MAX_SLIPS_WAITING = 4096
MAX_OPS_A_SLIP = 20_000
REST_S = 0.05
LOOK_S = 0.02
OPEN_EVERY_S = 0.15
OPEN_SHARE = 5
FINISH_S = 10.0


class SlipPictures:
    """Usable as the printer's `on_mark`; writes `slip-000001.png` and on at each cut.

    Numbers go on after the files that are there. What is printed and not yet cut is `open-NUMBER.png`, painted anew at
    most every 150 ms and a fifth of the time; it gives way to the slip of that number. The painter works on a finished
    slip when nothing was printed for 50 ms. Leaving the context paints on for at most ten seconds. Slips beyond that,
    or beyond 4,096 waiting, get no picture: `left_out` counts them and standard error names their number.
    """

    def __init__(self, folder: Path, width_dots: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._painter = SlipPainter(width_dots)
        self._monotonic_s = monotonic_s
        self._number = max((_number_of(path) for path in folder.glob("slip-*.png")), default=0)
        self._changed = threading.Condition()
        self._ops: list[Op] = []
        self._painted_ops = 0
        self._open_pause_s = OPEN_EVERY_S
        self._printed_at_s = float("-inf")
        self._slips: deque[tuple[int, list[Op]]] = deque()
        self._closing = threading.Event()
        self._finish_by_s = float("inf")
        self._thread = threading.Thread(target=self._paint_all, name="slip-painter", daemon=True)
        self.left_out = 0
        for stale in folder.glob("open-*.png"):
            stale.unlink(missing_ok=True)

    def __call__(self, mark: Mark) -> None:
        if isinstance(mark.op, Note | Pulse):
            return
        with self._changed:
            if len(self._ops) < MAX_OPS_A_SLIP or isinstance(mark.op, Cut):
                self._ops.append(mark.op)
            if isinstance(mark.op, Cut):
                self._finish_slip()
            self._changed.notify()

    def __enter__(self) -> SlipPictures:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish_by_s = self._monotonic_s() + FINISH_S
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join()
        if self.left_out:
            sys.stderr.write(f"{self.left_out} slips have no picture: they came too fast\n")

    def _finish_slip(self) -> None:
        self._printed_at_s = self._monotonic_s()
        self._number += 1
        if len(self._slips) < MAX_SLIPS_WAITING:
            self._slips.append((self._number, self._ops))
        else:
            self.left_out += 1
        self._ops, self._painted_ops = [], 0

    def _paint_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._slips or self._open_grew or self._closing.is_set())
                slip = self._slips.popleft() if self._slips else None
            if slip is not None:
                self._wait_for_rest()
                if self._monotonic_s() > self._finish_by_s:
                    self.left_out += 1
                else:
                    self._paint(*slip)
            else:
                self._paint_open()
                if self._closing.is_set() and not self._slips:
                    return

    @property
    def _open_grew(self) -> bool:
        return len(self._ops) > self._painted_ops

    def _paint_open(self) -> None:
        """Let some more come, then show what hangs out; a cut meanwhile makes a slip of it."""
        self._closing.wait(self._open_pause_s)
        with self._changed:
            if self._slips or not self._open_grew:
                return
            number, ops = self._number + 1, list(self._ops)
            self._painted_ops = len(ops)
        began_s = self._monotonic_s()
        self._write(self._folder / f"open-{number:06}.png", ops)
        self._open_pause_s = max(OPEN_EVERY_S, OPEN_SHARE * (self._monotonic_s() - began_s))

    def _wait_for_rest(self) -> None:
        while self._monotonic_s() - self._printed_at_s < REST_S and not self._closing.wait(LOOK_S):
            pass

    def _paint(self, number: int, ops: list[Op]) -> None:
        self._write(self._folder / f"slip-{number:06}.png", ops)
        (self._folder / f"open-{number:06}.png").unlink(missing_ok=True)

    def _write(self, path: Path, ops: Sequence[Op]) -> None:
        fresh = path.with_suffix(".part")
        try:
            self._painter.paint(ops).save(fresh, format="PNG")
            fresh.replace(path)
        except OSError as error:
            sys.stderr.write(f"{path.stem} has no picture: {error}\n")


def _number_of(path: Path) -> int:
    digits = path.stem.removeprefix("slip-")
    return int(digits) if digits.isdigit() else 0
