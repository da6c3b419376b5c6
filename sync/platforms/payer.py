"""Who pays on a page inside a wallet's own app: a redirect that asks the customer nothing, and a code for a name.

Separate from `Platform`, since only headquarters' pay page asks; a merchant who did not set it up has none.
"""

from typing import Protocol

from agent.core.errors import Refused

CODE_CHARACTERS_MAX = 512


class PayerFinder(Protocol):
    """How one merchant's application learns who opened a page in the wallet's app."""

    code_field: str
    """The name under which the code comes back in the query of the page's own address; `state` comes back as it was."""

    def redirect_url(self, back_url: str, state: str) -> str:
        """Return where the customer's app is sent to; it comes back to `back_url`, whose host the merchant registered.

        `state` are up to 128 letters and digits.
        """

    def payer(self, code: str) -> str:
        """Return who they are there, as `offer(IN_APP)` takes it.

        Raises `StoreboxError`: `payer.code_refused` for a code that is old, used or made up.
        """


def checked_code(code: str) -> str:
    """Return a code that may be sent on; refuses what no platform gives out (`payer.code_refused`)."""
    if not 0 < len(code) <= CODE_CHARACTERS_MAX or not code.isascii() or not code.isprintable():
        raise Refused("payer.code_refused")
    return code
