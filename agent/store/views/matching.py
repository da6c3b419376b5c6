"""How entries of matching change the view tables: bills by account and day, differences, refunds made in a portal."""

from collections.abc import Callable
from typing import Any

from agent.core.canonical import canonical
from agent.store.place import Place

Body = dict[str, Any]
FOUND = "found"
"""The state of a refund at the platform that a bill told of: it took money, and no till of ours gave it."""


def _bill_matched(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT INTO view_bill(platform, merchant, bill_day, sha256, state, at_ms, body) VALUES(?,?,?,?,?,?,?)"
        " ON CONFLICT(platform, merchant, bill_day) DO UPDATE SET sha256 = excluded.sha256, state = excluded.state,"
        " at_ms = excluded.at_ms, body = excluded.body",
        (
            body["platform"],
            body["merchant"],
            body["bill_day"],
            body["sha256"],
            body["state"],
            place.at_ms,
            canonical(body),
        ),
    )


def _difference_found(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT INTO view_difference(difference, platform, merchant, bill_day, state, found_ms, body)"
        " VALUES(?,?,?,?,'open',?,?) ON CONFLICT(difference) DO UPDATE SET state = 'open', body = excluded.body,"
        " settlement = NULL, settled_by = NULL",
        (body["difference"], body["platform"], body["merchant"], body["bill_day"], place.at_ms, canonical(body)),
    )


def _difference_settled(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "UPDATE view_difference SET state = 'settled', settlement = ?, settled_by = ? WHERE difference = ?",
        (body["settlement"], body["by"], body["difference"]),
    )


def _refund_found(connection: Any, place: Place, body: Body) -> None:
    connection.execute(
        "INSERT INTO view_platform_refund(out_refund_no, refund, attempt, platform, till, shift, staff, day,"
        " amount_fen, orphan, state, started_ms, ended_ms, txn) VALUES(?,NULL,?,?,?,?,?,?,?,0,?,?,?,?)",
        (
            body["out_refund_no"],
            body["attempt"],
            body["platform"],
            body["till"],
            body["shift"],
            body["staff"],
            body["day"],
            body["amount_fen"],
            FOUND,
            body["platform_at_ms"],
            body["platform_at_ms"],
            body["refund_transaction"],
        ),
    )
    if body["sale"] is None:
        connection.execute("UPDATE view_attempt SET used = 1 WHERE attempt = ?", (body["attempt"],))
        return
    connection.execute(
        "UPDATE view_sale SET refunded_fen = refunded_fen + ?1, portal_fen = portal_fen + ?1 WHERE sale = ?2",
        (body["amount_fen"], body["sale"]),
    )
    connection.execute(
        "INSERT INTO view_refunded_tender(sale, tender, amount_fen) VALUES(?,?,?)"
        " ON CONFLICT(sale, tender) DO UPDATE SET amount_fen = amount_fen + excluded.amount_fen",
        (body["sale"], body["tender"], body["amount_fen"]),
    )
    connection.execute(
        "INSERT INTO view_total(shift, day, measure, name, count, amount_fen) VALUES('',?,'portal_refund',?,1,?)"
        " ON CONFLICT(day, shift, measure, name) DO UPDATE SET"
        " count = count + 1, amount_fen = amount_fen + excluded.amount_fen",
        (body["day"], body["tender_kind"], body["amount_fen"]),
    )


RULES: dict[str, Callable[[Any, Place, Body], None]] = {
    "bill.matched": _bill_matched,
    "difference.found": _difference_found,
    "difference.settled": _difference_settled,
    "refund.found": _refund_found,
}
