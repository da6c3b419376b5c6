"""Arithmetic of measurements: percentiles, rounds, and when a machine was too noisy to believe. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

NOISY_SPREAD = 0.3


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured: a figure and, taken in the same moments, its floor."""

    value: float
    floor: float

    @property
    def ratio(self) -> float:
        """How many times the floor the figure is."""
        return self.value / self.floor


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that so many percent of all do not exceed (nearest rank)."""
    if not samples:
        raise ValueError("no samples")
    rank = math.ceil(len(samples) * percent / 100)
    return sorted(samples)[max(rank, 1) - 1]


def middle(rounds: Sequence[Round]) -> Round:
    """Return the round with the median ratio, so that figure, floor and ratio belong together."""
    return sorted(rounds, key=lambda one: one.ratio)[(len(rounds) - 1) // 2]


def spread(values: Sequence[float]) -> float:
    """Return how far values lie apart, as a share of their median."""
    return (max(values) - min(values)) / median(values)


def is_noisy(floors: Sequence[float]) -> bool:
    """Tell whether the floor itself moved so much between rounds that absolute figures mean little."""
    return len(floors) > 1 and spread(floors) > NOISY_SPREAD


def rounded(value: float) -> float:
    """Return four significant digits: more would claim what no noisy machine can tell."""
    return float(f"{value:.4g}")
