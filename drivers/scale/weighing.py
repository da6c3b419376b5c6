"""When a weight may be sold: it stands still, it is more than nothing, and it was not sold before. Pure.

A scale that tells whether its weight is stable is believed, also when it says no: that is what it is certified for. One
that does not tell is stable when its weight stays within a division for STILL_S. A weighing ends when the pan was seen
empty, so goods that stay on the pan are one weighing however often somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.scale.protocol import Reading

STILL_S = 0.5
SILENT_S = 1.5
DIVISION_G = 5
"""The usual interval of counter scales up to 15 kg (OIML R 76, class III)."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What lies on the pan now, as far as it is known.

    `code` says why it can't be sold as it is: `scale.silent`, `scale.overload`, `scale.negative`, `scale.unstable`,
    `scale.empty`, `scale.same_weighing`; None when it can. `weighing` counts weighings since start.
    """

    weight_g: int | None
    stable: bool
    code: str | None
    weighing: int


class Weighing:
    """Follows one scale, across cables that are pulled. Times are arguments."""

    def __init__(self, division_g: int = DIVISION_G) -> None:
        self._division_g = division_g
        self._reading: Reading | None = None
        self._read_at_s = 0.0
        self._still_from_g = 0
        self._still_since_s = 0.0
        self._was_empty = True
        self._weighing = 0
        self._taken = 0

    def feed(self, reading: Reading, now_s: float) -> None:
        """The scale said this now."""
        weight_g = reading.weight_g
        pause = now_s - self._read_at_s > SILENT_S or self._reading is None or self._reading.weight_g is None
        if weight_g is not None and (pause or abs(weight_g - self._still_from_g) > self._division_g):
            self._still_from_g, self._still_since_s = weight_g, now_s
        self._reading, self._read_at_s = reading, now_s
        if weight_g is None:
            return
        if abs(weight_g) < self._division_g:
            self._was_empty = self._was_empty or self._is_stable(now_s)
        elif weight_g > 0 and self._was_empty:
            self._was_empty = False
            self._weighing += 1

    def now(self, now_s: float) -> Weight:
        """What can be said now."""
        reading = self._reading
        if reading is None or now_s - self._read_at_s > SILENT_S:
            return Weight(None, False, "scale.silent", self._weighing)
        stable = self._is_stable(now_s)
        return Weight(reading.weight_g, stable, self._why_not(reading, stable), self._weighing)

    def take(self, weighing: int) -> bool:
        """This weighing is sold; until the pan was empty it is not offered again. False when it was sold before."""
        if weighing <= self._taken:
            return False
        self._taken = weighing
        return True

    def give_back(self, weighing: int) -> None:
        """The sale of this weighing came to nothing."""
        if weighing == self._taken:
            self._taken -= 1

    def _is_stable(self, now_s: float) -> bool:
        reading = self._reading
        if reading is None or reading.weight_g is None:
            return False
        if reading.stable is not None:
            return reading.stable
        return now_s - self._still_since_s >= STILL_S

    def _why_not(self, reading: Reading, stable: bool) -> str | None:
        if reading.overload:
            return "scale.overload"
        if reading.negative and (reading.weight_g is None or reading.weight_g <= -self._division_g):
            return "scale.negative"
        if not stable or reading.weight_g is None:
            return "scale.unstable"
        if reading.weight_g < self._division_g:
            return "scale.empty"
        return "scale.same_weighing" if self._weighing <= self._taken else None
