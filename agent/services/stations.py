"""What kitchen, bar and label printers get of a sale, in the command that completes it, and what their deputies get."""

from agent.core.events import SaleCompleted, SaleLine, SlipNotPrinted
from agent.core.moment import written
from agent.core.receipt_kitchen import (
    Dish,
    KitchenSlip,
    Label,
    kitchen_document,
    label_document,
    stand_in_document,
)
from agent.core.receipt_parts import quantity_text
from agent.core.routing import Routed, StationSlip, pieces_of, routed
from agent.services.journaling import record
from agent.services.shop import Shop
from agent.services.slips import queue_slip, stand_in_name
from agent.services.trade import Trade
from agent.store.spool import Slip, SlipState, find_slip, mark_result
from agent.store.unit import Unit

PURPOSES = tuple(slip.value for slip in StationSlip)


def queue_station_slips(shop: Shop, unit: Unit, trade: Trade, event: SaleCompleted, place: str) -> list[str]:
    """Queue the kitchen slips and labels of a completed sale; returns their names.

    `place` is the table or name that the basket was held under. A sale that is refused or cancelled never comes here.
    """
    if not shop.plan.routes:
        return []
    departments = {
        line.sku: item.department for line in event.lines if (item := shop.catalog.by_sku.get(line.sku)) is not None
    }
    slips = []
    for number, station in enumerate(routed(shop.plan.routes, event.lines, departments), 1):
        if station.slip is StationSlip.KITCHEN:
            slips.append(_queue_kitchen(shop, unit, trade, event, station, number, place))
        else:
            slips += _queue_labels(shop, unit, trade, event, station, number, place)
    return slips


def _queue_kitchen(
    shop: Shop, unit: Unit, trade: Trade, event: SaleCompleted, station: Routed, number: int, place: str
) -> str:
    slip = KitchenSlip(
        sale=event.sale,
        calling=event.calling or "",
        till=event.till,
        written_at=_short_time(shop, unit),
        dishes=tuple(Dish(line.name, quantity_text(line.quantity, line.unit)) for line in station.lines),
        place=place,
    )
    document = kitchen_document(slip, shop.translate, shop.store.language)
    name = f"{event.sale}-K{number}-P0"
    return queue_slip(
        shop, unit, trade, name, station.slip.value, document, subject=event.sale, printer=station.printer
    )


def _queue_labels(
    shop: Shop, unit: Unit, trade: Trade, event: SaleCompleted, station: Routed, number: int, place: str
) -> list[str]:
    pieces = pieces_of(station.lines)
    slips = []
    for count, piece in enumerate(pieces, 1):
        label = Label(
            calling=event.calling or "",
            name=piece.line.name,
            number=count,
            count=len(pieces),
            written_at=_short_time(shop, unit),
            place=place,
            quantity=_several(piece.line) if piece.several else "",
        )
        document = label_document(label, shop.translate, shop.store.language)
        name = f"{event.sale}-L{number}.{count}-P0"
        slips.append(
            queue_slip(
                shop, unit, trade, name, station.slip.value, document, subject=event.sale, printer=station.printer
            )
        )
    return slips


def _several(line: SaleLine) -> str:
    return quantity_text(line.quantity, line.unit)


def _short_time(shop: Shop, unit: Unit) -> str:
    """Month, day, hour and minute: a slip that waited overnight must not pass for today's."""
    return written(unit.now_ms, shop.store.zone)[5:16]


def stand_in(shop: Shop, unit: Unit, slip: str) -> tuple[Slip, str | None] | None:
    """Have the deputy print a slip that its printer has not acknowledged; returns the slip as found, and the deputy.

    Once: None when the slip is out meanwhile or has a stand-in. When no byte of it left the box the slip is withdrawn;
    else it stays as it is, and the stand-in says that it may come twice. Without a deputy nothing changes, and a
    stand-in has none.
    """
    found = find_slip(unit.connection, slip)
    if found is None or found.state not in (SlipState.QUEUED, SlipState.SENDING, SlipState.UNCONFIRMED):
        return None
    name = stand_in_name(slip)
    if name != slip and find_slip(unit.connection, name) is not None:
        return None
    deputy = shop.plan.deputies.get(found.printer)
    trade = _trade_of(unit, found)
    if name == slip or deputy is None or trade is None:
        return found, None
    if found.state is SlipState.QUEUED:
        mark_result(unit, slip, SlipState.NOT_PRINTED, "kitchen.withdrawn")
        record(unit, SlipNotPrinted(slip, "kitchen.withdrawn"))
    document = stand_in_document(found.document, found.printer, found.state is not SlipState.QUEUED, shop.translate)
    queue_slip(shop, unit, trade, name, found.kind, document, subject=found.sale, copy=found.copy, printer=deputy)
    return found, deputy


def _trade_of(unit: Unit, slip: Slip) -> Trade | None:
    query = "SELECT till, shift, staff, day FROM view_sale WHERE sale = ?"
    row = unit.connection.execute(query, (slip.sale,)).fetchone()
    return None if row is None else Trade(*row)
