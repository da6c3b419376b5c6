"""One line of the result: a figure, its floor, their ratio, and the bar that it must clear."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from agent.bench.figures import Round, rounded

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda value, limit: value <= limit,
    "<": lambda value, limit: value < limit,
    ">=": lambda value, limit: value >= limit,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A bound on the figure itself or on its ratio to the floor."""

    of: Literal["value", "ratio"]
    sign: Literal["<=", "<", ">="]
    limit: float

    def holds(self, value: float, ratio: float | None) -> bool:
        """Tell whether the bound is kept; a ratio that could not be measured keeps none."""
        bounded = value if self.of == "value" else ratio
        return bounded is not None and _SIGNS[self.sign](bounded, self.limit)

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """A figure; without a bar it is there to be known."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    bar: Bar | None = None

    @classmethod
    def of_round(cls, name: str, one: Round, unit: str, bar: Bar | None = None, scale: float = 1.0) -> "Row":
        """Return the row of a round; `scale` turns its figures into `unit`."""
        return cls(name, one.value * scale, unit, one.floor * scale, bar)

    @property
    def ratio(self) -> float | None:
        """Figure over floor; None without a floor."""
        return self.value / self.floor if self.floor else None

    @property
    def holds(self) -> bool:
        """Tell whether the bar is cleared; a row without one has nothing to clear."""
        return self.bar is None or self.bar.holds(self.value, self.ratio)

    def data(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "floor": None if self.floor is None else rounded(self.floor),
            "ratio": None if self.ratio is None else rounded(self.ratio),
            "bar": None if self.bar is None else str(self.bar),
            "holds": self.holds,
        }
