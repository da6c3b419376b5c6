"""The endpoints for boxes: enrolment, entries, heartbeat, cursor, look-ups, keys, time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.responses import JSONResponse

from agent.core.canonical import LARGEST_INTEGER
from agent.core.chain import Identity
from agent.core.errors import Credentials, Family, Refused
from sync.enrol import PastEpoch
from sync.hq import lookups, registry
from sync.hq.authentication import proves_key, signed_box
from sync.hq.commissioning import enrolling
from sync.hq.commissioning.attempts import counted
from sync.hq.commissioning.offline_packets import FirstContact, first_contact
from sync.hq.commissioning.outcomes import Asking
from sync.hq.commissioning.reports import keep_report
from sync.hq.door import known_sender, live_sender
from sync.hq.errors import error_document
from sync.hq.incoming import Incoming, incoming
from sync.hq.ingest import REPLAYED, Taken, ingest, locked_cursor, present_cursor
from sync.hq.notices import Notice, note_trouble
from sync.hq.office import Office
from sync.hq.records import note_heartbeat, note_receipt
from sync.hq.registry import RegisteredEpoch
from sync.wire import Upload, parse_upload

Request = Annotated[Incoming, Depends(incoming)]
Number = Annotated[int, Query(ge=0, le=LARGEST_INTEGER)]


def boxes_router(office: Office) -> APIRouter:
    """Return the endpoints that boxes use."""
    router = APIRouter(prefix="/v1", tags=["boxes"])

    @router.get("/time")
    def hq_time() -> dict[str, int]:
        """Tell headquarters' clock."""
        return {"at_ms": office.now_ms()}

    @router.get("/keys")
    def keys() -> JSONResponse:
        """Give the key list; its signature is the root key's."""
        return JSONResponse(dict(office.keys.key_list))

    @router.post("/enrol")
    def enrol(request: Request) -> JSONResponse:
        """Give a box its epoch for a one-time token."""
        with counted(office.database, request.sender, office.now_ms):
            return JSONResponse(_enrolled(office, request))

    @router.post("/enrol/packet")
    def packet(request: Request) -> JSONResponse:
        """Learn the key of a box that enrolled by an offline packet."""
        with counted(office.database, request.sender, office.now_ms):
            return JSONResponse(_met(office, request))

    @router.post("/boxes/{box}/entries")
    def entries(box: str, request: Request) -> JSONResponse:
        """Take entries in; 200 or 409 with the signed receipt."""
        return _entries(office, box, request)

    @router.post("/boxes/{box}/heartbeat")
    def heartbeat(box: str, request: Request) -> JSONResponse:
        """Take a heartbeat without entries; answers with the receipt of the present epoch."""
        return _heartbeat(office, box, request)

    @router.post("/boxes/{box}/lookups")
    def lookups(box: str, request: Request) -> JSONResponse:
        """Tell where a payment is that a customer claims: in which store of this headquarters; signed."""
        return JSONResponse({"answer": _looked_up(office, box, request)})

    @router.post("/boxes/{box}/report")
    def report(box: str, request: Request) -> JSONResponse:
        """Take the report of a self-test; the same again is one. Tells whether it closed the loop."""
        return JSONResponse(_reported(office, box, request))

    @router.get("/boxes/{box}/cursor")
    def cursor(box: str, epoch: Number, request: Request) -> JSONResponse:
        """Tell how much of an epoch is here, signed."""
        sender = _known_sender(office, box, request)
        office.rate.take(sender.identity.store, box)
        with office.database.read() as connection:
            owner = registry.epoch_of_store(connection, sender.identity.store, epoch)
            taken = present_cursor(connection, owner.identity)
        return JSONResponse({"receipt": _receipt(office, sender, epoch, taken)})

    return router


def _entries(office: Office, box: str, request: Incoming) -> JSONResponse:
    with office.backlog.place():
        sender = _known_sender(office, box, request)
        office.rate.take(sender.identity.store, box)
        try:
            upload = parse_upload(request.plain())
            _same_box(sender, upload.identity)
            office.months.ready(office.database, office.now_ms())
            with office.database.write() as connection:
                document, taken = _taken(office, connection, box, request, upload)
        except (Refused, Credentials) as error:
            _note(office, sender.identity, error.code, str(error.values.get("field") or ""))
            raise
    if REPLAYED in taken.notices:
        _note(office, sender.identity, REPLAYED, f"#{upload.first_seq}")
    return _receipt_answer(office, document, taken.code, taken.notices)


def _taken(
    office: Office, connection: Connection, box: str, request: Incoming, upload: Upload
) -> tuple[dict[str, object], Taken]:
    """Take an upload in and return its receipt; whoever was revoked meanwhile is refused.

    What an upload tells that was here already is old, too: a recorded one would hide the present state.
    """
    sender = _sender(connection, box, request)
    owner = registry.epoch_of_store(connection, upload.identity.store, upload.identity.epoch)
    now_ms = office.now_ms()
    taken = ingest(connection, owner, sender.identity, upload, now_ms)
    document = _receipt(office, sender, upload.identity.epoch, taken)
    if taken.appended:
        note_receipt(connection, owner.identity, document)
    beat = _less_what_came(_bounded(upload.heartbeat), taken.appended)
    if REPLAYED not in taken.notices:
        note_heartbeat(connection, sender.identity, beat, now_ms)
        note_trouble(connection, sender.identity.store, sender.identity.epoch, beat, now_ms)
    return document, taken


def _heartbeat(office: Office, box: str, request: Incoming) -> JSONResponse:
    sender = _known_sender(office, box, request)
    office.rate.take(sender.identity.store, box)
    document = request.document()
    epoch, body = sender.identity.epoch, document.get("heartbeat")
    if (document.get("store"), document.get("box"), document.get("epoch")) != (sender.identity.store, box, epoch):
        raise Credentials("upload.of_another_box", box=box)
    if not isinstance(body, dict):
        raise Refused("request.malformed", field="heartbeat")
    with office.backlog.place(), office.database.write() as connection:
        taken = locked_cursor(connection, sender.identity)  # first, as an upload does, or both wait for each other
        beat = _bounded(body)
        note_heartbeat(connection, sender.identity, beat, office.now_ms())
        notices = note_trouble(connection, sender.identity.store, epoch, beat, office.now_ms())
    return _receipt_answer(office, _receipt(office, sender, epoch, taken), None, notices)


def _looked_up(office: Office, box: str, request: Incoming) -> dict[str, object]:
    sender = live_sender(office.database, office.notices, office.now_ms, box, request)
    office.lookups.take(sender.identity.store, box)
    with office.database.read() as connection:
        found = lookups.answer(connection, request.body, request.document())
    return office.keys.signed_lookup(sender.identity, found, office.now_ms())


def _reported(office: Office, box: str, request: Incoming) -> dict[str, object]:
    sender = _known_sender(office, box, request)
    office.rate.take(sender.identity.store, box)
    body = request.document().get("report")
    with office.database.write() as connection:
        found = keep_report(connection, sender.identity, body, office.now_ms())
    return {"closed_loop": found.closed_loop}


def _enrolled(office: Office, request: Incoming) -> dict[str, object]:
    fields = request.document()
    token, store, box = (_text(fields, name) for name in ("token", "store", "box"))
    public_key = _key(fields.get("public_key"))
    past = _past(fields.get("past", []))
    proves_key(request.signature, store, box, public_key, request.method, request.target, request.body)
    asking = Asking(store, box, public_key, request.sender)
    with office.database.write() as connection:
        enrolled = enrolling.enrol(connection, asking, token, past, office.now_ms())
        epoch = enrolled.epoch or 0
        previous = registry.previous_epoch(connection, store, epoch)
    enrolling.raise_refusal(enrolled, asking)
    return _welcome(office, asking, epoch, previous)


def _met(office: Office, request: Incoming) -> dict[str, object]:
    fields = request.document()
    store, box = (_text(fields, name) for name in ("store", "box"))
    public_key, grant, opened_at_ms = _key(fields.get("public_key")), fields.get("grant"), fields.get("opened_at_ms")
    if not isinstance(grant, dict):
        raise Refused("request.malformed", field="grant")
    if type(opened_at_ms) is not int:
        raise Refused("request.malformed", field="opened_at_ms")
    proves_key(request.signature, store, box, public_key, request.method, request.target, request.body)
    asking, contact = Asking(store, box, public_key, request.sender), FirstContact(grant, opened_at_ms)
    with office.database.write() as connection:
        enrolled = first_contact(connection, office.keys, asking, contact, office.now_ms())
        epoch = enrolled.epoch or 0
        previous = registry.previous_epoch(connection, store, epoch)
    enrolling.raise_refusal(enrolled, asking)
    return _welcome(office, asking, epoch, previous)


def _welcome(office: Office, asking: Asking, epoch: int, previous: Mapping[str, object] | None) -> dict[str, object]:
    return {
        "store": asking.store,
        "box": asking.box,
        "epoch": epoch,
        "root_public_key": office.keys.root_public_key.hex(),
        "key_list": dict(office.keys.key_list),
        "previous": previous,
    }


def _sender(connection: Connection, box: str, request: Incoming) -> RegisteredEpoch:
    return signed_box(connection, request.signature, box, request.method, request.target, request.body)


def _known_sender(office: Office, box: str, request: Incoming) -> RegisteredEpoch:
    return known_sender(office.database, office.notices, office.now_ms, box, request)


def _note(office: Office, identity: Identity, code: str, detail: str) -> None:
    office.notices.note(office.database, Notice(identity.store, identity.epoch, code, detail[:80]), office.now_ms())


def _same_box(sender: RegisteredEpoch, identity: Identity) -> None:
    """A box speaks for its own store, and for no epoch that came after its own."""
    mine = sender.identity
    if (identity.store, identity.box) != (mine.store, mine.box) or identity.epoch > mine.epoch:
        raise Credentials("upload.of_another_box", box=mine.box)


def _receipt(office: Office, sender: RegisteredEpoch, epoch: int, taken: Taken) -> dict[str, object]:
    """Return the receipt for an epoch of the sender's; it tells a box that was replaced, so that it stops trading."""
    addressee = replace(sender.identity, epoch=epoch)
    return office.keys.signed_receipt(addressee, taken.next_seq, taken.head, office.now_ms(), sender.replaced_by)


def _receipt_answer(
    office: Office, document: Mapping[str, object], code: str | None, notices: Sequence[str] = ()
) -> JSONResponse:
    key_list_version = office.keys.key_list["version"]
    if code is None:
        more = {"notices": list(notices)} if notices else {}
        return JSONResponse({"receipt": dict(document), "key_list_version": key_list_version, **more})
    refusal = error_document(code, Family.REFUSED, {"wanted": str(document["next_seq"])})
    return JSONResponse({**refusal, "receipt": dict(document), "key_list_version": key_list_version}, 409)


def _bounded(heartbeat: Mapping[str, object]) -> Mapping[str, object]:
    """Keep a heartbeat of a size that a heartbeat may have."""
    return heartbeat if len(str(heartbeat)) <= 65_536 else {"heartbeat_error": "heartbeat.too_large"}


def _less_what_came(heartbeat: Mapping[str, object], appended: int) -> Mapping[str, object]:
    """Return a heartbeat without the entries that came with it: the box counted them as unsent when it wrote it.

    How much money lies in a part of them nobody knows; then all of it still counts.
    """
    unsent = heartbeat.get("unsent_entries")
    if type(unsent) is not int or unsent <= 0 or not appended:
        return heartbeat
    if appended >= unsent:
        return {**heartbeat, "unsent_entries": 0, "unsent_fen": 0}
    return {**heartbeat, "unsent_entries": unsent - appended}


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("request.malformed", field=name)
    return value


def _key(value: object) -> bytes:
    try:
        key = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Refused("request.malformed", field="public_key")
    return key


def _past(rows: object) -> list[PastEpoch]:
    if not isinstance(rows, list):
        raise Refused("request.malformed", field="past")
    return [_past_epoch(row) for row in rows]


def _past_epoch(row: object) -> PastEpoch:
    if not isinstance(row, dict) or type(row.get("epoch")) is not int or not 1 <= row["epoch"] < 1_000_000:
        raise Refused("request.malformed", field="past")
    return PastEpoch(row["epoch"], _text(row, "box"), _key(row.get("public_key")))
