"""A platform's statement of a merchant's day, or the word that there is none; what makes a file be another's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agent.core.bill import BillLine
from agent.core.errors import Refused
from agent.core.moment import platform_day

FEN_A_YUAN = 100
UNIT_PROOF_LINES = 3
_SELLER = "2088"


class StatementState(StrEnum):
    """Whether a day's bill is here."""

    READY = "ready"
    NOT_DUE = "not_due"
    """Not made yet; nothing is wrong."""
    OVERDUE = "overdue"
    """It should be here by now."""
    NOTHING = "nothing"
    """The platform says that there is no bill for this day."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One day (GMT+8) of one merchant at one platform; `sha256` is the kept file's. Lines only when it is READY.

    Of several READY statements of a day the one with the highest `version` counts: a corrected bill replaces the first.
    """

    platform: str
    merchant: str
    day: date
    state: StatementState
    lines: Sequence[BillLine] = ()
    sha256: str = ""
    version: int = 1


def newest(statements: Iterable[Statement]) -> dict[date, Statement]:
    """Return the statement that counts, by day: a READY one before any word, then the highest version."""
    by_day: dict[date, Statement] = {}
    for one in statements:
        held = by_day.get(one.day)
        if held is None or _rank(one) > _rank(held):
            by_day[one.day] = one
    return by_day


def _rank(one: Statement) -> tuple[bool, int, str, str]:
    return one.state is StatementState.READY, one.version, one.state.value, one.sha256


def billed_as(platform: str, merchant: str) -> str:
    """Return how the platform's bills name an account; blank where they name it by a number that nobody here knows.

    A sub-merchant's bill names its service provider. An Alipay account that is known by its application names the
    seller, whose numbers begin with 2088.
    """
    if platform == "alipay" and not merchant.startswith(_SELLER):
        return ""
    return merchant.partition("/")[0]


def check_statement(merchant: str, day: date, lines: Iterable[BillLine]) -> None:
    """Refuse the bill of another merchant (`bill.other_merchant`) or day (`bill.other_day`)."""
    days: set[date] = set()
    for line in lines:
        check_merchant(merchant, line)
        days.add(platform_day(line.at_ms))
    if days and day not in days:
        raise Refused("bill.other_day", day=day.isoformat(), found=min(days).isoformat())


def check_merchant(merchant: str, line: BillLine) -> None:
    """Refuse (`bill.other_merchant`) a line of another merchant's bill."""
    if merchant and line.merchant and line.merchant != merchant:
        raise Refused("bill.other_merchant", merchant=merchant, found=line.merchant)


def check_unit(pairs: Iterable[tuple[int, int]]) -> None:
    """Refuse (`bill.wrong_unit`) a bill of which every amount is a hundred times ours, or a hundredth.

    `pairs` are ours and the bill's in fen, of lines that belong together by their numbers. Few lines prove nothing.
    """
    bigger = smaller = other = 0
    for ours_fen, theirs_fen in pairs:
        if theirs_fen == ours_fen * FEN_A_YUAN and ours_fen:
            bigger += 1
        elif ours_fen == theirs_fen * FEN_A_YUAN and ours_fen:
            smaller += 1
        else:
            other += 1
    if not other and max(bigger, smaller) >= UNIT_PROOF_LINES and not (bigger and smaller):
        raise Refused("bill.wrong_unit", found="fen" if bigger else "yuan")
