"""Groups of stores, to pull and to add up: a region, a brand, who is served by one accountant.

A store may be in several. Functions over an open transaction.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from agent.core.errors import Credentials, Refused
from sync.hq import registry, tables
from sync.hq.upserts import insert_unless_there

NAME_CHARACTERS_MAX = 40
_known = tables.store_group


def add_to_group(connection: Connection, group: str, stores: Sequence[str]) -> None:
    """Put stores into a group, which begins to exist with its first; those in it already stay.

    Refuses with `store.bad_group` and `store.unknown`, and then changes nothing.
    """
    if not 0 < len(group) <= NAME_CHARACTERS_MAX or group != group.strip() or not group.isprintable():
        raise Refused("store.bad_group")
    for store in stores:
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store[:10])
    if stores:
        rows = [{"store": store, "group_name": group} for store in stores]
        insert_unless_there(connection, _known, ("store", "group_name"), rows)


def remove_from_group(connection: Connection, group: str, stores: Sequence[str]) -> None:
    """Take stores out of a group; the group ends with its last. Refuses with `store.group_unknown`."""
    stores_of_group(connection, group)
    connection.execute(delete(_known).where((_known.c.group_name == group) & _known.c.store.in_(list(stores))))


def groups(connection: Connection) -> dict[str, list[str]]:
    """Return every group with its stores, in order."""
    found: dict[str, list[str]] = {}
    query = select(_known.c.group_name, _known.c.store).order_by(_known.c.group_name, _known.c.store)
    for group, store in connection.execute(query):
        found.setdefault(group, []).append(store)
    return found


def stores_of_group(connection: Connection, group: str) -> list[str]:
    """Return the stores of a group in order; refuses with `store.group_unknown`."""
    query = select(_known.c.store).where(_known.c.group_name == group).order_by(_known.c.store)
    stores = sorted(connection.execute(query).scalars())
    if not stores:
        raise Refused("store.group_unknown", group=group[:NAME_CHARACTERS_MAX])
    return stores


def chosen_stores(
    connection: Connection, store: str | None, group: str | None, allowed: frozenset[str] | None
) -> list[str]:
    """Return the stores to read, in order: one, a group's, or all; of a group and of all, those that may be read.

    Refuses with `store.unknown` and `store.group_unknown`; raises `Credentials` (`access.not_this_store`) for one store
    that may not be read, and for a group of which none may.
    """
    if store is not None:
        if allowed is not None and store not in allowed:
            raise Credentials("access.not_this_store", store=store[:10])
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store[:10])
    known = stores_of_group(connection, group) if group is not None else _stores(connection)
    readable = [name for name in known if allowed is None or name in allowed]
    if group is not None and not readable:
        raise Credentials("access.not_this_store", store=group[:10])
    return readable if store is None else [one for one in readable if one == store]


def is_chain(store: str | None, group: str | None, allowed: frozenset[str] | None) -> bool:
    """Tell whether a reader asks for the whole chain, and may."""
    return store is None and group is None and allowed is None


def _stores(connection: Connection) -> list[str]:
    return sorted(store for store, _ in registry.store_names(connection))
