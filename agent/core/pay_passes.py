"""The two passes of a payment on the customer's own phone: the box's order, and headquarters' proof that it was paid.

Both name the sale by its order number, `S001_2_000421_A1K7QF`, whose parts are packed: store 7 bytes, epoch 4, count
of the sale 4, count of the attempt 1, its four random characters 3. Amounts take 5 bytes. An order adds the box (7);
a proof the platform (1), its transaction (1 + 14: up to 32 digits, as WeChat Pay and Alipay number them), its time (4)
and what platform and merchant gave (5 + 5).
"""

import re
from dataclasses import dataclass

from agent.core.errors import Broken, Refused
from agent.core.ids import BASE32
from agent.core.passes import Pass, PassKind, read, signed
from agent.core.ports import Signer

AMOUNT_MAX_FEN = 2**40 - 1
TRANSACTION_DIGITS_MAX = 32
PLATFORMS = {"wechat": 1, "alipay": 2}
"""The number of a platform in a proof; one that is not here gives no proof at the counter."""
_PLATFORM_NAMES = {number: name for name, number in PLATFORMS.items()}

_NAME_CHARACTERS = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAME_PLACES = 10
_NAME_BYTES = 7
_TRANSACTION_BYTES = 14
_OUT_TRADE_NO = re.compile(r"([A-Z0-9]{1,10})_([1-9][0-9]{0,9})_([0-9]{6,10})_A([1-9][0-9]{0,2})([A-Z2-7]{4})")
_DIGITS = re.compile(r"[0-9]{1,32}")


@dataclass(frozen=True, slots=True)
class Order:
    """What a box asks a customer's phone to pay. Times in whole seconds, UTC; `sale` follows from the order number."""

    store: str
    box: str
    epoch: int
    out_trade_no: str
    amount_fen: int
    issued_s: int
    expires_s: int

    @property
    def sale(self) -> str:
        """Return the number of the sale that is paid."""
        return sale_of(self.out_trade_no)


@dataclass(frozen=True, slots=True)
class PayProof:
    """What headquarters says was paid: `amount_fen` is the order's, the discounts are the parts that others gave.

    `paid_s` is the platform's time of the payment, `issued_s` when this proof was shown. Whole seconds, UTC.
    """

    out_trade_no: str
    amount_fen: int
    platform: str
    transaction: str
    paid_s: int
    platform_discount_fen: int
    merchant_discount_fen: int
    issued_s: int
    expires_s: int

    @property
    def store(self) -> str:
        """Return the store whose order this is."""
        return self.out_trade_no.partition("_")[0]

    @property
    def sale(self) -> str:
        """Return the number of the sale that was paid."""
        return sale_of(self.out_trade_no)

    @property
    def customer_paid_fen(self) -> int:
        """Return what left the customer's wallet."""
        return self.amount_fen - self.platform_discount_fen - self.merchant_discount_fen


def sale_of(out_trade_no: str) -> str:
    """Return the number of the sale in an order number of ours."""
    return out_trade_no.rpartition("_")[0].replace("_", "-")


def order_text(order: Order, signer: Signer) -> str:
    """Return the order as a pass, signed by the box. Raises `Broken` for what no box of ours can have made."""
    store = order.out_trade_no.partition("_")[0]
    epoch = order.out_trade_no.split("_")[1:2]
    if store != order.store or epoch != [str(order.epoch)]:
        raise Broken("pass.cannot_encode", kind=PassKind.ORDER.value)
    body = _packed_number(order.out_trade_no) + _packed_name(order.box) + _amount(order.amount_fen, 1)
    return signed(PassKind.ORDER, body, order.issued_s, order.expires_s, signer)


def order_in(text: str) -> tuple[Order, Pass]:
    """Return the order that a pass holds, and the pass, of which the signature is still to be checked.

    Refuses like `agent.core.passes.read`; believe the order only when the key of its box and epoch signed the pass.
    """
    found = read(text, PassKind.ORDER)
    fields = _Fields(found.body)
    out_trade_no = fields.number()
    store, epoch = out_trade_no.split("_")[:2]
    order = Order(
        store=store,
        epoch=int(epoch),
        out_trade_no=out_trade_no,
        box=fields.name(),
        amount_fen=fields.amount(1),
        issued_s=found.issued_s,
        expires_s=found.expires_s,
    )
    return order, found


def can_be_proved(platform: str, transaction: str | None) -> bool:
    """Tell whether a payment fits a proof: a box learns of others from headquarters only."""
    return platform in PLATFORMS and transaction is not None and _DIGITS.fullmatch(transaction) is not None


def proof_text(proof: PayProof, signer: Signer) -> str:
    """Return the proof as a pass, signed for headquarters' use `pass:P1`. Raises `Broken` for what does not fit."""
    if not can_be_proved(proof.platform, proof.transaction) or proof.customer_paid_fen < 0:
        raise Broken("pass.cannot_encode", kind=PassKind.PAY_PROOF.value)
    body = (
        _packed_number(proof.out_trade_no)
        + _amount(proof.amount_fen, 1)
        + bytes((PLATFORMS[proof.platform], len(proof.transaction)))
        + int(proof.transaction).to_bytes(_TRANSACTION_BYTES)
        + _packed(proof.paid_s, 4)
        + _amount(proof.platform_discount_fen, 0)
        + _amount(proof.merchant_discount_fen, 0)
    )
    return signed(PassKind.PAY_PROOF, body, proof.issued_s, proof.expires_s, signer)


def proof_in(text: str) -> tuple[PayProof, Pass]:
    """Return the proof that a pass holds, and the pass, of which the signature is still to be checked.

    Refuses like `agent.core.passes.read`; believe the proof only when a key for `pass:P1` signed the pass.
    """
    found = read(text, PassKind.PAY_PROOF)
    fields = _Fields(found.body)
    proof = PayProof(
        out_trade_no=fields.number(),
        amount_fen=fields.amount(1),
        platform=fields.platform(),
        transaction=fields.transaction(),
        paid_s=fields.integer(4),
        platform_discount_fen=fields.amount(0),
        merchant_discount_fen=fields.amount(0),
        issued_s=found.issued_s,
        expires_s=found.expires_s,
    )
    if proof.customer_paid_fen < 0:
        raise Refused("pass.damaged")
    return proof, found


class _Fields:
    """A body, read from its start; what no packing of ours can have made is damaged."""

    def __init__(self, body: bytes) -> None:
        self._rest = body

    def integer(self, count: int) -> int:
        taken, self._rest = self._rest[:count], self._rest[count:]
        return int.from_bytes(taken)

    def name(self) -> str:
        value, characters = self.integer(_NAME_BYTES), ""
        for _ in range(_NAME_PLACES):
            value, place = divmod(value, len(_NAME_CHARACTERS))
            characters = _NAME_CHARACTERS[place] + characters
        name = characters.rstrip(" ")
        if value or not name or " " in name:
            raise Refused("pass.damaged")
        return name

    def number(self) -> str:
        store, epoch, count = self.name(), self.integer(4), self.integer(4)
        attempt, random = self.integer(1), self.integer(3)
        if not epoch or not attempt or random >= 32**4:
            raise Refused("pass.damaged")
        characters = "".join(BASE32[random >> shift & 31] for shift in (15, 10, 5, 0))
        return f"{store}_{epoch}_{count:06d}_A{attempt}{characters}"

    def amount(self, smallest_fen: int) -> int:
        amount_fen = self.integer(5)
        if amount_fen < smallest_fen:
            raise Refused("pass.damaged")
        return amount_fen

    def platform(self) -> str:
        name = _PLATFORM_NAMES.get(self.integer(1))
        if name is None:
            raise Refused("pass.damaged")
        return name

    def transaction(self) -> str:
        length, value = self.integer(1), self.integer(_TRANSACTION_BYTES)
        text = f"{value:0{length}d}" if 0 < length <= TRANSACTION_DIGITS_MAX else ""
        if len(text) != length or not text:
            raise Refused("pass.damaged")
        return text


def _packed(value: int, count: int) -> bytes:
    if not 0 <= value < 256**count:
        raise Broken("pass.cannot_encode", kind="")
    return value.to_bytes(count)


def _amount(amount_fen: int, smallest_fen: int) -> bytes:
    if amount_fen < smallest_fen:
        raise Broken("pass.cannot_encode", kind="")
    return _packed(amount_fen, 5)


def _packed_name(name: str) -> bytes:
    if not 0 < len(name) <= _NAME_PLACES or " " in name:
        raise Broken("pass.cannot_encode", kind="")
    value = 0
    for character in name.ljust(_NAME_PLACES):
        place = _NAME_CHARACTERS.find(character)
        if place < 0:
            raise Broken("pass.cannot_encode", kind="")
        value = value * len(_NAME_CHARACTERS) + place
    return _packed(value, _NAME_BYTES)


def _packed_number(out_trade_no: str) -> bytes:
    found = _OUT_TRADE_NO.fullmatch(out_trade_no)
    if found is None or f"{int(found[3]):06d}" != found[3]:
        raise Broken("pass.cannot_encode", kind="")
    random = 0
    for character in found[5]:
        random = random * 32 + BASE32.index(character)
    counts = _packed(int(found[2]), 4) + _packed(int(found[3]), 4) + _packed(int(found[4]), 1)
    return _packed_name(found[1]) + counts + _packed(random, 3)
