"""Who may do what: the role matrix, as data from `config/roles.toml` or a directive of HQ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agent.core.errors import Refused


class Role(StrEnum):
    """A person's role. The order of the first four is the order in which they are called for approval."""

    CASHIER = "cashier"
    SHIFT_LEAD = "shift_lead"
    STORE_MANAGER = "store_manager"
    HQ = "hq"
    TECHNICIAN = "technician"
    AUDITOR = "auditor"


LADDER = (Role.CASHIER, Role.SHIFT_LEAD, Role.STORE_MANAGER, Role.HQ)


class Answer(StrEnum):
    """What the matrix says to a wish."""

    YES = "yes"
    NO = "no"
    NEEDS = "needs"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The matrix's word. With NEEDS, `role` is the lowest role whose word is enough.

    `witness` means that any second person of the shop will do.
    """

    answer: Answer
    role: Role | None = None
    witness: bool = False


class _Word(StrEnum):
    YES = "yes"
    NO = "no"
    ASKS = "asks"
    APPROVES = "approves"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class Right:
    """What one role may with one act: a word and, for `yes`, how far."""

    word: str = _Word.NO.value
    limit_fen: int | None = None
    limit_percent: int | None = None

    def covers(self, amount_fen: int, percent: int) -> bool:
        """Tell whether amount and percentage lie within the limits."""
        within_amount = self.limit_fen is None or amount_fen <= self.limit_fen
        within_percent = self.limit_percent is None or percent <= self.limit_percent
        return within_amount and within_percent


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the matrix."""

    name: str
    rights: Mapping[Role, Right] = field(default_factory=dict)
    counted: bool = False
    reason: bool = False
    signature: bool = False
    alone: bool = False

    def right(self, role: Role) -> Right:
        """Return what a role may; `no` when the row does not name it."""
        return self.rights.get(role, Right())


@dataclass(frozen=True, slots=True)
class Matrix:
    """All acts by name."""

    acts: Mapping[str, Act]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Matrix":
        """Build the matrix from plain data; refuses what it does not understand (`roles.bad_act`)."""
        return cls({name: _act(name, row) for name, row in data.items()})

    def act(self, name: str) -> Act:
        """Return a row; refuses an act that the matrix does not have (`roles.unknown_act`)."""
        found = self.acts.get(name)
        if found is None:
            raise Refused("roles.unknown_act", act=name[:40])
        return found

    def may(self, role: Role | str, act: str, *, amount_fen: int = 0, percent: int = 0) -> Verdict:
        """Tell whether a role may do an act of this amount or percentage, or whose word it needs."""
        row, who = self.act(act), _known(role)
        right = row.right(who)
        if row.alone:
            return Verdict(Answer.NO)
        if right.word == _Word.YES and right.covers(amount_fen, percent):
            return Verdict(Answer.YES)
        if right.word == _Word.WITNESS:
            return Verdict(Answer.NEEDS, Role.CASHIER, witness=True)
        needed = self._next_who_approves(row, who, amount_fen, percent)
        return Verdict(Answer.NO) if needed is None else Verdict(Answer.NEEDS, needed)

    def check_approval(
        self,
        act: str,
        *,
        actor: str,
        actor_role: Role | str,
        approver: str,
        approver_role: Role | str,
        amount_fen: int = 0,
        percent: int = 0,
    ) -> None:
        """Return when `approver`'s word lets `actor` do the act.

        Refuses one's own approval (`approval.own`), a role that may not approve this (`approval.not_enough`) and
        an act that no approval lifts (`approval.impossible`).
        """
        if actor == approver:
            raise Refused("approval.own", act=act)
        verdict = self.may(actor_role, act, amount_fen=amount_fen, percent=percent)
        if verdict.answer is Answer.YES:
            return
        if verdict.answer is Answer.NO:
            raise Refused("approval.impossible", act=act)
        enough = self._is_enough(self.act(act), _known(approver_role), verdict, amount_fen, percent)
        if not enough:
            needed = verdict.role.value if verdict.role else ""
            raise Refused("approval.not_enough", act=act, needed=needed)

    def _is_enough(self, row: Act, role: Role, verdict: Verdict, amount_fen: int, percent: int) -> bool:
        if verdict.witness:
            return role in LADDER
        return _approves(row, role, amount_fen, percent)

    def _next_who_approves(self, row: Act, who: Role, amount_fen: int, percent: int) -> Role | None:
        if who not in LADDER:
            return None
        above = LADDER[LADDER.index(who) + 1 :]
        return next((role for role in above if _approves(row, role, amount_fen, percent)), None)


def _known(role: Role | str) -> Role:
    if role not in list(Role):
        raise Refused("roles.unknown_role", role=str(role)[:40])
    return Role(role)


def _approves(row: Act, role: Role, amount_fen: int, percent: int) -> bool:
    if role not in LADDER or role is Role.CASHIER:
        return False
    right = row.right(role)
    return right.word in (_Word.YES, _Word.APPROVES) and right.covers(amount_fen, percent)


_PROPERTIES = ("counted", "reason", "signature", "alone")


def _act(name: str, row: object) -> Act:
    if not isinstance(row, Mapping):
        raise Refused("roles.bad_act", act=name[:40], key=name[:40])
    properties = {key: row[key] for key in _PROPERTIES if key in row}
    if any(not isinstance(value, bool) for value in properties.values()):
        raise Refused("roles.bad_act", act=name[:40], key="property")
    rights = {_role(name, key): _right(name, key, value) for key, value in row.items() if key not in _PROPERTIES}
    return Act(name, rights, **properties)


def _role(act: str, key: str) -> Role:
    if key not in list(Role):
        raise Refused("roles.bad_act", act=act[:40], key=key[:40])
    return Role(key)


def _right(act: str, key: str, value: object) -> Right:
    if isinstance(value, str) and value in list(_Word):
        return Right(value)
    if isinstance(value, Mapping) and len(value) == 1:
        limit, number = next(iter(value.items()))
        if limit == "limit_fen" and type(number) is int and number >= 0:
            return Right(_Word.YES.value, limit_fen=number)
        if limit == "limit_percent" and type(number) is int and 0 <= number <= 100:
            return Right(_Word.YES.value, limit_percent=number)
    raise Refused("roles.bad_act", act=act[:40], key=key[:40])
