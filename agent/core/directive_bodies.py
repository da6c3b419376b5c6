"""Reading a directive's body: the same at headquarters, before it goes down, and at the box. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from agent.core.catalog import item_from
from agent.core.directives import Kind, messages_of, people_of, portal_refund_of, stop_sale_of, table_of
from agent.core.errors import Refused, StoreboxError
from agent.core.roles import Matrix
from agent.core.scale_labels import layouts_from
from agent.core.tenders import Tender, tenders_from
from agent.core.verbs import order_of


def _tenders(body: str) -> dict[str, Tender]:
    found = tenders_from(table_of(Kind.TENDERS, body))
    if "cash" not in found:
        raise Refused("directive.not_readable", kind=Kind.TENDERS.value, reason="cash is missing")
    return found


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.CATALOGUE: lambda body: [item_from(row) for row in table_of(Kind.CATALOGUE, body).get("item", ())],
    Kind.TENDERS: _tenders,
    Kind.ROLES: lambda body: Matrix.from_data(table_of(Kind.ROLES, body)),
    Kind.SCALE_LABELS: lambda body: layouts_from(table_of(Kind.SCALE_LABELS, body)),
    Kind.STAFF: people_of,
    Kind.STOP_SALE: stop_sale_of,
    Kind.MESSAGES: messages_of,
    Kind.PORTAL_REFUND: portal_refund_of,
    Kind.VERB: order_of,
}


def read(kind: Kind, body: str) -> Any:
    """Return what a body says; refuses with the code of what is wrong, `directive.not_readable` for the rest."""
    try:
        return _READERS[kind](body)
    except StoreboxError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused("directive.not_readable", kind=kind.value, reason=repr(error)[:120]) from error
