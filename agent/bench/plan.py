"""How a run measures: where, how long, and whom it tells."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.bench.figures import Round, is_noisy

Progress = Callable[[str, int], AbstractContextManager[Callable[..., Any]]]
"""Takes a description and a number of steps, gives the function that counts them."""

ROUNDS, QUICK_ROUNDS = 5, 2


@dataclass
class Plan:
    """A run. `quick` finds out whether everything still runs, not how fast it is."""

    folder: Path
    quick: bool
    progress: Progress
    pull_rows: int = 1_000_000
    notes: list[str] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """Return how many rounds a figure is the median of."""
        return QUICK_ROUNDS if self.quick else ROUNDS

    def count(self, whole: int, quick: int) -> int:
        """Return how many samples to take."""
        return quick if self.quick else whole

    def note(self, text: str) -> None:
        """Say something that a reader of the figures must know."""
        if text not in self.notes:
            self.notes.append(text)

    def judge(self, name: str, rounds: list[Round], unit: str, scale: float) -> None:
        """Say so when the floor moved between rounds."""
        floors = [one.floor * scale for one in rounds]
        if is_noisy(floors):
            self.note(f"noisy: the floor of {name} went from {min(floors):.3g} to {max(floors):.3g} {unit}")

    def look_at_the_load(self) -> None:
        """Say so when others work on this machine."""
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        if load > cores / 4:
            self.note(f"noisy: load {load:.1f} on {cores} cores before measuring")

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """A folder on the measured disk that is gone afterwards."""
        self.folder.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
