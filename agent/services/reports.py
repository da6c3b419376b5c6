"""Figures of a shift and of a day, read from the totals that the views keep."""

from dataclasses import asdict
from typing import Any

from agent.core.events import ShiftClosed
from agent.core.shift import DrawerSums
from agent.services.shop import Shop
from agent.store.restoring import history_behind

Figures = dict[str, dict[str, tuple[int, int]]]
"""measure -> name -> (count, amount_fen)"""

CASH = "cash"
"""The tender that the drawer holds."""


def figures(connection: Any, *, day: str | None = None, shift: str | None = None) -> Figures:
    """Return the totals of a shift, or of a whole day over all its shifts."""
    if shift is not None:
        found = connection.execute("SELECT day FROM view_shift WHERE shift = ?", (shift,)).fetchone()
        day = None if found is None else found[0]
    rows = connection.execute(
        "SELECT measure, name, sum(count), sum(amount_fen) FROM view_total"
        " WHERE day = ?1 AND (?2 IS NULL OR shift = ?2) GROUP BY measure, name ORDER BY measure, name",
        (day, shift),
    ).fetchall()
    result: Figures = {}
    for measure, name, count, amount_fen in rows:
        result.setdefault(measure, {})[name] = (count, amount_fen)
    return result


def _one(found: Figures, measure: str, name: str = "") -> tuple[int, int]:
    return found.get(measure, {}).get(name, (0, 0))


def drawer_sums(connection: Any, shift: str) -> DrawerSums:
    """Return what moved the drawer in a shift."""
    row = connection.execute("SELECT day, float_fen FROM view_shift WHERE shift = ?", (shift,)).fetchone()
    day, float_fen = (None, 0) if row is None else row
    rows = connection.execute(
        "SELECT measure, name, amount_fen FROM view_total WHERE day = ? AND shift = ?", (day, shift)
    ).fetchall()
    sums = {(measure, name): amount_fen for measure, name, amount_fen in rows}
    return DrawerSums(
        float_fen=float_fen,
        sales_fen=sums.get(("tender", CASH), 0),
        refunds_fen=sums.get(("tender_refund", CASH), 0),
        paid_in_fen=sums.get(("drawer", "paid_in"), 0),
        paid_out_fen=sums.get(("drawer", "paid_out"), 0),
        drops_fen=sums.get(("drawer", "drop"), 0),
    )


def counts_off(connection: Any, shift: str) -> int:
    """Return how often a shift was counted with a difference so far."""
    return _one(figures(connection, shift=shift), "count_off")[0]


def _trade_figures(found: Figures) -> dict[str, Any]:
    sales, sales_fen = _one(found, "sale")
    refunds, refunds_fen = _one(found, "refund")
    back = found.get("tender_refund", {})
    tenders = []
    for kind in dict.fromkeys([*found.get("tender", {}), *back]):
        count, amount_fen = _one(found, "tender", kind)
        tenders.append({"kind": kind, "count": count, "amount_fen": amount_fen - _one(found, "tender_refund", kind)[1]})
    return {
        "sales": sales,
        "sales_fen": sales_fen,
        "list_fen": _one(found, "list")[1],
        "discounts": [
            {"reason": reason, "count": count, "amount_fen": amount_fen}
            for reason, (count, amount_fen) in found.get("discount", {}).items()
        ],
        "rounding_fen": _one(found, "rounding")[1],
        "refunds": refunds,
        "refunds_fen": refunds_fen,
        "net_fen": sales_fen - refunds_fen - _one(found, "rounding")[1],
        "tenders": tenders,
        "taxes": [
            {"tax_bp": int(name), "amount_fen": amount_fen}
            for name, (_, amount_fen) in sorted(found.get("tax", {}).items(), key=lambda pair: int(pair[0]))
        ],
        "operations": {
            "cancelled": _one(found, "cancelled")[0],
            "line_removed": _one(found, "line_removed")[0],
            "line_removed_fen": _one(found, "line_removed")[1],
            "price_changed": _one(found, "discount", "price_override")[0],
            "reprint": _one(found, "reprint")[0],
            "no_sale": _one(found, "drawer", "no_sale")[0],
            "count_off": _one(found, "count_off")[0],
            "approved": sum(count for count, _ in found.get("approved", {}).values()),
        },
    }


def net_sales_ever(connection: Any) -> int | None:
    """Return sales minus refunds since the store's first entry, never reset; None while older history is on its way."""
    if history_behind(connection):
        return None
    sold = connection.execute("SELECT coalesce(sum(amount_fen), 0) FROM view_total WHERE measure = 'sale'").fetchone()
    back = connection.execute("SELECT coalesce(sum(amount_fen), 0) FROM view_total WHERE measure = 'refund'").fetchone()
    return int(sold[0] - back[0])


def _sale_of_shift(connection: Any, shift: str, first_row: int, order: str) -> str | None:
    row = connection.execute(
        f"SELECT sale FROM view_sale WHERE rowid >= ? AND shift = ? ORDER BY rowid {order} LIMIT 1", (first_row, shift)
    ).fetchone()
    return None if row is None else str(row[0])


def shift_report(
    shop: Shop, connection: Any, shift: str, *, with_cash: bool, closed: ShiftClosed | None = None
) -> dict[str, Any]:
    """Return the figures of X (running) or Z (`closed`).

    Without `with_cash` every amount that tells the cash is None: the cash tender's, and each sum over all tenders.
    """
    names = "shift, till, day, staff, opened_ms, first_row"
    row = connection.execute(f"SELECT {names} FROM view_shift WHERE shift = ?", (shift,)).fetchone()
    report = dict(zip(names.split(", "), row, strict=True))
    first_row = report.pop("first_row")
    report["first_sale"] = _sale_of_shift(connection, shift, first_row, "ASC")
    report["last_sale"] = _sale_of_shift(connection, shift, first_row, "DESC")
    report |= _trade_figures(figures(connection, shift=shift))
    report["net_ever_fen"] = net_sales_ever(connection)
    if not with_cash:
        return _blind(report)
    sums = drawer_sums(connection, shift)
    report["cash"] = {**asdict(sums), "expected_fen": sums.expected_fen}
    if closed is not None:
        report |= {
            "z_number": closed.z_number,
            "counted_fen": closed.counted_fen,
            "over_fen": closed.over_fen,
            "short_fen": closed.short_fen,
            "reason": closed.reason,
            "approved_by": closed.approved_by,
            "unfinished": [asdict(thing) for thing in closed.unfinished],
        }
    return report


def _blind(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report from which what the drawer should hold can't be worked out: a count comes before it is told.

    Sums over all tenders go too, since the other tenders taken off them would leave the cash.
    """
    tenders = [{**one, "amount_fen": None} if one["kind"] == CASH else one for one in report["tenders"]]
    taxes = [{**one, "amount_fen": None} for one in report["taxes"]]
    sums = dict.fromkeys(("sales_fen", "list_fen", "net_fen", "net_ever_fen"))
    return {**report, **sums, "tenders": tenders, "taxes": taxes}


def day_report(shop: Shop, connection: Any, day: str) -> dict[str, Any]:
    """Return the figures of a business day over all shifts."""
    shifts = connection.execute(
        "SELECT shift, till, state, z_number, counted_fen, expected_fen FROM view_shift WHERE day = ?"
        " ORDER BY opened_ms",
        (day,),
    ).fetchall()
    names = ("shift", "till", "state", "z_number", "counted_fen", "expected_fen")
    report: dict[str, Any] = {"day": day, "shifts": [dict(zip(names, row, strict=True)) for row in shifts]}
    report |= _trade_figures(figures(connection, day=day))
    report["net_ever_fen"] = net_sales_ever(connection)
    return report
