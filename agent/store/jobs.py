"""Commands on their way through the writer, and how each gets its answer."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from agent.core.errors import TryLater, UnknownOutcome
from agent.store.unit import Unit

log = logging.getLogger(__name__)


class Job:
    """A command on its way through the writer, and where its answer goes; inner jobs have no future."""

    __slots__ = ("answer", "command", "error", "fingerprint", "future", "hooks", "key")

    def __init__(
        self, command: Callable[[Unit], Any], key: str | None, fingerprint: str, future: "Future[Any] | None"
    ) -> None:
        self.command = command
        self.key = key
        self.fingerprint = fingerprint
        self.future = future
        self.answer: Any = None
        self.error: BaseException | None = None
        self.hooks: list[Callable[[], None]] = []


def answer(jobs: list[Job]) -> None:
    """Run the hooks of work that is on disk, then answer."""
    for job in jobs:
        for hook in job.hooks:
            try:
                hook()
            except Exception:  # the work is on disk: a hook can no longer change the answer
                log.exception("hook after commit")
    for job in jobs:
        future = job.future
        if future is None:
            continue
        if job.error is None:
            future.set_result(job.answer)
        else:
            future.set_exception(job.error)


def answer_all(jobs: list[Job], error: BaseException) -> None:
    """Answer everybody who has no answer yet with the same error."""
    for job in jobs:
        if job.future is not None and not job.future.done():
            job.future.set_exception(error)


def answer_unknown(jobs: list[Job]) -> None:
    """Answer when the disk cannot be asked: with a key the truth is found by asking again, without one it is not."""
    for job in jobs:
        if job.future is not None:
            unknown = UnknownOutcome("store.outcome_unknown") if job.key is None else TryLater("store.commit_failed")
            job.future.set_exception(unknown)
