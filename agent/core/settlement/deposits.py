"""Cash on its way: bags that left the safe, against what the bank credited; one deposit slip a store and day.

Till, safe, in transit, bank: a bag is in transit from its slip on, and arrives with the bank line that carries its
reference. A bank may credit several bags in one line, or less than was counted; what it counted is the truth, the
difference is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agent.core.settlement.bank import BankLine

LATE_AFTER_DAYS = 2


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit slip: `reference` stands on it and comes back in the bank's text; `bags` are their numbers."""

    store: str
    day: date
    reference: str
    amount_fen: int
    bags: tuple[str, ...] = ()


class DepositState(StrEnum):
    """Where the cash is."""

    IN_TRANSIT = "in_transit"
    LATE = "late"
    ARRIVED = "arrived"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class DepositFinding:
    """One deposit; `difference_fen` is what the bank counted more (or less, negative) than the slip says."""

    deposit: Deposit
    state: DepositState
    line: str | None = None
    difference_fen: int = 0
    days_in_transit: int = 0


@dataclass(frozen=True, slots=True)
class DepositMatch:
    """Every deposit once, and cash credits that no slip explains."""

    findings: tuple[DepositFinding, ...]
    unexplained: tuple[BankLine, ...]


def match_deposits(
    deposits: Sequence[Deposit], lines: Sequence[BankLine], today: date, assigned: Mapping[str, str] | None = None
) -> DepositMatch:
    """Return what became of each deposit by the references that the bank's lines carry.

    A line that names several slips pays them together: it agrees with all of them or, when the sum differs, the
    difference is reported on the last. `assigned` names the slip of a line where a person decided it, whatever the
    line says; such lines come first.
    """
    chosen = assigned or {}
    found: dict[str, DepositFinding] = {}
    unexplained = []
    for line in sorted(lines, key=lambda one: (one.line not in chosen, one.booked, one.line)):
        named = [one for one in deposits if one.reference not in found and _pays(line, one, chosen.get(line.line))]
        if not named:
            unexplained.append(line)
            continue
        difference_fen = line.amount_fen - sum(one.amount_fen for one in named)
        for one in named:
            share_fen = difference_fen if one is named[-1] else 0
            state = DepositState.DIFFERS if share_fen else DepositState.ARRIVED
            days = max(0, (line.booked - one.day).days)
            found[one.reference] = DepositFinding(one, state, line.line, share_fen, days)
    return DepositMatch(
        tuple(found.get(one.reference) or _on_its_way(one, today) for one in deposits), tuple(unexplained)
    )


def _pays(line: BankLine, deposit: Deposit, slip: str | None) -> bool:
    return _names(line, deposit) if slip is None else deposit.reference == slip


def _names(line: BankLine, deposit: Deposit) -> bool:
    words = f" {line.reference} {line.text} ".replace("/", " ").replace(",", " ").replace(";", " ").split()
    return bool(deposit.reference) and deposit.reference in words


def _on_its_way(deposit: Deposit, today: date) -> DepositFinding:
    days = max(0, (today - deposit.day).days)
    state = DepositState.LATE if days > LATE_AFTER_DAYS else DepositState.IN_TRANSIT
    return DepositFinding(deposit, state, days_in_transit=days)
