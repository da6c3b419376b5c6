"""How an entry changes the view tables: one function a kind, plain SQL on the writer's connection."""

from collections.abc import Callable, Iterable
from typing import Any

from agent.core.ledger import postings
from agent.store.place import Place
from agent.store.views.matching import RULES as MATCHING_RULES

Body = dict[str, Any]
Rule = Callable[[Any, Place, Body], None]
Total = tuple[str, str, int, int]
"""measure, name, count, amount_fen"""

_ADD_TOTAL = (
    "INSERT INTO view_total(shift, day, measure, name, count, amount_fen) VALUES(?,?,?,?,?,?)"
    " ON CONFLICT(day, shift, measure, name) DO UPDATE SET"
    " count = count + excluded.count, amount_fen = amount_fen + excluded.amount_fen"
)
_LEFT_OPEN = "UPDATE view_shift SET state = 'left', closed_ms = ? WHERE till = ? AND state = 'open'"
_ADD_ACCOUNT = (
    "INSERT INTO view_account(day, account, amount_fen) VALUES(?,?,?)"
    " ON CONFLICT(day, account) DO UPDATE SET amount_fen = amount_fen + excluded.amount_fen"
)


def _add_totals(connection: Any, body: Body, totals: Iterable[Total]) -> None:
    shift, day = body.get("shift") or "", body["day"]
    connection.executemany(_ADD_TOTAL, [(shift, day, *total) for total in totals])


def _merged(totals: Iterable[Total]) -> list[Total]:
    sums: dict[tuple[str, str], list[int]] = {}
    for measure, name, count, amount_fen in totals:
        found = sums.get((measure, name))
        if found is None:
            sums[measure, name] = [count, amount_fen]
        else:
            found[0] += count
            found[1] += amount_fen
    return [(measure, name, count, amount_fen) for (measure, name), (count, amount_fen) in sums.items()]


def _sale_completed(connection: Any, place: Place, body: Body) -> None:
    paid_fen = sum(tender["amount_fen"] for tender in body["tenders"])
    connection.execute(
        "INSERT INTO view_sale(sale, epoch, seq, at_ms, reference, calling, till, shift, staff, day, total_fen,"
        " paid_fen) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            body["sale"],
            place.epoch,
            place.seq,
            place.at_ms,
            _free_reference(connection, body["reference"]),
            body["calling"],
            body["till"],
            body["shift"],
            body["staff"],
            body["day"],
            body["total_fen"],
            paid_fen,
        ),
    )
    for tender in body["tenders"]:
        if tender["attempt"]:
            connection.execute("UPDATE view_attempt SET used = 1 WHERE attempt = ?", (tender["attempt"],))
    _add_totals(connection, body, _merged(_sale_totals(body)))


def _free_reference(connection: Any, reference: str | None) -> str | None:
    """Return a third-party till's number for a sale; None for one that a late entry of a dead disk has, too."""
    if reference is None:
        return None
    taken = connection.execute("SELECT 1 FROM view_sale WHERE reference = ?", (reference,)).fetchone()
    return None if taken else reference


def _sale_totals(body: Body) -> Iterable[Total]:
    yield "sale", "", 1, body["total_fen"]
    if body["rounding_fen"]:
        yield "rounding", "", 1, body["rounding_fen"]
    for line in body["lines"]:
        yield "list", "", 1, line["list_fen"]
        yield "tax", str(line["tax_bp"]), 1, line["total_fen"]
        for discount in line["discounts"]:
            yield "discount", discount["reason"], 1, discount["amount_fen"]
    for tender in body["tenders"]:
        yield "tender", tender["kind"], 1, tender["amount_fen"]


def _sale_refunded(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO view_refund(refund, epoch, seq, at_ms, sale, reference, till, shift, day, total_fen)"
        " VALUES(?,?,?,?,?,?,?,?,?,?)",
        (
            body["refund"],
            place.epoch,
            place.seq,
            place.at_ms,
            body["sale"],
            body["reference"],
            body["till"],
            body["shift"],
            body["day"],
            body["total_fen"],
        ),
    )
    if body["sale"] is not None:
        _refund_of_sale(connection, body)
    totals: list[Total] = [("refund", "", 1, body["total_fen"])]
    totals += [("tax", str(line["tax_bp"]), 0, -line["total_fen"]) for line in body["lines"]]
    totals += [("tender_refund", tender["kind"], 1, tender["amount_fen"]) for tender in body["tenders"]]
    _add_totals(connection, body, _merged(totals))


def _refund_of_sale(connection: Any, body: Body) -> None:
    sale = body["sale"]
    connection.execute(
        "UPDATE view_sale SET refunds = refunds + 1, refunded_fen = refunded_fen + ? WHERE sale = ?",
        (body["total_fen"], sale),
    )
    for line in body["lines"]:
        units = line["quantity"] if line["unit"] == "pc" and line["quantity"] else 1
        connection.execute(
            "INSERT INTO view_refunded_line(sale, line, units, amount_fen) VALUES(?,?,?,?)"
            " ON CONFLICT(sale, line) DO UPDATE SET units = units + excluded.units,"
            " amount_fen = amount_fen + excluded.amount_fen",
            (sale, line["line"], units, line["total_fen"]),
        )
    for tender in body["tenders"]:
        connection.execute(
            "INSERT INTO view_refunded_tender(sale, tender, amount_fen) VALUES(?,?,?)"
            " ON CONFLICT(sale, tender) DO UPDATE SET amount_fen = amount_fen + excluded.amount_fen",
            (sale, int(tender["reference"] or 0), tender["amount_fen"]),
        )


def _sale_cancelled(connection: Any, place: Place, body: Body) -> None:
    _add_totals(connection, body, [("cancelled", "", 1, body["total_fen"])])


def _line_removed(connection: Any, place: Place, body: Body) -> None:
    _add_totals(connection, body, [("line_removed", "", 1, body["amount_fen"])])


def _attempt_started(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT INTO view_attempt(attempt, sale, till, shift, staff, day, platform, method, amount_fen, code_tail,"
        " state, started_ms, merchant, custody, expires_ms) VALUES(?,?,?,?,?,?,?,?,?,?,'open',?,?,?,?)",
        (
            body["attempt"],
            body["sale"],
            body["till"],
            body["shift"],
            body["staff"],
            body["day"],
            body["platform"],
            body["method"],
            body["amount_fen"],
            body["code_tail"],
            place.at_ms,
            body["merchant"],
            body["custody"],
            body.get("expires_at_ms"),
        ),
    )


def _attempt_ended(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "UPDATE view_attempt SET state = ?, ended_ms = ?, txn = ?, customer_paid_fen = ?, platform_discount_fen = ?,"
        " code = ?, platform = ?, platform_at_ms = ?, merchant_discount_fen = ? WHERE attempt = ?",
        (
            body["outcome"],
            place.at_ms,
            body["transaction"],
            body["customer_paid_fen"],
            body["platform_discount_fen"],
            body["code"],
            body["platform"],
            body["platform_at_ms"],
            body["merchant_discount_fen"],
            body["attempt"],
        ),
    )


def _pass_accepted(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO view_pass(kind, subject, at_ms) VALUES(?,?,?)",
        (body["kind"], body["subject"], place.at_ms),
    )


def _attempt_parked(connection: Any, place: Place, body: Body) -> None:
    connection.execute("UPDATE view_attempt SET state = 'parked', parked = 1 WHERE attempt = ?", (body["attempt"],))


def _attempt_undoing(connection: Any, place: Place, body: Body) -> None:
    connection.execute("UPDATE view_attempt SET undoing = 1 WHERE attempt = ?", (body["attempt"],))


def _attempt_contradicted(connection: Any, place: Place, body: Body) -> None:
    connection.execute("UPDATE view_attempt SET code = ? WHERE attempt = ?", (body["code"], body["attempt"]))


def _refund_started(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT INTO view_platform_refund(out_refund_no, refund, attempt, platform, till, shift, staff, day,"
        " amount_fen, orphan, state, started_ms) VALUES(?,?,?,?,?,?,?,?,?,?,'started',?)",
        (
            body["out_refund_no"],
            body["refund"],
            body["attempt"],
            body["platform"],
            body["till"],
            body["shift"],
            body["staff"],
            body["day"],
            body["amount_fen"],
            int(body["orphan"]),
            place.at_ms,
        ),
    )
    if body["orphan"]:
        connection.execute("UPDATE view_attempt SET used = 1 WHERE attempt = ?", (body["attempt"],))


def _refund_ended(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "UPDATE view_platform_refund SET state = ?, ended_ms = ?, txn = ?, code = ? WHERE out_refund_no = ?",
        (body["outcome"], place.at_ms, body["refund_transaction"], body["code"], body["out_refund_no"]),
    )
    if body.get("unclaimed"):
        connection.execute("UPDATE view_attempt SET used = 0 WHERE attempt = ?", (body["attempt"],))


def _day_opened(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT INTO view_day(day, state, opened_ms, staff) VALUES(?,'open',?,?)"
        " ON CONFLICT(day) DO UPDATE SET state = 'open', closed_ms = NULL",
        (body["day"], place.at_ms, body["staff"]),
    )


def _day_closed(connection: Any, place: Place, body: Body) -> None:
    connection.execute("UPDATE view_day SET state = 'closed', closed_ms = ? WHERE day = ?", (place.at_ms, body["day"]))


def _shift_opened(connection: Any, place: Place, body: Body) -> None:
    # A late entry of a dead disk may have left another shift of this till open.
    connection.execute(_LEFT_OPEN, (place.at_ms, body["till"]))
    connection.execute(
        "INSERT INTO view_shift(shift, till, day, staff, state, opened_ms, float_fen, first_row)"
        " VALUES(?,?,?,?,'open',?,?,(SELECT coalesce(max(rowid), 0) + 1 FROM view_sale))",
        (body["shift"], body["till"], body["day"], body["staff"], place.at_ms, body["float_fen"]),
    )


def _shift_closed(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "UPDATE view_shift SET state = 'closed', closed_ms = ?, z_number = ?, counted_fen = ?, expected_fen = ?"
        " WHERE shift = ?",
        (place.at_ms, body["z_number"], body["counted_fen"], body["expected_fen"], body["shift"]),
    )


def _shift_counted(connection: Any, place: Place, body: Body) -> None:
    _add_totals(connection, body, [("count_off", "", 1, body["over_fen"] + body["short_fen"])])


def _late_imported(connection: Any, place: Place, body: Body) -> None:
    """Nobody closes on the new disk what the old one left open."""
    for shift in body["shifts"]:
        connection.execute(
            "UPDATE view_shift SET state = 'left', closed_ms = ? WHERE shift = ? AND state = 'open'",
            (place.at_ms, shift),
        )
    for day in body["days"]:
        connection.execute(
            "UPDATE view_day SET state = 'closed', closed_ms = ? WHERE day = ? AND state = 'open'", (place.at_ms, day)
        )


def _drawer_moved(connection: Any, place: Place, body: Body) -> None:
    _add_totals(connection, body, [("drawer", body["movement"], 1, body["amount_fen"])])


def _approved(connection: Any, place: Place, body: Body) -> None:
    _add_totals(connection, body, [("approved", body["act"], 1, 0)])


def _slip_queued(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO view_slip(slip, purpose, subject, copy, state) VALUES(?,?,?,?,'queued')",
        (body["slip"], body["purpose"], body["subject"], body["copy"]),
    )


def _slip_printed(connection: Any, place: Place, body: Body) -> None:
    state = "printed" if body["verified"] else "printed_unverified"
    connection.execute("UPDATE view_slip SET state = ? WHERE slip = ?", (state, body["slip"]))


def _slip_unconfirmed(connection: Any, place: Place, body: Body) -> None:
    connection.execute("UPDATE view_slip SET state = 'unconfirmed' WHERE slip = ?", (body["slip"],))


def _slip_not_printed(connection: Any, place: Place, body: Body) -> None:
    connection.execute("UPDATE view_slip SET state = 'not_printed' WHERE slip = ?", (body["slip"],))


def _slip_reprinted(connection: Any, place: Place, body: Body) -> None:
    _add_totals(connection, body, [("reprint", "", 1, 0)])


_RULES: dict[str, Rule] = {
    "sale.completed": _sale_completed,
    "sale.refunded": _sale_refunded,
    "sale.cancelled": _sale_cancelled,
    "sale.line_removed": _line_removed,
    "attempt.started": _attempt_started,
    "attempt.ended": _attempt_ended,
    "attempt.parked": _attempt_parked,
    "attempt.undoing": _attempt_undoing,
    "pass.accepted": _pass_accepted,
    "attempt.contradicted": _attempt_contradicted,
    "refund.started": _refund_started,
    "refund.ended": _refund_ended,
    "day.opened": _day_opened,
    "day.closed": _day_closed,
    "shift.opened": _shift_opened,
    "shift.closed": _shift_closed,
    "shift.counted": _shift_counted,
    "late.imported": _late_imported,
    "drawer.moved": _drawer_moved,
    "staff.approved": _approved,
    "slip.queued": _slip_queued,
    "slip.printed": _slip_printed,
    "slip.unconfirmed": _slip_unconfirmed,
    "slip.not_printed": _slip_not_printed,
    "slip.reprinted": _slip_reprinted,
    **MATCHING_RULES,
}


def evolve(connection: Any, place: Place, kind: str, body: Body) -> None:
    """Apply one entry to the view tables, in order of place; kinds without a view change nothing."""
    rule = _RULES.get(kind)
    if rule is not None:
        rule(connection, place, body)
    moved = postings(kind, body)
    if moved:
        day = body["day"] if "day" in body else body["bill_day"]
        connection.executemany(_ADD_ACCOUNT, [(day, account, amount) for account, amount in moved.items()])
