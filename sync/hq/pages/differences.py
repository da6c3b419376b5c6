"""The desk of differences: what is not settled, most money first, and one of them with all that can be done."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as InPath
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from agent.core.errors import Credentials, Refused, StoreboxError
from agent.core.reconcile.classes import DIFFERENCES, LineClass, Owner
from agent.core.reconcile.workflow import BY_PERSONS, Difference, DifferenceState, Limits
from sync.hq import registry
from sync.hq.books import difference_desk as acts
from sync.hq.books.difference_list import LISTED_MAX, Wanted, history, listed
from sync.hq.books.difference_settings import limits_of
from sync.hq.books.differences import find
from sync.hq.pages.difference_sides import journal_side
from sync.hq.pages.render import page, problem
from sync.hq.pages.route import PageRoute
from sync.hq.pages.web import Desk, Form, asking, field, has_csrf, sent_form
from sync.hq.people.accounts import people
from sync.hq.people.rights import RIGHTS, Act, Person, Role

Sent = Annotated[Form, Depends(sent_form)]
Number = Annotated[str, InPath(pattern=r"^D[A-Z0-9]{1,30}$")]
Text = Annotated[str, Query(max_length=80)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form was sent for, by whom and when; `version` is what the person saw."""

    number: str
    form: Form
    person: Person
    limits: Limits
    now_ms: int

    @property
    def reason(self) -> str:
        """Return why."""
        return field(self.form, "reason")

    @property
    def version(self) -> int:
        """Return the version that the page showed; refuses with `request.malformed`."""
        text = field(self.form, "version")
        if not text.isascii() or not text.isdecimal() or len(text) > 15:
            raise Refused("request.malformed", field="version")
        return int(text)


def differences_router(desk: Desk) -> APIRouter:
    """Return the routes of differences."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.get("/differences")
    def list_page(
        request: Request, standing: Text = "", store: Text = "", day: Text = "", kind: Text = "", owner: Text = ""
    ) -> Response:
        person = asking(desk, request)
        chosen = DifferenceState(standing) if standing in list(DifferenceState) else None
        wanted = Wanted(chosen, store.strip().upper(), day, kind, owner, stores=person.stores)
        return page(request, "differences.html", person, **_list(desk, person, wanted))

    @router.get("/differences/{number}")
    def one_page(request: Request, number: Number) -> Response:
        return _one(desk, request, asking(desk, request), number)

    @router.post("/differences/{number}/{verb}")
    def act(request: Request, number: Number, verb: str, form: Sent) -> Response:
        person = asking(desk, request)
        has_csrf(request, form)
        if verb not in ACTS:
            raise Refused("request.not_found")
        try:
            limits = limits_of(desk.office.state)
            asked = Asked(number, form, person, limits, desk.office.now_ms())
            with desk.office.database.write() as connection:
                ACTS[verb](connection, asked)
        except StoreboxError as error:
            if error.code == "difference.unknown":
                raise
            status = 403 if isinstance(error, Credentials) else 400
            return _one(desk, request, person, number, status, problem=problem(request, error), verb=verb, sent=form)
        return RedirectResponse(f"/differences/{number}", 303)

    return router


def _list(desk: Desk, person: Person, wanted: Wanted) -> dict[str, Any]:
    with desk.office.database.read() as connection:
        rows = [one for _, one in listed(connection, wanted)]
        names = dict(registry.store_names(connection))
        settlers = _settlers(connection)
    return {
        "rows": rows,
        "names": names,
        "stores": [(store, name) for store, name in names.items() if person.sees(store)],
        "wanted": asdict(wanted),
        "classes": DIFFERENCES_IN_ORDER,
        "owners": [one for one in Owner if one is not Owner.NOBODY],
        "settlers": settlers,
        "states": list(DifferenceState),
        "stake_fen": sum(one.stake_fen for one in rows),
        "waiting": sum(one.state is DifferenceState.PROPOSED for one in rows),
        "cut": len(rows) == LISTED_MAX,
    }


DIFFERENCES_IN_ORDER = [one for one in LineClass if one in DIFFERENCES]


def _one(desk: Desk, request: Request, person: Person, number: str, status: int = 200, **more: Any) -> Response:
    with desk.office.database.read() as connection:
        book, known = find(connection, number)
        if not acts.sees(person, known):
            raise Credentials("access.not_this_store", store=known.line_store or book)
        values: dict[str, Any] = {
            "one": known,
            "book": book,
            "journal": journal_side(connection, known),
            "notes": history(connection, book, number),
            "names": dict(registry.store_names(connection)),
            "settlers": _settlers(connection),
            "settlements": BY_PERSONS,
            "limits": limits_of(desk.office.state),
            **_may(person, known),
        }
    values["stores"] = [(store, name) for store, name in values["names"].items() if person.sees(store)]
    return page(
        request, "difference.html", person, status, **{"problem": None, "verb": "", "sent": {}, **values, **more}
    )


def _may(person: Person, known: Difference) -> Mapping[str, bool]:
    """Return which forms a person is offered; the acts themselves decide."""
    is_open, waits = known.state is DifferenceState.OPEN, known.state is DifferenceState.PROPOSED
    mine = known.settled_by == person.name
    return {
        "may_settle": is_open and person.may(Act.SETTLE),
        "may_approve": waits and not mine and person.may(Act.APPROVE),
        "may_send_back": waits and (person.may(Act.APPROVE) or (mine and person.may(Act.SETTLE))),
        "may_reopen": known.state is DifferenceState.SETTLED and person.may(Act.APPROVE),
        "may_comment": person.may(Act.COMMENT),
        "waits_for_another": waits and mine,
    }


def _settlers(connection: Connection) -> list[str]:
    """Return the names of who could settle something."""
    able = {role.value for role in Role if Act.SETTLE in RIGHTS[role]}
    return [str(one["name"]) for one in people(connection) if one["role"] in able and not one["disabled"]]


def _settle(connection: Connection, asked: Asked) -> None:
    settlement = field(asked.form, "settlement")
    acts.settle(
        connection, asked.number, settlement, asked.person, asked.reason, asked.limits, asked.now_ms, asked.version
    )


def _approve(connection: Connection, asked: Asked) -> None:
    acts.approve(connection, asked.number, asked.person, asked.now_ms, asked.version)


def _send_back(connection: Connection, asked: Asked) -> None:
    acts.send_back(connection, asked.number, asked.person, asked.reason, asked.now_ms, asked.version)


def _reopen(connection: Connection, asked: Asked) -> None:
    acts.reopen(connection, asked.number, asked.person, asked.reason, asked.now_ms, asked.version)


def _comment(connection: Connection, asked: Asked) -> None:
    acts.comment(connection, asked.number, asked.person, asked.reason, asked.now_ms)


def _assign(connection: Connection, asked: Asked) -> None:
    store, text = field(asked.form, "store"), field(asked.form, "day")
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Refused("request.malformed", field="day") from error
    acts.assign_to_store(connection, asked.number, store, day, asked.person, asked.reason, asked.now_ms, asked.version)


def _hand_over(connection: Connection, asked: Asked) -> None:
    name = field(asked.form, "to")
    acts.assign_to_person(connection, asked.number, name, asked.person, asked.reason, asked.now_ms, asked.version)


ACTS: Mapping[str, Callable[[Connection, Asked], None]] = {
    "settle": _settle,
    "approve": _approve,
    "send-back": _send_back,
    "reopen": _reopen,
    "comment": _comment,
    "assign": _assign,
    "hand-over": _hand_over,
}
