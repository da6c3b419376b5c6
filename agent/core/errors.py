"""Errors, classed by what to do next. Every one has a stable code; its sentences stand in `agent.core.sentences`."""

from enum import StrEnum


class Family(StrEnum):
    """What the one who gets the error should do next."""

    REFUSED = "refused"
    """Final; tell the cashier, never retry unchanged."""
    TRY_LATER = "try_later"
    """Nothing happened; the same request may succeed later."""
    UNKNOWN_OUTCOME = "unknown_outcome"
    """It may have happened; look it up before doing anything else."""
    CREDENTIALS = "credentials"
    """Who asks is not known or may not; log in, enrol, or call who may."""
    BROKEN = "broken"
    """Our defect or damaged data; record, stop what is affected, name the remedy."""


class StoreboxError(Exception):
    """Base of all errors that a person may see; `code` is stable, `values` fill the sentence."""

    family: Family = Family.BROKEN

    def __init__(self, code: str, /, **values: int | str | None) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        if not self.values:
            return self.code
        return f"{self.code} ({', '.join(f'{key}={value}' for key, value in self.values.items())})"


class Refused(StoreboxError):
    """Against a rule of the shop or wrong input."""

    family = Family.REFUSED


class TryLater(StoreboxError):
    """Not possible now; nothing happened."""

    family = Family.TRY_LATER


class UnknownOutcome(StoreboxError):
    """Sent, and no answer that can be believed."""

    family = Family.UNKNOWN_OUTCOME


class Credentials(StoreboxError):
    """Who asks is not known, or may not do this."""

    family = Family.CREDENTIALS


class Broken(StoreboxError):
    """A defect of ours or damaged data."""

    family = Family.BROKEN
