"""The store's business day: open, close with its named list of unfinished things, report."""

from dataclasses import asdict
from typing import Any

from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import DayClosed, DayOpened
from agent.core.moment import business_day
from agent.services import unfinished
from agent.services.authority import require
from agent.services.journaling import record
from agent.services.reports import day_report
from agent.services.shop import Actor, Approval, Shop
from agent.services.slips import queue_day_slip
from agent.services.trade import Trade, open_day
from agent.store.unit import Unit

Shown = dict[str, Any]
_SHIFTS = """SELECT shift.till, coalesce(person.name, shift.staff) FROM view_shift shift
    LEFT JOIN staff person ON person.id = shift.staff WHERE shift.state = 'open' ORDER BY shift.till"""


def open_the_day(shop: Shop, actor: Actor, approval: Approval | None = None, key: str | None = None) -> Shown:
    """Open the store's business day; its date is the local date, before the day's start the day before.

    A date that was closed already opens again only by who may force it: its sales never change. Refused while a day is
    open (`day.open_already`).
    """
    require(shop, actor, "open_day", approval)

    def command(unit: Unit) -> Shown:
        if open_day(unit.connection) is not None:
            raise Refused("day.open_already")
        day = business_day(unit.now_ms, shop.store.zone, shop.store.day_starts).isoformat()
        known = unit.connection.execute("SELECT state FROM view_day WHERE day = ?", (day,)).fetchone()
        if known is not None:
            require(shop, actor, "force_close_day", approval)
        record(unit, DayOpened(day, actor.staff, actor.till))
        return {"day": day}

    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"open": actor.till}))
    shop.changed(actor.till)
    return answer


def unfinished_things(shop: Shop) -> list[Shown]:
    """Return what is not finished in the whole store, unsent entries and lines of bills that do not agree included.

    Open shifts come first: they alone hinder the close. `name` is their till, `staff` who opened them, by name.
    """
    connection = shop.read()
    things = [
        {"what": "shift", "name": till, "staff": staff, "amount_fen": 0} for till, staff in connection.execute(_SHIFTS)
    ]
    things += [asdict(thing) for thing in unfinished.listed(shop, connection)]
    entries, money_fen = unfinished.unsent(shop, connection)
    if entries:
        things.append({"what": "unsent", "name": str(entries), "amount_fen": money_fen})
    open_still = connection.execute("SELECT count(*) FROM view_difference WHERE state = 'open'").fetchone()[0]
    if open_still:
        things.append({"what": "difference", "name": str(open_still), "amount_fen": 0})
    return things


def close_the_day(
    shop: Shop,
    actor: Actor,
    forced_reason: str | None = None,
    approval: Approval | None = None,
    key: str | None = None,
) -> Shown:
    """Close the store's day and print its report. Open shifts refuse it (`day.shifts_open`) unless forced with reason.

    What is unfinished is named and carried over; it never hinders the close.
    """
    require(shop, actor, "force_close_day" if forced_reason else "close_day", approval)

    def command(unit: Unit) -> Shown:
        day = open_day(unit.connection)
        if day is None:
            raise Refused("day.not_open", till=actor.till)
        shifts = unit.connection.execute("SELECT till FROM view_shift WHERE state = 'open' ORDER BY till").fetchall()
        if shifts and not forced_reason:
            raise Refused("day.shifts_open", tills="、".join(till for (till,) in shifts))
        report = day_report(shop, unit.connection, day)
        things = unfinished.listed(shop, unit.connection)
        event = DayClosed(
            day=day,
            staff=actor.staff,
            till=actor.till,
            forced_reason=(forced_reason or "")[:200] or None,
            sales=report["sales"],
            sales_fen=report["sales_fen"],
            refunds=report["refunds"],
            refunds_fen=report["refunds_fen"],
            unfinished=things,
        )
        record(unit, event)
        unit.seal()
        trade = Trade(actor.till, None, actor.staff, day)
        slip = queue_day_slip(shop, unit, trade, report, event)
        return {**report, "unfinished": [asdict(thing) for thing in things], "slip": slip}

    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"close": actor.till}))
    shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return answer
