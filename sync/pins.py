"""Which keys headquarters' servers may show: as the key list says that the root key signed, so that they can change.

The list comes with the introduction and with each enrolment, and a newer one whenever headquarters tell of it. A server
that shows another key is asked for the list once, over a line that nobody vouches for: the root's signature does.
So a key is exchanged without a visit, also one that was lost; who is between can only keep the box waiting.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from agent.core.errors import StoreboxError
from sync.enrol import load_enrolment, save_enrolment
from sync.keylist import KeyRing


class Pins:
    """The pins of one box, or of none (`Pins()`): then the authorities decide. Several sessions may share it."""

    def __init__(self, keys: KeyRing | None = None, on_newer: Callable[[Mapping[str, object]], None] | None = None):
        """`on_newer` should keep a newer key list, which `keys` has taken already."""
        self._keys = keys
        self._on_newer = on_newer

    def accepted(self) -> frozenset[str]:
        """Return the pins that count now."""
        return frozenset() if self._keys is None else self._keys.tls_pins

    def renew(self, document: Mapping[str, object]) -> bool:
        """Take a key list that a server showed; tell whether it brought other pins. Never raises for what it is."""
        before = self.accepted()
        try:
            newer = self._keys is not None and self._keys.replace(document)
        except StoreboxError:
            return False  # not the root's, or older: what the caller wanted to say about the server holds
        if newer and self._on_newer is not None:
            self._on_newer(document)
        return self.accepted() != before


def pins_of(state: Path) -> Pins:
    """Return the pins of the box in a state folder, where newer lists are kept; raises `Broken` for a damaged one."""
    enrolment = load_enrolment(state)
    return Pins() if enrolment is None else Pins(enrolment.key_ring(), lambda document: _keep(state, document))


def _keep(state: Path, document: Mapping[str, object]) -> None:
    """Keep a list beside the enrolment, unless a newer one came there meanwhile."""
    enrolment = load_enrolment(state)
    keys = None if enrolment is None else enrolment.key_ring()
    if enrolment is not None and keys is not None and keys.replace(document):
        save_enrolment(state, replace(enrolment, key_list=document))
