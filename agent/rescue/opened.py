"""The store of a box that does not run, opened by the command line; and its way to headquarters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.core.errors import Refused
from agent.daemon.clock import SystemClock
from agent.store import views
from agent.store.connection import Readers
from agent.store.writer import Writer
from sync.enrol import Enrolment, device_key
from sync.past_source import PastSource
from sync.pins import pins_of
from sync.session import HttpSession

JOURNAL = "journal.db"
READ_TIMEOUT_S = 60.0
"""Headquarters reads megabytes before it answers."""


@dataclass(frozen=True, slots=True)
class OpenStore:
    """Writer and readers of a state folder; the caller holds its lock."""

    state: Path
    writer: Writer
    readers: Readers


@contextmanager
def open_store(state: Path, enrolment: Enrolment) -> Iterator[OpenStore]:
    """Open the journal of an enrolled box; closed at the end of the block."""
    writer = Writer(state / JOURNAL, views=views, clock=SystemClock(), signer=device_key(state, enrolment))
    readers = Readers(state / JOURNAL)
    try:
        yield OpenStore(state, writer, readers)
    finally:
        writer.close()
        readers.close()


@contextmanager
def past_source(state: Path, enrolment: Enrolment, hq_url: str | None = None) -> Iterator[PastSource]:
    """Give the way to the store's history; refuses a box without headquarters (`restore.no_headquarters`)."""
    url, keys = hq_url or enrolment.hq_url, enrolment.key_ring()
    if url is None or keys is None:
        raise Refused("restore.no_headquarters")
    session = HttpSession(url, read_timeout_s=READ_TIMEOUT_S, pins=pins_of(state))
    try:
        yield PastSource(session, device_key(state, enrolment), enrolment.identity, keys)
    finally:
        session.close()
