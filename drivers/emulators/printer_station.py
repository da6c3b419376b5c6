"""Serves an emulated printer on an endpoint, at the speed of its line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from drivers.emulators.endpoints import Endpoint
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.station import Served, Station
from drivers.emulators.wire import Wire
from drivers.emulators.words import UnknownWord, parse


class PrinterStation(Station):
    """A printer behind an endpoint; lines are the words of `drivers.emulators.words`.

    `baud` paces what is taken from the host; None takes it as fast as it comes. `state` is
    answered by one line of JSON.
    """

    def __init__(
        self,
        printer: EmulatedPrinter,
        endpoint: Endpoint,
        *,
        baud: int | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(endpoint, monotonic_s)
        self.printer = printer
        self._wire = Wire(baud) if baud else None

    def obey(self, line: str) -> str:
        """Obey a word: `ok`, the state as JSON, or `refused: why`."""
        try:
            word = parse(line)
        except UnknownWord as error:
            return f"refused: {error}"
        if word.verb == "state":
            return json.dumps(self.printer.describe())
        self._say(self.printer.obey(word))
        try:
            self._follow_the_cable()
        except OSError as error:
            self.printer.command("unplug")
            return f"refused: cannot plug in: {error}"
        return "ok"

    def room(self) -> int:
        """What the line or, unpaced, the receive buffer takes."""
        return self._wire.room if self._wire else self.printer.room

    def hear(self, data: bytes) -> None:
        """Put bytes on the line, or straight into the printer."""
        if self._wire:
            self._wire.push(data, self._monotonic_s())
            return
        self._say(self.printer.feed(data))
        self._follow_the_cable()

    def advance(self) -> None:
        """Bytes through the wire, lines printed, answers due."""
        if self._wire:
            data = self._wire.take(self._monotonic_s(), self.printer.room)
            if data:
                self._say(self.printer.feed(data))
        self._say(self.printer.tick())
        self._follow_the_cable()

    def next_due_s(self) -> float | None:
        """The earlier of line and printer."""
        times = [self.printer.next_due_s, self._wire.next_due_s if self._wire else None]
        return min((at_s for at_s in times if at_s is not None), default=None)

    def _say(self, data: bytes) -> None:
        if data and self.endpoint.is_open:
            self.endpoint.write(data)

    def _follow_the_cable(self) -> None:
        if self.printer.plugged == self.endpoint.is_open:
            return
        if self.printer.plugged:
            self.endpoint.open()
        else:
            if self._wire:
                self._wire.clear()
            self.endpoint.close()


class ServedPrinter(Served):
    """A printer in a thread; `printer` is there to be read, and changed by words only."""

    def __init__(self, station: PrinterStation) -> None:
        super().__init__(station)
        self.printer = station.printer
