"""What a box needs for orders that customers pay on their own phones: where the page is, its key, whose word counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.core.chain import Identity
from agent.core.pay_passes import Order, order_text
from agent.core.ports import Signer

PLATFORM = "phone"
"""The platform of such an attempt until the customer has chosen a wallet."""
LIFETIME_S = 600
ProofKeys = Callable[[str, int], Sequence[bytes]]
"""The public keys that may sign pay-proofs for a store at a time (milliseconds UTC)."""


@dataclass(frozen=True, slots=True)
class PhoneOrders:
    """`page` is scheme and host of headquarters' pay page; `lifetime_s` how long an order may be paid."""

    page: str
    signer: Signer
    proof_keys: ProofKeys
    lifetime_s: int = LIFETIME_S

    def url(self, found: Mapping[str, Any], identity: Identity) -> str | None:
        """Return the address in an attempt's code, all upper case; None for an attempt of an earlier epoch's key.

        It follows from what the journal holds: after a restart it is the same one.
        """
        number: str = found["attempt"]
        if number.split("_")[:2] != [identity.store, str(identity.epoch)] or found["expires_ms"] is None:
            return None
        order = Order(
            store=identity.store,
            box=identity.box,
            epoch=identity.epoch,
            out_trade_no=number,
            amount_fen=found["amount_fen"],
            issued_s=found["started_ms"] // 1000,
            expires_s=found["expires_ms"] // 1000,
        )
        return f"{self.page.rstrip('/').upper()}/O/{order_text(order, self.signer)}"
