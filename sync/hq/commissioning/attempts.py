"""How often enrolment may be refused: of each address and in all, counted in the database for all serving processes.

What was granted counts nothing, so a roll-out behind one address goes through. Who is over the bound costs one read.
Requests that are on the way when the bound is reached are still answered: it is a bound on guessing, not an exact one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Connection, delete, select

from agent.core.errors import Family, StoreboxError, TryLater
from sync.hq.commissioning.tables import enrolment_refusals
from sync.hq.database import Database
from sync.hq.upserts import insert_of


@dataclass(frozen=True, slots=True)
class Bound:
    """So many refusals within a window; the next window begins at zero."""

    refusals: int
    window_ms: int
    code: str


BY_ADDRESS = Bound(30, 600_000, "enrol.too_many_from_address")
IN_ALL = Bound(300, 60_000, "enrol.too_many_at_hq")
"""A short window: whoever fills it from many addresses keeps the boxes of today waiting."""
ALL = "*"
_IPV6_NETWORK_BITS = 64
_COUNTED = frozenset({Family.REFUSED, Family.CREDENTIALS})


@contextmanager
def counted(database: Database, sender: str, now_ms: Callable[[], int]) -> Iterator[None]:
    """Let a request to enrol in, unless too many were refused; count it when the block refuses it.

    Raises `TryLater` with the time until the window ends: `enrol.too_many_from_address`, `enrol.too_many_at_hq`.
    """
    scopes = ((address_scope(sender), BY_ADDRESS), (ALL, IN_ALL))
    with database.read() as connection:
        for scope, bound in scopes:
            _check(connection, scope, bound, now_ms())
    try:
        yield
    except StoreboxError as error:
        if error.family in _COUNTED:
            with database.write() as connection:
                for scope, bound in scopes:
                    _count(connection, scope, bound, now_ms())
        raise


def address_scope(sender: str) -> str:
    """Return what is counted as one address: of IPv6 the network, since its owner has all the addresses in it."""
    try:
        address = ip_address(sender)
    except ValueError:
        return sender[:60]
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return f"{int(address) >> (128 - _IPV6_NETWORK_BITS):016x}/{_IPV6_NETWORK_BITS}"
    return str(address.ipv4_mapped if isinstance(address, IPv6Address) else address)


def _check(connection: Connection, scope: str, bound: Bound, now_ms: int) -> None:
    known, began_ms = enrolment_refusals.c, _window(bound, now_ms)
    where = (known.scope == scope) & (known.began_ms == began_ms)
    if int(connection.execute(select(known.refusals).where(where)).scalar() or 0) >= bound.refusals:
        wait_s = -(-(began_ms + bound.window_ms - now_ms) // 1000)
        raise TryLater(bound.code, retry_after_s=wait_s, wait_minutes=-(-wait_s // 60))


def _count(connection: Connection, scope: str, bound: Bound, now_ms: int) -> None:
    """Count one; the first of a window takes away what is older than any window."""
    known, began_ms = enrolment_refusals.c, _window(bound, now_ms)
    adding = insert_of(connection, enrolment_refusals).values(scope=scope, began_ms=began_ms, refusals=1)
    more = adding.on_conflict_do_update(index_elements=["scope", "began_ms"], set_={"refusals": known.refusals + 1})
    if connection.execute(more.returning(known.refusals)).scalar_one() == 1:
        oldest_ms = now_ms - BY_ADDRESS.window_ms
        connection.execute(delete(enrolment_refusals).where(known.began_ms < oldest_ms))


def _window(bound: Bound, now_ms: int) -> int:
    return now_ms - now_ms % bound.window_ms
