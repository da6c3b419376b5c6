"""Making the packets of many stores: a token of long life each, and everything else that the paper says."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from agent.core.errors import Refused
from agent.core.moment import PLATFORM_ZONE, at
from agent.core.network_codes import NetworkPlan
from agent.core.typed_codes import shown_typed_code
from sync.hq.commissioning.codes import enrolment_text
from sync.hq.commissioning.packet_pages import StorePacket
from sync.hq.commissioning.planning import network_qr, plans
from sync.hq.commissioning.sheet_fields import PlannedStore
from sync.hq.commissioning.tokens import PACKET_TOKEN_LIFE_MS, live_epoch, make_token


def make_packets(
    connection: Connection,
    stores: Sequence[str] | None,
    by: str,
    now_ms: int,
    *,
    fingerprint: str,
    host: str,
    plain: bool = False,
    life_ms: int = PACKET_TOKEN_LIFE_MS,
) -> list[StorePacket]:
    """Make a token for each store of the roll-out and return what its packet says.

    `stores` None: those of the sheet that have no box yet. Refuses with `rollout.no_store` when there is none and when
    no sheet named one of them; with `enrol.store_has_box`.
    """
    planned = plans(connection)
    chosen = [name for name in planned if live_epoch(connection, name) is None] if stores is None else list(stores)
    unknown = [name for name in chosen if name not in planned]
    if unknown or not chosen:
        raise Refused("rollout.no_store", store=", ".join(unknown)[:80])
    return [
        _packet(connection, planned[name], by, now_ms, fingerprint=fingerprint, host=host, plain=plain, life_ms=life_ms)
        for name in chosen
    ]


def _packet(
    connection: Connection,
    plan: PlannedStore,
    by: str,
    now_ms: int,
    *,
    fingerprint: str,
    host: str,
    plain: bool,
    life_ms: int,
) -> StorePacket:
    made = make_token(connection, plan.store, by, now_ms, life_ms=life_ms)
    return StorePacket(
        store=plan.store,
        name=plan.name,
        phone=plan.phone,
        tills=plan.tills,
        technician=plan.technician,
        day=plan.day,
        enrolment=enrolment_text(made, fingerprint, host, plain=plain),
        short=shown_typed_code(made.short),
        expires=_shown(made.expires_at_ms),
        network=network_qr(plan.network),
        network_words=_words(plan.network),
    )


def _words(plan: NetworkPlan | None) -> str:
    """Return in a line what a network's code says, without its password."""
    if plan is None:
        return ""
    parts = (
        f"Wi-Fi {plan.wireless.name}" if plan.wireless is not None else "",
        f"IP {plan.address}" if plan.address is not None else "DHCP",
        f"GW {plan.gateway}" if plan.gateway is not None else "",
        f"VLAN {plan.vlan}" if plan.vlan is not None else "",
        f"proxy {plan.proxy}" if plan.proxy else "",
    )
    return "  ".join(filter(None, parts))


def _shown(at_ms: int) -> datetime:
    return at(at_ms, PLATFORM_ZONE)
