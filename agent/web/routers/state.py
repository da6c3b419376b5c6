"""What a till's page shows, scans typed into it, the catalogue, and the feed of entries."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from agent.core.catalog import Item
from agent.core.sentences import sentence_for
from agent.services import health, scanning
from agent.services.authority import require
from agent.store import journal
from agent.web.access import AnySeat, TheWeb
from agent.web.bodies import ChoiceBody, ScanBody
from agent.web.live import with_sentences
from agent.web.qr import with_rows

router = APIRouter(tags=["state"])
Shown = dict[str, Any]
FEED_MAX = 500
FEED_BYTES_MAX = 1_000_000


@router.get("/state")
def state(seat: AnySeat) -> Shown:
    """Return everything that a till's page shows; lamps with their sentence, tenders with proof and reference."""
    shop = seat.shop
    shown = health.state(shop, seat.actor)
    shown["lamps"] = {name: _lamp(lamp) for name, lamp in shown["lamps"].items()}
    for tender in shown["tenders"]:
        known = shop.tenders[tender["kind"]]
        platform = known.platform if known.platform in shop.platforms else None
        tender |= {"proof": known.proof.value, "reference": known.reference.value, "platform": platform}
    shown["attempt"] = with_rows(shown["attempt"])
    shown["phone"] = shop.phone is not None
    return shown


@router.post("/scan")
def scan(body: ScanBody, seat: AnySeat, web: TheWeb, idempotency_key: Annotated[str | None, Header()] = None) -> Shown:
    """Take a code as if the till's scanner had read it."""
    shop, actor = seat.shop, seat.actor
    return with_sentences(scanning.scanned(shop, actor, actor.till, body.text, web.run, idempotency_key))


@router.post("/scan/choose")
def choose_reading(
    body: ChoiceBody, seat: AnySeat, web: TheWeb, idempotency_key: Annotated[str | None, Header()] = None
) -> Shown:
    """Take one reading of a code that had two."""
    shop, actor = seat.shop, seat.actor
    chosen = scanning.choose(shop, actor, actor.till, body.choice, body.index, web.run, idempotency_key)
    return with_sentences(chosen)


@router.get("/catalog")
def catalog(seat: AnySeat, query: Annotated[str, Query(max_length=80)] = "") -> list[Shown]:
    """Return the items whose number, code or name holds every word of the query; all of them without one."""
    words = query.casefold().split()
    return [_item(item) for item in seat.shop.catalog.by_sku.values() if _matches(item, words)]


@router.get("/events")
def events(
    seat: AnySeat,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=FEED_MAX)] = 100,
) -> Shown:
    """Return the journal's entries after a number, oldest first, for whoever follows the shop."""
    require(seat.shop, seat.actor, "see_sales")
    epoch = seat.shop.identity.epoch
    found = journal.entries(seat.shop.read(), epoch, after + 1, limit, FEED_BYTES_MAX)
    entries = [
        {"epoch": epoch, "seq": one.seq, "at_ms": one.at_ms, "kind": one.kind, "body": json.loads(one.body)}
        for one in found
    ]
    return {"entries": entries, "next_after": found[-1].seq if found else after}


def _lamp(lamp: Shown) -> Shown:
    if not lamp.get("code"):
        return lamp
    sentence = sentence_for(lamp["code"])
    return {
        **lamp,
        "title": {"zh": sentence.zh_title, "en": sentence.en_title},
        "detail": {"zh": sentence.zh_detail, "en": sentence.en_detail},
    }


def _matches(item: Item, words: list[str]) -> bool:
    if not words:
        return True
    text = " ".join((item.sku, item.name, item.name_en, item.plu or "", *item.barcodes)).casefold()
    return all(word in text for word in words)


def _item(item: Item) -> Shown:
    return {
        "sku": item.sku,
        "name": item.name,
        "name_en": item.name_en,
        "price_fen": item.price_fen,
        "unit": item.unit,
        "department": item.department,
        "flags": sorted(item.flags),
        "barcodes": list(item.barcodes),
    }
