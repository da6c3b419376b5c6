"""Where a pull stands, as a token: after a broken connection the rest comes from there, and from the same snapshot.

A store's rows are bounded by how far its epochs reached when its first row was read, so that what arrives between the
two halves of a pull neither shows twice nor falls between them. The token carries what was counted, so that the
manifest at the end speaks of the whole pull. It is the reader's own: who changes it, cheats at his own sums.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from agent.core.errors import Refused

TOKEN_CHARACTERS_MAX = 16_384


@dataclass(slots=True)
class Tally:
    """What is counted while rows go by."""

    rows: int = 0
    total_fen: int = 0
    sales: int = 0
    sales_fen: int = 0
    refunds: int = 0
    refunds_fen: int = 0
    hidden_rows: int = 0
    hidden_fen: int = 0
    hidden_days: list[str] = field(default_factory=list)
    unbalanced: list[dict[str, object]] = field(default_factory=list)
    unreadable: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """After which entry a pull goes on; `bounds` holds the number that it stops before, for each epoch of the store."""

    store: str
    day: str
    epoch: int
    seq: int
    bounds: Mapping[int, int]
    tally: Tally
    asked: str

    def token(self) -> str:
        """Return the place as text for a URL."""
        document = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def place_of(token: str, asked: str) -> Place:
    """Return the place that a token names; refuses with `pull.wrong_cursor`, also that of another question."""
    try:
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise ValueError("too long")
        fields = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        bounds = {int(epoch): int(limit) for epoch, limit in fields["bounds"].items()}
        tally = Tally(**fields["tally"])
        place = Place(
            str(fields["store"]),
            str(fields["day"]),
            int(fields["epoch"]),
            int(fields["seq"]),
            bounds,
            tally,
            str(fields["asked"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as error:
        raise Refused("pull.wrong_cursor") from error
    if place.asked != asked:
        raise Refused("pull.wrong_cursor")
    return place
