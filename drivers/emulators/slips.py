"""A picture file for each slip, painted beside the printing and never in its way."""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path
from types import TracebackType

from drivers.emulators.paper import Cut, Mark, Note, Op, Pulse
from drivers.emulators.picture import SlipPainter

MAX_SLIPS_WAITING = 4096
MAX_OPS_A_SLIP = 20_000


class SlipPictures:
    """Usable as the printer's `on_mark`; writes `slip-000001.png` and on at each cut.

    Numbers go on after the files that are there. A slip that comes while 4,096 others wait for
    the painter gets no picture and is counted in `left_out`; leaving the context waits for the
    painter.
    """

    def __init__(self, folder: Path, width_dots: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._painter = SlipPainter(width_dots)
        self._number = max((_number_of(path) for path in folder.glob("slip-*.png")), default=0)
        self._ops: list[Op] = []
        self._slips: queue.Queue[tuple[int, list[Op]] | None] = queue.Queue(MAX_SLIPS_WAITING)
        self._thread = threading.Thread(target=self._paint_all, name="slip-painter", daemon=True)
        self.left_out = 0

    def __call__(self, mark: Mark) -> None:
        if isinstance(mark.op, Note | Pulse):
            return
        if len(self._ops) < MAX_OPS_A_SLIP or isinstance(mark.op, Cut):
            self._ops.append(mark.op)
        if isinstance(mark.op, Cut):
            self._number += 1
            try:
                self._slips.put_nowait((self._number, self._ops))
            except queue.Full:
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
        self._slips.put(None)
        self._thread.join()

    def _paint_all(self) -> None:
        while (slip := self._slips.get()) is not None:
            number, ops = slip
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
