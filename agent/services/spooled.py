"""What the spool asks of a printer; the daemon gives it the driver, tests a fake."""

from collections.abc import Mapping
from typing import Any, Protocol


class Outcome(Protocol):
    """What a printer says about a document; `outcome` is the value of the driver's enum."""

    @property
    def outcome(self) -> str:
        """printed, printed_unverified, unconfirmed or not_started."""

    @property
    def code(self) -> str | None:
        """The reason, as a driver's code."""


class Witness(Protocol):
    """What a printer told before a slip."""

    @property
    def cuts_after(self) -> int | None:
        """Where its counter of cuts stands when the slip is out; None when it has none."""

    @property
    def printed(self) -> str | None:
        """The mark of an interrupted slip that proved to be on paper."""


class Printer(Protocol):
    """A printer as the spool's worker drives it, from one thread; `kick` and `trouble` from any."""

    def process_id(self, number: int) -> str:
        """Return the mark under which the printer reports a slip, by its place in the queue."""

    def trouble(self) -> str | None:
        """Return why it would not print now, as a driver's code: away, silent, without paper; None when it would."""

    def doubt(self, mark: str, cuts_after: int | None) -> None:
        """Say that an earlier run was interrupted in the slip of this mark; `witness` may settle it."""

    def witness(self, document: Mapping[str, Any], *, void_predecessor: bool = False) -> Witness:
        """Return what will prove a slip that is about to begin, to be written down first."""

    def print(
        self,
        document: Mapping[str, Any],
        mark: str,
        *,
        void_predecessor: bool = False,
        cuts_after: int | None = None,
    ) -> Outcome:
        """Print a document; returns when its end is known or can't be known any more."""

    def kick(self) -> Outcome:
        """Open the drawer at once, also when paper is out where the printer can."""
