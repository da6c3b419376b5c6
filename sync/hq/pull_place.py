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
from sync.hq.pull_days import BusinessDay

TOKEN_CHARACTERS_MAX = 16_384
LISTED_MAX = 50
"""Days and entries that are named; all are counted. A token of a chain's whole pull must fit into a URL."""


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
    hidden_day_count: int = 0
    hidden_days: dict[str, str] = field(default_factory=dict)
    hidden_last: str = ""
    unbalanced_count: int = 0
    unbalanced: list[dict[str, object]] = field(default_factory=list)
    unreadable_count: int = 0
    unreadable: list[dict[str, object]] = field(default_factory=list)

    def hide(self, store: str, day: BusinessDay, rows: int, amount_fen: int) -> None:
        """Count rows of a day that is not shown; the rows of a day follow one another."""
        self.hidden_rows += rows
        self.hidden_fen += amount_fen
        name = f"{store} {day.day}"
        if rows and name != self.hidden_last:
            self.hidden_last = name
            self.hidden_day_count += 1
            if len(self.hidden_days) < LISTED_MAX:
                self.hidden_days[name] = day.day_state

    def note_unbalanced(self, entry: dict[str, object]) -> None:
        """Count an entry whose sum is wrong."""
        self.unbalanced_count += 1
        if len(self.unbalanced) < LISTED_MAX:
            self.unbalanced.append(entry)

    def note_unreadable(self, entry: dict[str, object]) -> None:
        """Count an entry that can't be read."""
        self.unreadable_count += 1
        if len(self.unreadable) < LISTED_MAX:
            self.unreadable.append(entry)


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
    business_day: BusinessDay | None = None
    """The day that it stands in, as the rows before it tell it; the rest of the day says the same."""

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
        business_day = None if fields["business_day"] is None else BusinessDay(**fields["business_day"])
        place = Place(
            str(fields["store"]),
            str(fields["day"]),
            int(fields["epoch"]),
            int(fields["seq"]),
            bounds,
            tally,
            str(fields["asked"]),
            business_day,
        )
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as error:
        raise Refused("pull.wrong_cursor") from error
    if place.asked != asked:
        raise Refused("pull.wrong_cursor")
    return place
