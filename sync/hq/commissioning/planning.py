"""Taking a sheet in: all of its stores or none, and what is kept of their networks for the packets."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select

from agent.core.canonical import canonical, parse
from agent.core.errors import Refused
from agent.core.network_codes import NetworkPlan, Wireless, network_code, read_network_code
from sync.hq import registry, tables
from sync.hq.books.notes import write_note
from sync.hq.commissioning.sheet import RowFault, read_sheet
from sync.hq.commissioning.sheet_fields import PlannedStore
from sync.hq.commissioning.tables import planned_store

FAULTS_TOLD = 3


class SheetRefused(Refused):
    """A sheet with faults: `faults` has every one; nothing of the sheet was taken."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        told = "; ".join(fault.text(chinese=False) for fault in faults[:FAULTS_TOLD])
        super().__init__("rollout.bad_rows", count=len(faults), reason=told)
        self.faults = faults


def import_sheet(connection: Connection, data: bytes, by: str, now_ms: int) -> Sequence[PlannedStore]:
    """Take in every store of a sheet, new ones and known ones; raises `SheetRefused` with all faults and takes none.

    What is blank in the sheet stays as it is at a known store. The same sheet again changes nothing.
    """
    sheet = read_sheet(data)
    if sheet.faults:
        raise SheetRefused(sheet.faults)
    for row in sheet.stores:
        if registry.has_store(connection, row.store):
            registry.change_store(connection, row.store, row.name or None, row.phone or None, row.entity or None)
        else:
            registry.add_store(connection, row.store, row.name or row.store, now_ms, row.phone, row.entity)
        _plan(connection, row, by, now_ms)
    return sheet.stores


def plans(connection: Connection) -> Mapping[str, PlannedStore]:
    """Return the stores of the roll-out by their numbers, with the names that they have now."""
    query = select(planned_store, tables.store.c.name, tables.store.c.phone, tables.store.c.entity)
    query = query.join(tables.store, tables.store.c.store == planned_store.c.store)
    return {
        row.store: PlannedStore(
            store=row.store,
            name=row.name,
            phone=row.phone,
            entity=row.entity,
            tills=int(row.tills),
            technician=row.technician,
            day=row.day,
            network=_network(row.network),
        )
        for row in connection.execute(query.order_by(planned_store.c.store))
    }


def network_qr(plan: NetworkPlan | None) -> str | None:
    """Return the text of a network's code: what every phone reads where that says it all, else ours; None for none.

    A name that is not ASCII goes into ours: scanners that type lose it.
    """
    if plan is None:
        return None
    wireless = plan.wireless
    if wireless is None or plan != NetworkPlan(wireless=Wireless(wireless.name, wireless.password)):
        return network_code(plan)
    if not wireless.name.isascii():
        return network_code(plan)
    name = _escaped(wireless.name)
    secret = "T:nopass" if wireless.password is None else f"T:WPA;P:{_escaped(wireless.password)}"
    return f"WIFI:S:{name};{secret};;"


def _plan(connection: Connection, row: PlannedStore, by: str, now_ms: int) -> None:
    """Keep a store's plan, with a note of the store's book when it is another than before."""
    network = {} if row.network is None else {"code": network_code(row.network)}
    values = {"tills": row.tills, "technician": row.technician, "day": row.day, "network": canonical(network)}
    mine = planned_store.c.store == row.store
    known = connection.execute(select(planned_store).where(mine)).first()
    if known is not None and all(getattr(known, name) == value for name, value in values.items()):
        return
    connection.execute(delete(planned_store).where(mine))
    connection.execute(planned_store.insert().values(store=row.store, **values, imported_at_ms=now_ms))
    body = {"tills": row.tills, "technician": row.technician, "day": row.day}
    write_note(connection, row.store, now_ms, by, "enrolment.planned", row.store, body)


def _network(text: str) -> NetworkPlan | None:
    document = parse(text)
    code = document.get("code") if isinstance(document, dict) else None
    return read_network_code(code) if isinstance(code, str) else None


def _escaped(text: str) -> str:
    """Put a backslash before what the form of the code uses (ZXing's "Barcode Contents")."""
    return "".join(f"\\{mark}" if mark in '\\;,:"' else mark for mark in text)
