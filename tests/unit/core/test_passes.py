"""Passes: what is packed comes back, nothing that was touched is believed, hostile text is only refused."""

from dataclasses import replace

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.codes import Kind, Situation, recognise
from agent.core.errors import Broken, Refused
from agent.core.ids import BASE32, attempt_number, sale_number
from agent.core.passes import PassKind, Signer, key_id_of, read, text_length
from agent.core.pay_passes import (
    AMOUNT_MAX_FEN,
    Order,
    PayProof,
    can_be_proved,
    order_in,
    order_text,
    proof_in,
    proof_text,
)

URL = "HTTPS://PAY.EXAMPLE.COM.CN/O/"


class Key:
    """A signer from a seed."""

    def __init__(self, seed: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


BOX: Signer = Key(1)
HQ: Signer = Key(2)
ORDER = Order("S001", "B1", 2, "S001_2_000421_A1K7QF", 3600, 1_790_000_000, 1_790_000_600)
PROOF = PayProof(
    "S001_2_000421_A1K7QF",
    3600,
    "wechat",
    "4200009999202611270000000017",
    1_790_000_120,
    180,
    20,
    1_790_000_130,
    1_790_604_930,
)

names = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=10)
counts = st.integers(1, 2**32 - 1)
amounts = st.integers(1, AMOUNT_MAX_FEN)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Return an order number as a box makes it."""
    sale = sale_number(draw(names), draw(counts), draw(st.integers(0, 2**32 - 1)))
    return attempt_number(sale, draw(st.integers(1, 255)), draw(st.text(BASE32, min_size=4, max_size=4)))


@st.composite
def times(draw: st.DrawFn) -> tuple[int, int]:
    """Return when a pass was issued and when it ends."""
    first, last = sorted((draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 2**32 - 1))))
    return first, last


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Return an order of any box."""
    number = draw(numbers())
    store, epoch = number.split("_")[:2]
    return Order(store, draw(names), int(epoch), number, draw(amounts), *draw(times()))


@st.composite
def proofs(draw: st.DrawFn) -> PayProof:
    """Return a proof of any payment."""
    amount_fen = draw(amounts)
    platform_fen = draw(st.integers(0, amount_fen))
    return PayProof(
        draw(numbers()),
        amount_fen,
        draw(st.sampled_from(("wechat", "alipay"))),
        draw(st.text("0123456789", min_size=1, max_size=32)),
        draw(st.integers(0, 2**32 - 1)),
        platform_fen,
        draw(st.integers(0, amount_fen - platform_fen)),
        *draw(times()),
    )


@settings(max_examples=60)
@given(orders())
def test_an_order_comes_back_as_it_was_signed(order: Order) -> None:
    text = order_text(order, BOX)
    found, signed = order_in(text)
    assert found == order and signed.is_signed_by([HQ.public_key, BOX.public_key])
    assert len(text) == text_length(PassKind.ORDER)


@settings(max_examples=60)
@given(proofs())
def test_a_proof_comes_back_as_it_was_signed(proof: PayProof) -> None:
    text = proof_text(proof, HQ)
    found, signed = proof_in(text)
    assert found == proof and signed.is_signed_by([BOX.public_key, HQ.public_key])
    assert len(text) == text_length(PassKind.PAY_PROOF)


def test_what_a_pass_says_of_its_sale() -> None:
    assert ORDER.sale == PROOF.sale == "S001-2-000421"
    assert PROOF.store == "S001" and PROOF.customer_paid_fen == 3400


def test_codes_stay_small_enough_for_a_narrow_slip_and_a_small_screen() -> None:
    """Version 8 at level M: 49 modules; on 58 mm paper (384 dots) 6 dots each, with the quiet zone."""
    order, proof = order_text(ORDER, BOX), proof_text(PROOF, HQ)
    assert (len(order), len(proof)) == (177, 214)
    for text in (URL + order, proof):
        code = segno.make(text, error="m", micro=False, boost_error=False)
        assert code.mode == "alphanumeric" and int(code.version) == 8, (text[:20], code.designator)


@pytest.mark.parametrize("text", [order_text(ORDER, BOX), proof_text(PROOF, HQ)], ids=["order", "proof"])
def test_every_flipped_bit_is_refused(text: str) -> None:
    """Each bit of each character: a text that still reads is one that nobody signed."""
    kind, opened, key = (PassKind.ORDER, order_in, BOX) if text.startswith("O1") else (PassKind.PAY_PROOF, proof_in, HQ)
    read_well = 0
    for place in range(2, len(text)):
        for bit in range(5):
            other = BASE32[BASE32.index(text[place]) ^ 1 << bit]
            changed = text[:place] + other + text[place + 1 :]
            try:
                found, signed = opened(changed)
            except Refused as error:
                assert error.code in ("pass.damaged", "pass.newer"), error
            else:
                read_well += 1
                assert not signed.is_signed_by([key.public_key]), (kind, place, bit, found)
    assert read_well > 400, "most changes leave the layout whole: it is the signature that finds them"


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=300), st.text(BASE32, min_size=170, max_size=216).map(lambda text: "P1" + text)))
def test_hostile_text_is_refused_and_nothing_else(text: str) -> None:
    for opened in (order_in, proof_in):
        try:
            _, signed = opened(text)
        except Refused:
            continue
        assert not signed.is_signed_by([BOX.public_key, HQ.public_key])


def test_no_kind_of_pass_stands_for_another() -> None:
    order = order_text(ORDER, BOX)
    with pytest.raises(Refused, match=r"pass\.other_kind"):
        proof_in(order)
    with pytest.raises(Refused, match=r"pass\.damaged"):
        proof_in("P1" + order[2:])
    signed = read(order, PassKind.ORDER)
    assert not replace(signed, kind=PassKind.PAY_PROOF).is_signed_by([BOX.public_key])


def test_another_key_proves_nothing_though_its_id_were_the_same() -> None:
    _, signed = proof_in(proof_text(PROOF, BOX))
    assert not signed.is_signed_by([HQ.public_key])
    assert not replace(signed, key_id=key_id_of(HQ.public_key)).is_signed_by([HQ.public_key])


def test_case_and_spaces_of_a_scanner_do_not_matter() -> None:
    text = proof_text(PROOF, HQ)
    found, signed = proof_in(" " + text[:60].lower() + " " + text[60:])
    assert found == PROOF and signed.is_signed_by([HQ.public_key])


def test_a_pass_has_one_text_only() -> None:
    """The order's last character carries one bit; the other four must be zero."""
    text = order_text(ORDER, BOX)
    with pytest.raises(Refused, match=r"pass\.damaged"):
        order_in(text[:-1] + BASE32[BASE32.index(text[-1]) | 1])


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, amount_fen=0),
        replace(ORDER, amount_fen=AMOUNT_MAX_FEN + 1),
        replace(ORDER, box="b1"),
        replace(ORDER, box="12345678901"),
        replace(ORDER, box=""),
        replace(ORDER, store="S002"),
        replace(ORDER, epoch=3),
        replace(ORDER, out_trade_no="S001_2_000421_R1K7QF"),
        replace(ORDER, out_trade_no="S001_2_0000421_A1K7QF"),
        replace(ORDER, out_trade_no="S001_2_000421_A256K7QF"),
        replace(ORDER, expires_s=ORDER.issued_s - 1),
        replace(ORDER, expires_s=2**32),
    ],
)
def test_an_order_that_does_not_fit_is_our_defect(order: Order) -> None:
    with pytest.raises(Broken, match=r"pass\.cannot_encode"):
        order_text(order, BOX)


@pytest.mark.parametrize(
    "proof",
    [
        replace(PROOF, platform="unionpay"),
        replace(PROOF, transaction=""),
        replace(PROOF, transaction="4" * 33),
        replace(PROOF, transaction="42A0"),
        replace(PROOF, platform_discount_fen=3601),
        replace(PROOF, merchant_discount_fen=-1),
        replace(PROOF, paid_s=-1),
    ],
)
def test_a_proof_that_does_not_fit_is_our_defect(proof: PayProof) -> None:
    with pytest.raises(Broken, match=r"pass\.cannot_encode"):
        proof_text(proof, HQ)


def test_what_cannot_be_proved_is_known_before() -> None:
    assert can_be_proved("wechat", "4200009999202611270000000017")
    assert not can_be_proved("wechat", None) and not can_be_proved("wallet", "1") and not can_be_proved("alipay", "٣")


def test_the_counter_knows_both_by_their_first_characters() -> None:
    for text in (order_text(ORDER, BOX), proof_text(PROOF, HQ)):
        assert recognise(text, Situation("S001", total_due=True, basket_empty=False)).kind is Kind.PASS
