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
    """Return the epoch whose key signed the request; the store follows from the key that fits."""
    parsed = parse_request_header(header or "")
    if parsed is None or parsed[0] != path_box:
        raise Credentials("request.not_signed")
    box, epoch, signature = parsed
    candidates = registry.epochs_of_box(connection, box, epoch)
    if not candidates:
        raise Refused("box.unknown", box=box[:10], epoch=epoch)
    for candidate in candidates:
        if verify(candidate.public_key, request_message(candidate.identity, method, target, body), signature):
            if candidate.revoked:
                raise Credentials("box.revoked", box=box, epoch=epoch)
            return candidate
    raise Credentials("request.wrong_signature", box=box[:10], epoch=epoch)


def proves_key(
    header: str | None, store: str, box: str, public_key: bytes, method: str, target: str, body: bytes
) -> None:
    """Check that an enrolment is signed, as epoch 0, by the key that it brings."""
    parsed = parse_request_header(header or "")
    message = request_message(Identity(store, box, 0), method, target, body)
    if parsed is None or parsed[:2] != (box, 0) or not verify(public_key, message, parsed[2]):
        raise Credentials("request.wrong_signature", box=box[:10], epoch=0)


def readable_stores(connection: Connection, authorization: str | None) -> frozenset[str] | None:
    """Return the stores that the bearer may read, None for all."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Credentials("access.token_missing")
    return registry.stores_for_token(connection, token.strip())
