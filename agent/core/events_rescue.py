"""Entries about a store's boxes themselves: what a dead one's disk brought, and the end of one.

The rules of `agent.core.events` hold: a body never changes meaning.
"""

from dataclasses import dataclass
from typing import ClassVar

from agent.core.events import Event


@dataclass(frozen=True, slots=True)
class LateRun:
    """Entries of an earlier epoch that an old disk brought; `unsealed` of them at the end no seal covers."""

    epoch: int
    box: str
    first_seq: int
    entries: int
    head: str
    unsealed: int


@dataclass(frozen=True, slots=True)
class LateImported(Event):
    """Entries of a dead disk count from here on.

    `amount_fen` is the money of the sales and refunds among them; `shifts` and `days` are what they left open.
    """

    KIND: ClassVar[str] = "late.imported"
    epochs: tuple[LateRun, ...]
    amount_fen: int
    shifts: tuple[str, ...]
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreRetired(Event):
    """The store's box trades no more: closed, moved, or its merchant changed."""

    KIND: ClassVar[str] = "store.retired"
    reason: str
    by: str
