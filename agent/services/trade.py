"""Where and when trade happens: the open day of the store and the open shift of a till."""

from dataclasses import dataclass
from typing import Any, TypedDict

from agent.core.errors import Refused
from agent.services.shop import Actor


class TradeFields(TypedDict):
    """The four fields that every entry about trade carries."""

    till: str
    shift: str | None
    staff: str
    day: str


@dataclass(frozen=True, slots=True)
class Trade:
    """Till, shift, staff and business day of an act."""

    till: str
    shift: str | None
    staff: str
    day: str

    def fields(self) -> TradeFields:
        """Return the fields for an event."""
        return {"till": self.till, "shift": self.shift, "staff": self.staff, "day": self.day}


def open_day(connection: Any) -> str | None:
    """Return the date of the open business day, or None."""
    row = connection.execute("SELECT day FROM view_day WHERE state = 'open' ORDER BY opened_ms DESC LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def open_shift(connection: Any, till: str) -> dict[str, Any] | None:
    """Return the open shift of a till, or None."""
    row = connection.execute(
        "SELECT shift, day, staff, opened_ms, float_fen FROM view_shift WHERE till = ? AND state = 'open'", (till,)
    ).fetchone()
    if row is None:
        return None
    return {"shift": row[0], "day": row[1], "staff": row[2], "opened_ms": row[3], "float_fen": row[4]}


def trading(connection: Any, actor: Actor) -> Trade:
    """Return where the actor trades; refuses without an open day (`day.not_open`) or shift (`shift.not_open`)."""
    shift = open_shift(connection, actor.till)
    if shift is None:
        code = "shift.not_open" if open_day(connection) else "day.not_open"
        raise Refused(code, till=actor.till)
    return Trade(actor.till, shift["shift"], actor.staff, shift["day"])


def beginning(connection: Any, actor: Actor) -> Trade:
    """Return where something new is booked; refuses like `trading`, and a shift whose business day is closed.

    The day was closed by force over that shift (`shift.day_closed`): its report is printed, so nothing new may count
    in it. What was begun before is finished by `trading`.
    """
    trade = trading(connection, actor)
    closed = connection.execute("SELECT 1 FROM view_day WHERE day = ? AND state = 'closed'", (trade.day,)).fetchone()
    if closed is not None:
        raise Refused("shift.day_closed", till=actor.till, day=trade.day)
    return trade
