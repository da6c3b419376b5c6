"""Money at the bank: a person picks the line that pays a platform's days, or a deposit slip, and says why.

A merchant account is shared by stores: its lines are picked by who sees all of them. What somebody else has just picked
is refused (`bank.line_taken`); a pick is changed on the command line.
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from agent.core.errors import Credentials, Refused, StoreboxError
from agent.core.moment import platform_day
from agent.core.reconcile.workflow import checked_reason
from sync.hq import registry
from sync.hq.books.bank import assign_line, check_free
from sync.hq.books.bank_settings import CASH, OTHER
from sync.hq.books.deposits import matched_deposits
from sync.hq.pages.money_facts import DONE_SHOWN, bank_facts
from sync.hq.pages.render import page, problem
from sync.hq.pages.route import PageRoute
from sync.hq.pages.web import Desk, Form, asking, field, has_csrf, sent_form
from sync.hq.people.rights import Act, Person, require

Sent = Annotated[Form, Depends(sent_form)]
_BACK = re.compile(r"/stores/[A-Z0-9]{1,10}/days/\d{4}-\d{2}-\d{2}")


def money_router(desk: Desk) -> APIRouter:
    """Return the routes of the bank's side."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.get("/bank")
    def bank_page(request: Request, back: str = "") -> Response:
        return _page(desk, request, asking(desk, request), back=back if _BACK.fullmatch(back) else "")

    @router.post("/bank/{what}")
    def pick(request: Request, what: str, form: Sent) -> Response:
        person = asking(desk, request, Act.BANK)
        has_csrf(request, form)
        back = field(form, "back") if _BACK.fullmatch(field(form, "back")) else ""
        if what not in PICKS:
            raise Refused("request.not_found")
        try:
            with desk.office.database.write() as connection:
                PICKS[what](connection, person, form, desk.office.now_ms())
        except StoreboxError as error:
            status = 403 if isinstance(error, Credentials) else 400
            return _page(desk, request, person, status, problem=problem(request, error), back=back)
        return RedirectResponse(back or "/bank", 303)

    return router


def may_pick(person: Person) -> bool:
    """Tell whether a person picks lines for merchant accounts."""
    return person.may(Act.BANK) and person.stores is None


def _page(desk: Desk, request: Request, person: Person, status: int = 200, **more: Any) -> Response:
    today = platform_day(desk.office.now_ms())
    with desk.office.database.read() as connection:
        facts = bank_facts(connection, desk.office.state or Path(), today)
        names = dict(registry.store_names(connection))
    payouts = facts.payouts if person.stores is None else ()
    deposits = [row for row in facts.deposits if person.sees(row.found.deposit.store)]
    values = {
        "open_payouts": [row for row in payouts if row.waits],
        "done_payouts": [row for row in payouts if row.line is not None][-DONE_SHOWN:][::-1],
        "open_deposits": [row for row in deposits if row.waits],
        "done_deposits": [row for row in deposits if row.line is not None][-DONE_SHOWN:][::-1],
        "unknown": facts.unknown if person.stores is None else (),
        "names": names,
        "may_pick": may_pick(person),
        "may_deposit": person.may(Act.BANK),
        "back": "",
    }
    return page(request, "bank.html", person, status, **{"problem": None, **values, **more})


def _payout(connection: Connection, person: Person, form: Form, now_ms: int) -> None:
    """Let a line pay an account's open days up to one."""
    _sees_all(person)
    try:
        day = date.fromisoformat(field(form, "day"))
    except ValueError as error:
        raise Refused("request.malformed", field="day") from error
    reason = checked_reason(field(form, "reason"))
    check_free(connection, field(form, "line"), field(form, "account"))
    assign_line(connection, field(form, "line"), field(form, "account"), day, person.name, reason, now_ms)


def _deposit(connection: Connection, person: Person, form: Form, now_ms: int) -> None:
    """Let a line pay a slip of a store that the person sees."""
    slip = field(form, "slip")
    for one in matched_deposits(connection, platform_day(now_ms)).findings:
        if one.deposit.reference == slip:
            require(person, Act.BANK, one.deposit.store)
    reason = checked_reason(field(form, "reason"))
    check_free(connection, field(form, "line"), CASH)
    assign_line(connection, field(form, "line"), CASH, None, person.name, reason, now_ms, slip=slip)


def _other(connection: Connection, person: Person, form: Form, now_ms: int) -> None:
    """Say that a line is no takings of ours: rent, interest, a supplier."""
    _sees_all(person)
    reason = checked_reason(field(form, "reason"))
    check_free(connection, field(form, "line"), OTHER)
    assign_line(connection, field(form, "line"), OTHER, None, person.name, reason, now_ms)


def _sees_all(person: Person) -> None:
    if not may_pick(person):
        raise Credentials("access.not_this_store", store="@bank")


PICKS = {"payout": _payout, "deposit": _deposit, "other": _other}
