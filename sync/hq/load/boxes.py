"""A simulated box: its entries, chained and sealed, and the uploads that carry them. Pure but for its key.

Two boxes of the same seed and number write the same history, so that what headquarters keeps can be compared later.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from agent.core.canonical import canonical
from agent.core.chain import Entry, Identity, genesis, next_hash
from agent.core.ports import Signer
from agent.core.signing import seal_message
from sync.wire import ENTRIES_MAX, compress, upload_bytes

FIRST_DAY = date(2026, 10, 1)
FIRST_DAY_MS = 1_790_784_000_000
"""2026-10-01 00:00 in China."""
DAY_MS = 86_400_000
SALES_A_DAY = 400
SEAL_EVERY = 1_000
DISHES = (
    ("D001", "剁椒鱼头(微辣)", 8800),
    ("D003", "米饭", 200),
    ("D011", "小炒黄牛肉", 5800),
    ("D014", "酸梅汤(扎)", 1800),
)


class SimulatedBox:
    """One box; `upload` gives the next run of its history."""

    def __init__(self, identity: Identity, public_key: bytes, signer: Signer, seed: int = 1) -> None:
        self.identity = identity
        self.public_key = public_key
        self.signer = signer
        self.head = genesis(identity)
        self.seq = 0
        self._random = random.Random(f"{seed} {identity}")
        self._sales = 0
        self._facts = self._history()

    def entries(self, count: int) -> list[Entry]:
        """Return the next entries."""
        return [self._next() for _ in range(count)]

    def upload(self, count: int = ENTRIES_MAX) -> tuple[bytes, int]:
        """Return a compressed upload of the next entries and how many it carries; all of `count` if they fit."""
        previous = self.head
        entries = self.entries(count)
        body, fitting = upload_bytes(self.identity, previous, entries, {"unsent_entries": 0})
        if fitting < count:
            raise ValueError(f"{count} entries do not fit into an upload")
        return compress(body), fitting

    def _next(self) -> Entry:
        self.seq += 1
        at_ms, kind, body = self._sealed() if self.seq % SEAL_EVERY == 0 else self._of_trade()
        self.head = next_hash(self.head, self.seq, at_ms, kind, body)
        return Entry(self.seq, at_ms, kind, body, self.head)

    def _of_trade(self) -> tuple[int, str, str]:
        at_ms, kind, body = next(self._facts)
        return at_ms, kind, canonical(body)

    def _sealed(self) -> tuple[int, str, str]:
        signature = self.signer.sign(seal_message(self.identity, self.seq - 1, self.head))
        return self._at_ms(), "seal", canonical({"head": self.head.hex(), "signature": signature.hex()})

    def _at_ms(self) -> int:
        day, within = divmod(self._sales, SALES_A_DAY)
        return FIRST_DAY_MS + day * DAY_MS + DAY_MS // 2 + within * (DAY_MS // 2 // SALES_A_DAY)

    def _history(self) -> Iterator[tuple[int, str, Mapping[str, object]]]:
        """Yield what happened without end: enrolment, then days of sales, of which most are paid by phone."""
        yield self._at_ms(), "box.enrolled", self._enrolled()
        while True:
            day = (FIRST_DAY + timedelta(days=self._sales // SALES_A_DAY)).isoformat()
            trade = {"till": "1", "shift": f"{day}-1", "staff": "07", "day": day}
            yield from self._sale(trade)
            self._sales += 1
            if self._sales % SALES_A_DAY == 0:
                yield self._at_ms(), "day.closed", {**trade, "unfinished": []}

    def _enrolled(self) -> Mapping[str, object]:
        return {
            "store": self.identity.store,
            "box": self.identity.box,
            "epoch": self.identity.epoch,
            "public_key": self.public_key.hex(),
            "previous": None,
        }

    def _sale(self, trade: Mapping[str, object]) -> Iterator[tuple[int, str, Mapping[str, object]]]:
        at_ms = self._at_ms()
        number = f"{self.identity.store}-{self.identity.epoch}-{self._sales + 1:06d}"
        lines = [self._line(place + 1) for place in range(self._random.randint(1, 3))]
        total_fen = sum(line["total_fen"] for line in lines)
        tender: dict[str, object] = {"kind": "cash", "account": "Assets:Cash:Till1", "amount_fen": total_fen}
        platform = self._random.choice(("wechat", "wechat", "alipay", None))
        if platform is not None:
            attempt = f"{number.replace('-', '_')}_A1{self._random.getrandbits(20):04X}"
            tender = {"kind": platform, "account": f"Assets:Clearing:{platform}", "amount_fen": total_fen}
            tender["attempt"] = attempt
            yield at_ms, "attempt.started", {**trade, **_started(attempt, number, platform, total_fen)}
            transaction = f"42000026{self._random.getrandbits(60):020d}"
            ended = _ended(attempt, platform, total_fen, transaction, at_ms)
            yield at_ms, "attempt.ended", {**trade, **ended}
        sale = {"sale": number, "total_fen": total_fen, "rounding_fen": 0, "lines": lines, "tenders": [tender]}
        yield at_ms, "sale.completed", {**trade, **sale, "reference": None, "channel": None, "directives": {}}
        slip = {"slip": f"{number}-1", "kind": "receipt", "sale": number}
        yield at_ms, "slip.queued", {**trade, **slip}
        yield at_ms, "slip.printed", {**trade, **slip, "verified": True}

    def _line(self, number: int) -> dict[str, int]:
        sku, name, fen = self._random.choice(DISHES)
        line: dict[str, object] = {"line": number, "sku": sku, "name": name, "quantity": 1, "unit": "piece"}
        more = {"list_fen": fen, "discounts": [], "total_fen": fen, "tax_code": "C", "tax_bp": 600}
        return {**line, **more}  # type: ignore[dict-item]


class PreparedBox:
    """A simulated box whose uploads are made before the clock runs, 25 bytes an entry; `rewind` to send them again."""

    def __init__(self, box: SimulatedBox, entries: int, upload_entries: int = ENTRIES_MAX) -> None:
        self.identity = box.identity
        self.public_key = box.public_key
        self.signer = box.signer
        self._made: list[tuple[bytes, int, int, bytes]] = []
        while box.seq < entries:
            body, count = box.upload(min(upload_entries, entries - box.seq))
            self._made.append((body, count, box.seq, box.head))
        self.rewind()

    def rewind(self) -> None:
        """Be as new: nothing is sent."""
        self.seq = 0
        self.head = genesis(self.identity)
        self._next = 0

    def upload(self, _count: int = ENTRIES_MAX) -> tuple[bytes, int]:
        """Return the next upload and how many entries it carries: as many as it was made with."""
        body, count, self.seq, self.head = self._made[self._next]
        self._next += 1
        return body, count


def _started(attempt: str, sale: str, platform: str, amount_fen: int) -> Mapping[str, object]:
    facts = {"attempt": attempt, "sale": sale, "platform": platform, "amount_fen": amount_fen}
    return {**facts, "merchant": "M1", "custody": "hq", "method": "code", "code_tail": "0000"}


def _ended(attempt: str, platform: str, amount_fen: int, transaction: str, at_ms: int) -> Mapping[str, object]:
    facts: dict[str, object] = {"attempt": attempt, "platform": platform, "amount_fen": amount_fen, "outcome": "paid"}
    money = {"customer_paid_fen": amount_fen, "platform_discount_fen": 0, "merchant_discount_fen": 0}
    return {**facts, **money, "transaction": transaction, "platform_at_ms": at_ms, "payer": None, "code": None}
