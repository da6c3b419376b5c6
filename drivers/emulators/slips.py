"""A picture file for each slip, painted while the printer rests and never in its way."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from drivers.emulators.paper import Cut, Mark, Note, Op, Pulse
from drivers.emulators.picture import SlipPainter

MAX_SLIPS_WAITING = 4096
MAX_OPS_A_SLIP = 20_000
REST_S = 0.05
LOOK_S = 0.02
FINISH_S = 10.0


class SlipPictures:
    """Usable as the printer's `on_mark`; writes `slip-000001.png` and on at each cut.

    Numbers go on after the files that are there. The painter works when nothing was printed for
    50 ms. Leaving the context paints on for at most ten seconds. Slips beyond that, or beyond
    4,096 waiting, get no picture: `left_out` counts them and standard error names their number.
    """

    def __init__(self, folder: Path, width_dots: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._painter = SlipPainter(width_dots)
        self._monotonic_s = monotonic_s
        self._number = max((_number_of(path) for path in folder.glob("slip-*.png")), default=0)
        self._ops: list[Op] = []
        self._printed_at_s = float("-inf")
        self._slips: queue.SimpleQueue[tuple[int, list[Op]] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._finish_by_s = float("inf")
        self._thread = threading.Thread(target=self._paint_all, name="slip-painter", daemon=True)
        self.left_out = 0

    def __call__(self, mark: Mark) -> None:
        if isinstance(mark.op, Note | Pulse):
            return
        if len(self._ops) < MAX_OPS_A_SLIP or isinstance(mark.op, Cut):
            self._ops.append(mark.op)
        if isinstance(mark.op, Cut):
            self._printed_at_s = self._monotonic_s()
            self._number += 1
            if self._slips.qsize() < MAX_SLIPS_WAITING:
                self._slips.put((self._number, self._ops))
            else:
                self.left_out += 1
            self._ops = []

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
        self._closing.set()
        self._slips.put(None)
        self._thread.join()
        if self.left_out:
            sys.stderr.write(f"{self.left_out} slips have no picture: they came too fast\n")

    def _paint_all(self) -> None:
        while (slip := self._slips.get()) is not None:
            self._wait_for_rest()
            if self._monotonic_s() > self._finish_by_s:
                self.left_out += 1
            else:
                self._paint(*slip)

    def _wait_for_rest(self) -> None:
        while self._monotonic_s() - self._printed_at_s < REST_S and not self._closing.wait(LOOK_S):
            pass

    def _paint(self, number: int, ops: list[Op]) -> None:
        path = self._folder / f"slip-{number:06}.png"
        fresh = path.with_suffix(".part")
        try:
            self._painter.paint(ops).save(fresh, format="PNG")
            fresh.replace(path)
        except OSError as error:
            sys.stderr.write(f"slip {number} has no picture: {error}\n")


def _number_of(path: Path) -> int:
    digits = path.stem.removeprefix("slip-")
    return int(digits) if digits.isdigit() else 0
