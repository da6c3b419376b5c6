"""What stands out in a cashier's work, against those who do the same: facts to ask about, never a verdict.

Patterns after reference domain.md B3-11: refunds, baskets and lines given up before payment, drawers opened without a
sale, one customer's account in many refunds. Everything is counted from the journal alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Body = Mapping[str, object]

PEERS_MIN = 3
"""Fewer others are no measure: then nothing but a payer who returns is told."""
COUNT_MIN = 3
"""What happened less often stands out only by chance."""
TIMES_THE_PEERS = 3
SAME_PAYER_MIN = 3


class Sign(StrEnum):
    """What is compared."""

    REFUNDS = "refunds"
    """Refunds for each sale."""
    VOIDS = "voids"
    """Baskets and lines given up, for each sale."""
    NO_SALES = "no_sales"
    """Drawer opened without a sale, for each sale."""
    SAME_PAYER = "same_payer"
    """Refunds to one payer; compared with nobody."""


@dataclass(frozen=True, slots=True)
class CashierFigures:
    """One cashier in one store; amounts in fen. `payers` counts refunds by the keyed hash of who had paid."""

    store: str
    staff: str
    sales: int = 0
    sales_fen: int = 0
    refunds: int = 0
    refunds_fen: int = 0
    voids: int = 0
    voids_fen: int = 0
    no_sales: int = 0
    payers: Mapping[str, int] = field(default_factory=dict)

    def count(self, sign: Sign) -> int:
        """Return how often it happened."""
        counts = {Sign.REFUNDS: self.refunds, Sign.VOIDS: self.voids, Sign.NO_SALES: self.no_sales}
        return max(self.payers.values(), default=0) if sign is Sign.SAME_PAYER else counts[sign]


@dataclass(frozen=True, slots=True)
class CashierException:
    """A cashier who stands out: `count` in `sales`, where as many sales of the others would give `expected_permille`.

    `expected_permille` is a thousandth of an event; of `same_payer` it is 0 and `payer` names who.
    """

    store: str
    staff: str
    sign: Sign
    count: int
    sales: int
    expected_permille: int = 0
    payer: str | None = None


class CashierTally:
    """Adds up entries of one store, in the order in which they were written, into figures a cashier."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._numbers: dict[str, Counter[str]] = defaultdict(Counter)
        self._payers: dict[str, Counter[str]] = defaultdict(Counter)
        self._payer_of: dict[str, str] = {}

    KINDS = (
        "attempt.ended",
        "drawer.moved",
        "refund.started",
        "sale.cancelled",
        "sale.completed",
        "sale.line_removed",
        "sale.refunded",
    )
    """The kinds of entries that count here; others may be left out or given, they change nothing."""

    def add(self, kind: str, body: Body) -> None:
        """Count one entry; a body that does not say who did it counts for nobody."""
        if kind == "attempt.ended":
            attempt, payer = body.get("attempt"), body.get("payer")
            if isinstance(attempt, str) and isinstance(payer, str) and payer:
                self._payer_of[attempt] = payer
            return
        staff = body.get("staff")
        if not isinstance(staff, str) or not staff:
            return
        if kind == "refund.started":
            payer = self._payer_of.get(str(body.get("attempt")))
            if payer is not None and not body.get("orphan"):
                self._payers[staff][payer] += 1
            return
        name, amount = _counted(kind, body)
        if name is not None:
            self._numbers[staff][name] += 1
            self._numbers[staff][f"{name}_fen"] += amount

    def figures(self) -> list[CashierFigures]:
        """Return the figures of every cashier who did anything, by name."""
        return [
            CashierFigures(
                self._store,
                staff,
                **{name: self._numbers[staff][name] for name in ("sales", "sales_fen", "refunds", "refunds_fen")},
                **{name: self._numbers[staff][name] for name in ("voids", "voids_fen", "no_sales")},
                payers=dict(self._payers[staff]),
            )
            for staff in sorted({*self._numbers, *self._payers})
        ]


def _counted(kind: str, body: Body) -> tuple[str | None, int]:
    """Return which figure an entry adds to, and its amount."""
    match kind:
        case "sale.completed":
            return "sales", _fen(body, "total_fen")
        case "sale.refunded":
            return "refunds", _fen(body, "total_fen")
        case "sale.cancelled":
            return "voids", _fen(body, "total_fen")
        case "sale.line_removed":
            return "voids", _fen(body, "amount_fen")
        case "drawer.moved" if body.get("movement") == "no_sale":
            return "no_sales", 0
    return None, 0


def _fen(body: Body, name: str) -> int:
    value = body.get(name)
    return value if type(value) is int else 0


def exceptions(figures: Sequence[CashierFigures]) -> list[CashierException]:
    """Return who stands out, the most striking first.

    A cashier is compared with all others together, by events for each sale: three times as often as they, at least
    three times, and at least three others. Who has no sale at all is measured as if it were one.
    """
    found = [one for person in figures for one in (*_against_peers(person, figures), *_same_payer(person))]
    return sorted(found, key=lambda one: (-_excess(one), one.store, one.staff, one.sign))


def _against_peers(person: CashierFigures, figures: Sequence[CashierFigures]) -> Iterable[CashierException]:
    peers = [one for one in figures if (one.store, one.staff) != (person.store, person.staff) and one.sales]
    if len(peers) < PEERS_MIN:
        return
    peer_sales, sales = sum(one.sales for one in peers), max(1, person.sales)
    for sign in (Sign.REFUNDS, Sign.VOIDS, Sign.NO_SALES):
        count = person.count(sign)
        peer_count = sum(one.count(sign) for one in peers)
        if count >= COUNT_MIN and count * peer_sales > TIMES_THE_PEERS * peer_count * sales:
            expected_permille = 1000 * peer_count * sales // peer_sales
            yield CashierException(person.store, person.staff, sign, count, person.sales, expected_permille)


def _same_payer(person: CashierFigures) -> Iterable[CashierException]:
    for payer, count in sorted(person.payers.items()):
        if count >= SAME_PAYER_MIN:
            yield CashierException(person.store, person.staff, Sign.SAME_PAYER, count, person.sales, payer=payer)


def _excess(one: CashierException) -> int:
    return 1000 * one.count - one.expected_permille
