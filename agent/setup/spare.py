"""A sealed spare: a box that is installed and trusts its headquarters, and belongs to no store yet.

It is prepared in the workshop and lies in a drawer for years. On site it follows only the headquarters that it was
prepared for, and, where that was said, only codes and packets of certain stores. It holds no secret: whoever steals it
has a computer. Kept as `STATE/setup/spare.json`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, Refused
from agent.core.ids import checked_id
from agent.disk import write_private
from agent.settings import Settings
from agent.setup.destination import Destination, Known, checked
from agent.store.connection import JOURNAL_FILE
from sync.enrol import load_enrolment
from sync.first_contact import first_contact
from sync.keylist import root_fingerprint

FILE = Path("setup") / "spare.json"
STORES_MAX = 500


@dataclass(frozen=True, slots=True)
class Spare:
    """What a spare was prepared with; `stores` empty: any store of that headquarters."""

    hq_url: str
    root_public_key: bytes
    stores: tuple[str, ...]
    prepared_at_ms: int

    @property
    def fingerprint(self) -> str:
        """The root key's fingerprint."""
        return root_fingerprint(self.root_public_key)


def load_spare(state: Path) -> Spare | None:
    """Return what this box was prepared with, None when it is no spare.

    Raises `Broken` `spare.damaged`: a spare that forgot whom it trusts may not trust anybody.
    """
    path = state / FILE
    if not path.exists():
        return None
    try:
        document = parse(path.read_bytes())
        if not isinstance(document, Mapping) or not isinstance(document["stores"], list):
            raise TypeError("a spare is an object")
        return Spare(
            str(document["hq_url"]),
            bytes.fromhex(str(document["root_public_key"])),
            tuple(checked_id(store, "store") for store in document["stores"]),
            int(document["prepared_at_ms"]),
        )
    except (OSError, KeyError, TypeError, ValueError, Broken, Refused) as error:
        raise Broken("spare.damaged", file=path.name) from error


def prepared_for(state: Path) -> str:
    """Return the headquarters that a spare was prepared for, for its slips; empty for another box and a damaged one."""
    try:
        spare = load_spare(state)
    except Broken:
        return ""
    return "" if spare is None else spare.hq_url


def prepare(settings: Settings, destination: Destination, nonce: bytes, now_ms: int, stores: Sequence[str]) -> Spare:
    """Make this box a spare of a headquarters that proves its root key now; the same again takes the place of before.

    Refuses a box that has a store or a journal (`spare.has_store`), and what `checked` refuses; raises what
    `first_contact` does.
    """
    state = settings.state
    enrolment = load_enrolment(state)
    if enrolment is not None or (state / JOURNAL_FILE).exists():
        raise Refused("spare.has_store", store="" if enrolment is None else enrolment.identity.store)
    if len(stores) > STORES_MAX:
        raise Refused("spare.too_many_stores", most=STORES_MAX)
    chosen = tuple(sorted({checked_id(store, "store") for store in stores}))
    checked(destination, Known(root=settings.hq.root))
    with first_contact(destination.url, nonce, destination.fingerprint, "") as (session, met):
        spare = Spare(session.base_url, met.root_public_key, chosen, now_ms)
    document = {
        "hq_url": spare.hq_url,
        "root_public_key": spare.root_public_key.hex(),
        "stores": list(spare.stores),
        "prepared_at_ms": spare.prepared_at_ms,
    }
    write_private(state / FILE, canonical_bytes(document))
    return spare


def known_headquarters(settings: Settings) -> Known:
    """Return the headquarters that a box may follow: the settings' own, else the one that a spare was prepared for.

    Raises `Broken` `spare.damaged`.
    """
    spare = load_spare(settings.state)
    if spare is None:
        return Known(settings.hq.url, settings.hq.root)
    return Known(settings.hq.url or spare.hq_url, settings.hq.root or spare.fingerprint, spare.stores)
