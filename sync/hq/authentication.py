"""Who sends a request: a box by its signature over the request as sent, or a person by a bearer token."""

from sqlalchemy import Connection

from agent.core.chain import Identity
from agent.core.errors import Credentials, Refused
from agent.core.signing import parse_request_header, request_message, verify
from sync.hq import registry
from sync.hq.registry import RegisteredEpoch


def signed_box(
    connection: Connection, header: str | None, path_box: str, method: str, target: str, body: bytes
) -> RegisteredEpoch:
    """Return the epoch that signed the request: one look-up and one check, however many boxes there are."""
    parsed = parse_request_header(header or "")
    if parsed is None or parsed[0].box != path_box:
        raise Credentials("request.not_signed")
    claimed, signature = parsed
    known = registry.find_epoch(connection, claimed.store, claimed.epoch)
    if known is None or known.identity != claimed:
        raise Refused("box.unknown", box=claimed.box[:10], epoch=claimed.epoch)
    if not verify(known.public_key, request_message(claimed, method, target, body), signature):
        raise Credentials("request.wrong_signature", box=claimed.box[:10], epoch=claimed.epoch)
    if known.revoked:
        raise Credentials("box.revoked", box=claimed.box, epoch=claimed.epoch)
    return known


def proves_key(
    header: str | None, store: str, box: str, public_key: bytes, method: str, target: str, body: bytes
) -> None:
    """Check that an enrolment is signed, as epoch 0, by the key that it brings."""
    parsed = parse_request_header(header or "")
    claimed = Identity(store, box, 0)
    message = request_message(claimed, method, target, body)
    if parsed is None or parsed[0] != claimed or not verify(public_key, message, parsed[1]):
        raise Credentials("request.wrong_signature", box=box[:10], epoch=0)


def readable_stores(connection: Connection, authorization: str | None) -> frozenset[str] | None:
    """Return the stores that the bearer may read, None for all."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Credentials("access.token_missing")
    return registry.stores_for_token(connection, token.strip())
