"""Time and turns of a simulated shop: everything runs on one thread, and a wait costs no time but the world's own.

Each thread of the product is a greenlet here: it runs until it waits, then the next that can go on runs; when none
can, the clock goes on to the next moment at which something is due. So a run is the same each time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

from greenlet import GreenletExit, getcurrent, greenlet

TURNS_MAX = 200_000
"""So many turns without an end mean that something spins."""


class Source(Protocol):
    """Something that acts by itself when its time comes."""

    def next_due_s(self) -> float | None: ...

    def advance(self) -> None: ...


class Life:
    """One process of ours. Killed, none of its threads runs on, and nothing that it holds has an effect any more."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.dead = False
        self.steps = 0
        self.kill_at = kill_at


class Task:
    """What would be a thread."""

    def __init__(self, world: World, name: str, run: Callable[[], None], life: Life | None) -> None:
        self.name = name
        self.life = life
        self.ready: Callable[[], object] | None = None
        self.due_s: float | None = 0.0
        self.greenlet = greenlet(run, world.hub)
        self._world = world

    @property
    def ended(self) -> bool:
        return self.greenlet.dead

    def join(self, timeout: float | None = None) -> None:
        self._world.wait(lambda: self.ended, timeout)


class World:
    """The clock, the tasks and what is due."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.hub = getcurrent()
        self.current: Task | None = None
        self.sources: list[Source] = []
        self._tasks: list[Task] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def monotonic_s(self) -> float:
        return self.now_s

    def spawn(self, name: str, run: Callable[[], None], life: Life | None = None) -> Task:
        task = Task(self, name, run, life)
        self._tasks.append(task)
        return task

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Have something done later, by nobody's thread."""
        heapq.heappush(self._timers, (self.now_s + seconds, next(self._numbers), act))

    def wait(self, ready: Callable[[], object], timeout_s: float | None) -> bool:
        """Let others run until `ready` or the time is up; whether it is ready."""
        if ready():
            return True
        task = self.current
        if task is None:
            return self.run(ready, timeout_s)
        task.ready = ready
        task.due_s = None if timeout_s is None else self.now_s + max(0.0, timeout_s)
        self.hub.switch()
        return bool(ready())

    def touch(self) -> None:
        """A step of the life that runs; here it may be killed."""
        task = self.current
        if task is None or task.life is None:
            return
        life = task.life
        life.steps += 1
        if life.steps == life.kill_at:
            life.dead = True
        if life.dead:
            raise GreenletExit

    def bury(self, life: Life) -> None:
        """End what a killed life left; called between turns."""
        assert self.current is None
        for task in [one for one in self._tasks if one.life is life]:
            self._tasks.remove(task)
            if not task.ended:
                self.current = task
                task.greenlet.throw(GreenletExit)
                self.current = None
                assert task.ended, task.name

    def run(self, until: Callable[[], object], timeout_s: float | None) -> bool:
        """Let everything run until something holds; whether it does. Called by whoever looks on, not by a task."""
        assert self.current is None
        ends_s = float("inf") if timeout_s is None else self.now_s + timeout_s
        for _ in range(TURNS_MAX):
            if until():
                return True
            task = self._next_task()
            if task is not None:
                self._turn(task)
            elif not self._let_time_pass(ends_s):
                return bool(until())
        raise AssertionError(f"no end in sight at {self.now_s:.3f} s: {[task.name for task in self._tasks]}")

    def _next_task(self) -> Task | None:
        now_s = self.now_s
        for task in self._tasks:
            if (task.due_s is not None and task.due_s <= now_s) or (task.ready is not None and task.ready()):
                return task
        return None

    def _turn(self, task: Task) -> None:
        task.ready = task.due_s = None
        self.current = task
        try:
            task.greenlet.switch()
        finally:
            self.current = None
        if task.ended:
            self._tasks.remove(task)

    def _let_time_pass(self, ends_s: float) -> bool:
        """Go on to the next moment at which something is due; False when that is the end."""
        moments = [task.due_s for task in self._tasks if task.due_s is not None]
        moments += [due_s for source in self.sources if (due_s := source.next_due_s()) is not None]
        if self._timers:
            moments.append(self._timers[0][0])
        moment_s = min(moments, default=ends_s)
        if moment_s >= ends_s:
            self.now_s = ends_s if ends_s != float("inf") else self.now_s
            return False
        self.now_s = max(self.now_s, moment_s)
        while self._timers and self._timers[0][0] <= self.now_s:
            heapq.heappop(self._timers)[2]()
        for source in self.sources:
            source.advance()
        return True


class TurnEvent:
    """A flag; see drivers.threads.Event."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._raised = False

    def set(self) -> None:
        self._raised = True

    def clear(self) -> None:
        self._raised = False

    def is_set(self) -> bool:
        return self._raised

    def wait(self, timeout: float | None = None) -> bool:
        return self._world.wait(self.is_set, timeout)


class TurnThreads:
    """Threads of one life; see drivers.threads.Threads."""

    def __init__(self, world: World, life: Life) -> None:
        self._world = world
        self._life = life

    def event(self) -> TurnEvent:
        return TurnEvent(self._world)

    def start(self, name: str, run: Callable[[], None]) -> Task:
        return self._world.spawn(name, run, self._life)

    def within(self, running: object) -> bool:
        return running is self._world.current
