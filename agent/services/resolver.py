"""The resolver: drives every open attempt and every started platform refund to its end, across restarts and days."""

from agent.services.lane import IDLE_S as IDLE_S
from agent.services.lane import Lane
from agent.services.shop import Shop
from sync.threads import StepThread


class Resolver:
    """A lane for each platform, on its own thread; they wake when an attempt starts and sleep while none is open."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lanes: dict[str, Lane] = {}
        self._threads: list[StepThread] = []

    def start(self) -> None:
        """Begin; open attempts of an earlier run are taken up at once."""
        self._threads = [StepThread(f"resolver {lane.name}", lane.step) for lane in self._known_lanes()]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is something to resolve."""
        for thread in self._threads:
            thread.wake()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the present calls; one under way is left to its own time-out."""
        for thread in self._threads:
            thread.stop(timeout_s / len(self._threads))

    def step(self) -> float:
        """Do everything that is due at every platform, on the calling thread; returns seconds until the next thing is.

        For whoever drives the time: replays, tests, simulations.
        """
        return min((lane.step() for lane in self._known_lanes()), default=IDLE_S)

    def _known_lanes(self) -> list[Lane]:
        return [self._lanes.setdefault(name, Lane(self._shop, name)) for name in self._shop.platforms]
