"""What each role may do at headquarters; a second person is another person with the right, never oneself."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.errors import Credentials


class Role(StrEnum):
    """What a person is."""

    ACCOUNTANT = "accountant"
    LEAD_ACCOUNTANT = "lead_accountant"
    FLEET = "fleet"
    AUDITOR = "auditor"


class Act(StrEnum):
    """What can be done."""

    READ = "read"
    PULL = "pull"
    COMMENT = "comment"
    SETTLE = "settle"
    APPROVE = "approve"
    """Be the second person of a settlement above the limit, or of a reopened month."""
    BANK = "bank"
    """Import statements, assign their lines, declare deposits."""
    PERIOD = "period"
    BOXES = "boxes"
    """Enrolment tokens, revocation."""
    FLEET = "fleet"
    """See how boxes stand, fetch their bundles, have them do one of a closed list of things."""
    PEOPLE = "people"
    """Persons and tokens of programs."""


_ACCOUNTANT = {Act.READ, Act.PULL, Act.COMMENT, Act.SETTLE, Act.BANK}
RIGHTS: dict[Role, frozenset[Act]] = {
    Role.ACCOUNTANT: frozenset(_ACCOUNTANT),
    Role.LEAD_ACCOUNTANT: frozenset(_ACCOUNTANT | {Act.APPROVE, Act.PERIOD, Act.PEOPLE}),
    Role.FLEET: frozenset({Act.READ, Act.BOXES, Act.FLEET, Act.PEOPLE}),
    Role.AUDITOR: frozenset({Act.READ, Act.PULL}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in; `stores` is None for all."""

    name: str
    role: Role
    stores: frozenset[str] | None
    must_change: bool = False

    def may(self, act: Act) -> bool:
        """Tell whether the role has the right."""
        return act in RIGHTS[self.role]

    def sees(self, store: str) -> bool:
        """Tell whether a store is in the person's scope."""
        return self.stores is None or store in self.stores


def require(person: Person, act: Act, store: str | None = None) -> None:
    """Raise `Credentials` (`person.may_not`, `access.not_this_store`) unless the person may; with a store, there."""
    if person.must_change:
        raise Credentials("person.change_password")
    if not person.may(act):
        raise Credentials("person.may_not", act=act.value, role=person.role.value)
    if store is not None and not person.sees(store):
        raise Credentials("access.not_this_store", store=store[:40])


def require_second(first: str, second: Person) -> None:
    """Raise `Credentials` unless `second` may approve and is not who asks."""
    require(second, Act.APPROVE)
    if second.name == first:
        raise Credentials("person.not_oneself")
