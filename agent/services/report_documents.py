"""From the figures of a shift or a day to the data of X, Z and day reports, and on to documents."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agent.core.events import DayClosed, Unfinished
from agent.core.moment import written
from agent.core.receipt_parts import Person
from agent.core.receipt_report import (
    ChainPoint,
    DayReport,
    ShiftOfDay,
    ShiftReport,
    day_document,
    shift_document,
)
from agent.core.report_figures import (
    CashCount,
    CashMovement,
    CountedReduction,
    Loose,
    LooseEnd,
    Movement,
    Operations,
    PlatformDue,
    SalesTotals,
    TaxTotal,
    TaxTotals,
    TenderTotal,
)
from agent.services import unfinished
from agent.services.shop import Shop
from agent.services.slip_documents import person, reason_name, slip_shop
from agent.services.trade import Trade
from agent.store.unit import Unit

Report = Mapping[str, Any]
_LOOSE = {"attempt": Loose.UNKNOWN, "refund": Loose.REFUNDS, "slip": Loose.SLIPS, "basket": Loose.HELD}


def _sales(shop: Shop, report: Report) -> SalesTotals:
    reductions = [
        CountedReduction(reason_name(one["reason"], shop.translate), one["amount_fen"], one["count"])
        for one in report["discounts"]
    ]
    if report["rounding_fen"]:
        reductions.append(CountedReduction(shop.translate("Rounded down"), report["rounding_fen"]))
    return SalesTotals(
        report["sales"],
        report["list_fen"],
        tuple(reductions),
        report["refunds"],
        report["refunds_fen"],
        report["net_fen"],
    )


def _tenders(shop: Shop, report: Report) -> tuple[TenderTotal, ...]:
    return tuple(
        TenderTotal(_tender_name(shop, one["kind"]), one["count"], one["amount_fen"]) for one in report["tenders"]
    )


def _tender_name(shop: Shop, kind: str) -> str:
    tender = shop.tenders.get(kind)
    return kind if tender is None else tender.name(shop.store.language)


def _platforms(shop: Shop, report: Report) -> tuple[PlatformDue, ...]:
    return tuple(
        PlatformDue(_tender_name(shop, one["kind"]), one["amount_fen"])
        for one in report["tenders"]
        if one["kind"] in shop.tenders and shop.tenders[one["kind"]].platform and (one["amount_fen"] or 0) > 0
    )


def _operations(report: Report) -> Operations:
    done = report["operations"]
    return Operations(
        cancelled=done["cancelled"],
        price_changes=done["price_changed"],
        reprints=done["reprint"],
        no_sales=done["no_sale"],
        approvals=done["approved"],
        lines_removed=done["line_removed"],
        lines_removed_fen=done["line_removed_fen"],
        counts_off=done["count_off"],
    )


def _taxes(report: Report) -> TaxTotals:
    known = [one for one in report["taxes"] if one["amount_fen"] is not None]
    return TaxTotals(tuple(TaxTotal(one["tax_bp"], one["amount_fen"]) for one in known))


def _thing(thing: Unfinished | Mapping[str, Any]) -> dict[str, Any]:
    return asdict(thing) if isinstance(thing, Unfinished) else {**thing}


def _loose(shop: Shop, unit: Unit, things: Sequence[Unfinished | Mapping[str, Any]]) -> tuple[LooseEnd, ...]:
    sums: dict[Loose, tuple[int, int]] = {}
    ends: list[LooseEnd] = []
    for thing in things:
        data = _thing(thing)
        what = _LOOSE[data["what"]]
        if what is Loose.HELD:
            ends.append(LooseEnd(what, 1, data["amount_fen"], data["name"]))
            continue
        count, amount_fen = sums.get(what, (0, 0))
        sums[what] = (count + 1, amount_fen + data["amount_fen"])
    ends = [LooseEnd(what, count, amount_fen) for what, (count, amount_fen) in sums.items()] + ends
    entries, _ = unfinished.unsent(shop, unit.connection)
    return (*ends, LooseEnd(Loose.UNSENT, entries))


def _chain(unit: Unit) -> ChainPoint:
    head = unit.tip.head.hex().upper()
    return ChainPoint(unit.tip.seq, f"{head[:4]}-{head[4:8]}-{head[8:12]}")


def _movements(unit: Unit, shift: str, cash: Mapping[str, int]) -> tuple[CashMovement, ...]:
    rows = (
        (Movement.REFUNDS, cash["refunds_fen"]),
        (Movement.PAID_IN, cash["paid_in_fen"]),
        (Movement.PAID_OUT, cash["paid_out_fen"]),
        (Movement.DROP, cash["drops_fen"]),
    )
    return tuple(CashMovement(movement, amount_fen) for movement, amount_fen in rows if amount_fen)


def shift_slip(shop: Shop, unit: Unit, trade: Trade, report: Report, purpose: str) -> dict[str, Any]:
    """Return the document of an X or Z report."""
    final = purpose == "z"
    cash = report.get("cash")
    count = None
    if final and cash is not None:
        count = CashCount(
            cash["float_fen"],
            cash["sales_fen"],
            _movements(unit, report["shift"], cash),
            cash["expected_fen"],
            report["counted_fen"],
            report["reason"] or "",
        )
    shown = ShiftReport(
        shop=slip_shop(shop.identity.store, shop.store),
        final=final,
        number=f"{report.get('z_number', 0):06d}" if final else f"{unit.counter('x ' + trade.till):06d}",
        till=report["till"],
        shift=int(report["shift"].rpartition("-")[2]),
        day=report["day"],
        cashier=person(unit.connection, report["staff"]),
        opened_at=written(report["opened_ms"], shop.store.zone)[5:],
        closed_at=written(unit.now_ms, shop.store.zone)[5:],
        first_sale=(report["first_sale"] or "-").rpartition("-")[2] or "-",
        last_sale=(report["last_sale"] or "-").rpartition("-")[2] or "-",
        sales=_sales(shop, report),
        tenders=_tenders(shop, report),
        cash=count,
        loose_ends=_loose(shop, unit, report.get("unfinished", ())),
        operations=_operations(report),
        tax=_taxes(report),
        platforms=_platforms(shop, report),
        grand_total_fen=report["net_ever_fen"],
        chain=_chain(unit),
        code=f"Z1{shop.identity.store}{report['shift'].replace('-', '')}" if final else None,
    )
    return shift_document(shown, shop.translate, shop.store.language)


def day_slip(shop: Shop, unit: Unit, trade: Trade, report: Report, event: DayClosed) -> dict[str, Any]:
    """Return the document of the store's day report."""
    opened = unit.connection.execute("SELECT opened_ms FROM view_day WHERE day = ?", (event.day,)).fetchone()
    receipt = unit.connection.execute("SELECT next_seq FROM receipt ORDER BY id DESC LIMIT 1").fetchone()
    shown = DayReport(
        shop=slip_shop(shop.identity.store, shop.store),
        day=event.day,
        opened_at=written(opened[0], shop.store.zone)[5:],
        closed_at=written(unit.now_ms, shop.store.zone)[5:],
        closed_by=person(unit.connection, event.staff),
        shifts=tuple(_shift_of_day(shop, unit, row) for row in report["shifts"]),
        sales=_sales(shop, report),
        tenders=_tenders(shop, report),
        loose_ends=_loose(shop, unit, event.unfinished),
        operations=_operations(report),
        tax=_taxes(report),
        platforms=_platforms(shop, report),
        forced_reason=event.forced_reason or "",
        grand_total_fen=report["net_ever_fen"],
        chain=_chain(unit),
        complete_to=None if receipt is None else receipt[0] - 1,
    )
    return day_document(shown, shop.translate, shop.store.language)


def _shift_of_day(shop: Shop, unit: Unit, row: Mapping[str, Any]) -> ShiftOfDay:
    net = unit.connection.execute(
        "SELECT coalesce(sum(CASE measure WHEN 'sale' THEN amount_fen WHEN 'refund' THEN -amount_fen"
        " WHEN 'rounding' THEN -amount_fen ELSE 0 END), 0) FROM view_total"
        " WHERE day = (SELECT day FROM view_shift WHERE shift = ?1) AND shift = ?1",
        (row["shift"],),
    ).fetchone()[0]
    staff = unit.connection.execute("SELECT staff FROM view_shift WHERE shift = ?", (row["shift"],)).fetchone()[0]
    counted_fen, expected_fen = row["counted_fen"], row["expected_fen"]
    closed = row["state"] == "closed"
    return ShiftOfDay(
        till=row["till"],
        number=f"{row['z_number']:06d}" if closed else "-",
        cashier=Person(person(unit.connection, staff).name, staff),
        net_fen=net,
        difference_fen=counted_fen - expected_fen if closed else 0,
        forced=not closed,
    )
