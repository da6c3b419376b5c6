"""Persons and programs that read: listed, added, reset, taken out. Each act is a note in its own transaction.

Nobody gives, resets or takes a right that he does not have himself: a lead accountant makes accountants, leads and
auditors, fleet makes fleet, and neither can lend himself the other's rights. `storebox-hq person add` makes the first
of each. Who makes an account knows its first password and could be two persons with it: the notes say who made which.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from agent.core.errors import Credentials, Refused, StoreboxError
from sync.hq import registry
from sync.hq.books.notes import write_note
from sync.hq.pages.entrance import OFFICE_BOOK
from sync.hq.pages.render import page, problem
from sync.hq.pages.route import PageRoute
from sync.hq.pages.web import Desk, Form, asking, field, has_csrf, sent_form
from sync.hq.people.accounts import add_person, disable_person, people, reset_password
from sync.hq.people.rights import RIGHTS, Act, Person, Role, require

Sent = Annotated[Form, Depends(sent_form)]
PROGRAM_NAME_CHARACTERS_MAX = 40


def people_router(desk: Desk) -> APIRouter:
    """Return the routes of persons and programs."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.get("/people")
    def people_page(request: Request) -> Response:
        return _page(desk, request, asking(desk, request, Act.PEOPLE))

    @router.post("/people/{verb}")
    def people_act(request: Request, verb: str, form: Sent) -> Response:
        acts = {"add": _add, "reset": _reset, "disable": _disable}
        return _done(desk, request, form, acts.get(verb))

    @router.post("/programs/{verb}")
    def programs_act(request: Request, verb: str, form: Sent) -> Response:
        acts = {"add": _add_program, "revoke": _revoke_program}
        return _done(desk, request, form, acts.get(verb))

    return router


def manages(manager: Person, role: str, stores: Sequence[str] | None) -> bool:
    """Tell whether somebody may manage one of that role and scope (None: all stores)."""
    if role not in list(Role) or not RIGHTS[Role(role)] <= RIGHTS[manager.role]:
        return False
    return manager.stores is None or (stores is not None and set(stores) <= manager.stores)


def _page(desk: Desk, request: Request, person: Person, status: int = 200, **more: Any) -> Response:
    with desk.office.database.read() as connection:
        found = [
            {**one, "mine": one["name"] != person.name and manages(person, str(one["role"]), _list(one["stores"]))}
            for one in people(connection)
        ]
        programs = [one for one in registry.access_tokens(connection) if _within(person, _list(one["stores"]))]
        stores = [(store, name) for store, name in registry.store_names(connection) if person.sees(store)]
    roles = [role for role in Role if RIGHTS[role] <= RIGHTS[person.role]]
    values = {"secret": None, "problem": None, **more}
    may_token = person.may(Act.PULL)
    return page(
        request, "people.html", person, status, people=found, programs=programs, stores=stores, roles=roles,
        may_token=may_token, **values,
    )  # fmt: skip


def _done(desk: Desk, request: Request, form: Form, act: Any) -> Response:
    person = asking(desk, request, Act.PEOPLE)
    has_csrf(request, form)
    if act is None:
        raise Refused("request.not_found")
    try:
        with desk.office.database.write() as connection:
            secret = act(connection, person, form, desk.office.now_ms())
    except StoreboxError as error:
        return _page(
            desk, request, person, 403 if isinstance(error, Credentials) else 400, problem=problem(request, error)
        )
    return RedirectResponse("/people", 303) if secret is None else _page(desk, request, person, secret=secret)


def _add(connection: Connection, person: Person, form: Form, now_ms: int) -> Mapping[str, str]:
    name, role, stores = field(form, "name"), field(form, "role"), _scope(form, person)
    if role in list(Role) and not manages(person, role, stores):
        raise Credentials("person.not_yours", name=name[:40])
    password = add_person(connection, name, role, stores, now_ms)
    _note(connection, person, now_ms, "account.added", name, {"role": role, "stores": stores})
    return {"kind": "password", "name": name, "value": password}


def _reset(connection: Connection, person: Person, form: Form, now_ms: int) -> Mapping[str, str]:
    name = _managed(connection, person, form)
    password = reset_password(connection, name)
    _note(connection, person, now_ms, "account.reset", name, {})
    return {"kind": "password", "name": name, "value": password}


def _disable(connection: Connection, person: Person, form: Form, now_ms: int) -> None:
    name = _managed(connection, person, form)
    disable_person(connection, name, now_ms)
    _note(connection, person, now_ms, "account.disabled", name, {})


def _add_program(connection: Connection, person: Person, form: Form, now_ms: int) -> Mapping[str, str]:
    require(person, Act.PULL)
    name, stores = field(form, "name"), _scope(form, person)
    if not name or len(name) > PROGRAM_NAME_CHARACTERS_MAX or not name.isprintable():
        raise Refused("person.bad_name")
    if not _within(person, stores):
        raise Credentials("person.not_yours", name=name)
    for store in stores or ():
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store[:10])
    token = registry.make_access_token(connection, name, stores, now_ms)
    _note(connection, person, now_ms, "program.token_made", name, {"stores": stores})
    return {"kind": "token", "name": name, "value": token}


def _revoke_program(connection: Connection, person: Person, form: Form, now_ms: int) -> None:
    digest = field(form, "token")
    found = [one for one in registry.access_tokens(connection) if one["token_sha256"] == digest]
    if not found or not _within(person, _list(found[0]["stores"])):
        raise Refused("person.unknown", name=digest[:8])
    registry.revoke_access_token(connection, digest, now_ms)
    _note(connection, person, now_ms, "program.token_revoked", str(found[0]["name"]), {"token_sha256": digest})


def _managed(connection: Connection, person: Person, form: Form) -> str:
    """Return whom the form names; refuses oneself and who is out of reach."""
    name = field(form, "name")
    for one in people(connection):
        if one["name"] == name:
            if name == person.name or not manages(person, str(one["role"]), _list(one["stores"])):
                raise Credentials("person.not_yours", name=name)
            return name
    raise Refused("person.unknown", name=name[:40])


def _scope(form: Form, person: Person) -> list[str] | None:
    """Return the stores that a form ticks; none ticked is what the manager sees himself."""
    ticked = sorted({store.strip() for store in form.get("store", []) if store.strip()})
    if ticked:
        return ticked
    return None if person.stores is None else sorted(person.stores)


def _within(person: Person, stores: Sequence[str] | None) -> bool:
    return person.stores is None or (stores is not None and set(stores) <= person.stores)


def _list(stores: object) -> list[str] | None:
    return None if stores is None else [str(store) for store in stores] if isinstance(stores, list) else []


def _note(
    connection: Connection, person: Person, now_ms: int, kind: str, subject: str, body: Mapping[str, object]
) -> None:
    write_note(connection, OFFICE_BOOK, now_ms, person.name, kind, subject, body)
