"""How the nouns reach a box: its journal for reading, its verbs through the one process that may write."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.core.errors import TryLater
from agent.settings import Settings, in_force

if TYPE_CHECKING:
    from agent.core.payment import Platform

BAR_AFTER_S = 2.0
STARTING_S = 5.0
"""A box that starts, or goes from setup to trade, answers by then."""


@contextmanager
def journal_of(settings: Settings) -> Iterator[Any]:
    """Give a connection that reads a box's journal, whether the box runs or not; refuses when there is none."""
    from agent.store.connection import JOURNAL_FILE, open_reader, snapshot

    connection = open_reader(settings.state / JOURNAL_FILE)
    try:
        with snapshot(connection):
            yield connection
    finally:
        connection.close()


def tell(state: Path | None, verb: str, **values: str) -> Any:
    """Have the box run a verb: the running one is asked; else the box is opened here, and closed again."""
    from agent.daemon.control import ask
    from agent.daemon.lock import is_running

    settings = in_force(state)
    ends_s = time.monotonic() + STARTING_S
    while is_running(settings.state):
        try:
            return ask(settings.state, verb, values)
        except OSError as error:
            unheard = isinstance(error, FileNotFoundError | ConnectionRefusedError)
            if not unheard or time.monotonic() > ends_s:
                raise TryLater("control.no_answer", state=str(settings.state)) from error
        time.sleep(0.1)
    return _here(settings, verb, values)


def _here(settings: Settings, verb: str, values: dict[str, str]) -> Any:
    from agent.daemon.box import Box, Outside, enrolment_of
    from agent.daemon.clock import SystemClock, SystemEntropy
    from agent.daemon.control import act
    from agent.daemon.lock import StateLock

    enrolment_of(settings.state)
    with StateLock(settings.state):
        platforms = _own_platforms(settings) if verb.startswith("bill.") else {}
        box = Box(settings, Outside(SystemClock(), SystemEntropy(), lambda kind, data: None, platforms))
        try:
            return act(box, verb, values)
        finally:
            box.writer.close()
            box.readers.close()


def _own_platforms(settings: Settings) -> "dict[str, Platform]":
    """Return the platforms whose keys lie on this box."""
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.platforms import from_folder

    return {} if settings.payments.custody == "hq" else from_folder(settings.state, SystemEntropy())[0]


def clock_text(at_ms: int | None, settings: Settings) -> str:
    """Return a moment as the shop's clock shows it."""
    return "-" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, settings.zone).strftime("%Y-%m-%d %H:%M:%S")


@contextmanager
def bar_when_long(description: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function `(done, whole)`; after two seconds a bar stands on standard error, if a person watches."""
    from agent.cli.output import progress

    began_s = time.monotonic()
    opened: list[Any] = []
    shown = 0

    def report(done: int, whole: int) -> None:
        nonlocal shown
        if not opened and sys.stderr.isatty() and time.monotonic() - began_s > BAR_AFTER_S:
            opened.append(progress(description, whole))
            opened.append(opened[0].__enter__())
        if opened:
            opened[1](done - shown)
            shown = done

    try:
        yield report
    finally:
        if opened:
            opened[0].__exit__(None, None, None)
