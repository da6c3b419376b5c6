"""Where a code leads: a scanned `E1` says it all, eight typed characters need a headquarters that the box knows.

A typed enrolment is `STORE CODE [URL [ROOT]]`, as one types it on a keyboard: `S001 7K2M-9QXD`. What is left out is
taken from the settings, or from what a spare was prepared with.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from agent.core.errors import Credentials, Refused
from agent.core.setup_codes import ENROLMENT_PREFIX, EnrolmentCode, read_enrolment_code
from agent.core.typed_codes import read_typed_code

_TYPED = re.compile(r"([A-Za-z0-9]{1,10})[\s,/]+([^\s,]+)(?:[\s,]+(https?://\S+))?(?:[\s,]+([0-9A-Fa-f]{32}))?")


@dataclass(frozen=True, slots=True)
class Known:
    """The headquarters that a box knows before any code; `url` and `root` may be empty.

    `stores` are the only ones that it may serve; empty: any.
    """

    url: str = ""
    root: str = ""
    stores: tuple[str, ...] = ()

    def check_store(self, store: str) -> None:
        """Refuse a store that this box may not serve (`setup.other_store`)."""
        if self.stores and store not in self.stores:
            raise Refused("setup.other_store", store=store, stores=", ".join(self.stores)[:80])


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to enrol, and with what. `fingerprint` None: the certificate of `url` alone says who answers."""

    url: str
    store: str
    token: str = field(repr=False)
    fingerprint: str | None = None

    @property
    def host(self) -> str:
        """What people call it."""
        return urlsplit(self.url).netloc


def destination_of(text: str, known: Known) -> Destination:
    """Return where a code leads that a box with this knowledge may follow.

    Raises what `read_enrolment_code` does; `setup.typed_incomplete` for eight characters without a store,
    `setup.headquarters_unknown`; `setup.other_headquarters` for another root key than the pinned one,
    `setup.plain_http` for what is not encrypted and not on this machine, `setup.other_store`.
    """
    if text.strip().upper().startswith(ENROLMENT_PREFIX) and not names_store(text):
        return checked(of_code(read_enrolment_code(text)), known)
    found = _TYPED.fullmatch(text.strip())
    code = None if found is None else read_typed_code(found[2])
    if found is None or code is None:
        raise Refused("setup.typed_incomplete")
    url, root = found[3] or known.url, (found[4] or known.root).lower()
    if not url:
        raise Refused("setup.headquarters_unknown")
    return checked(Destination(url.rstrip("/"), found[1].upper(), code, root or None), known)


def of_code(code: EnrolmentCode) -> Destination:
    """Return where a scanned code leads."""
    return Destination(code.url, code.store, code.token_text, code.fingerprint_text)


def checked(one: Destination, known: Known) -> Destination:
    """Return a destination that may be followed; raises what `destination_of` says."""
    if known.root and one.fingerprint != known.root.lower():
        raise Credentials("setup.other_headquarters", host=one.host)
    if urlsplit(one.url).scheme != "https" and not _is_loopback(one.url):
        raise Refused("setup.plain_http", host=one.host)
    known.check_store(one.store)
    return one


def is_typed(text: str) -> bool:
    """Tell whether a text is eight typed characters, with a store before them or without one."""
    return read_typed_code(text) is not None or names_store(text)


def names_store(text: str) -> bool:
    """Tell whether a text is a store and eight typed characters."""
    found = _TYPED.fullmatch(text.strip())
    return found is not None and read_typed_code(found[2]) is not None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
