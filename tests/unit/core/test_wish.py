"""Wishes and answers as documents: what goes in comes out, whatever comes in raises nothing but a refusal."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import Broken, Refused
from agent.core.payment import Offer, OfferVerdict, PlatformAnswer, RefundAnswer, RefundVerdict, Verdict, Way
from agent.core.wish import (
    ACTS,
    READING,
    Verb,
    Wish,
    WishAnswer,
    answer_document,
    answer_fields,
    parse_answer,
    parse_wish,
    refused,
    request_digest,
    unknown,
    wish_document,
)

NONCE = "0123456789abcdef" * 2
NUMBER = "S001_1_000001_A1ABCD"
WISHES = {
    Verb.PAY: Wish(Verb.PAY, "wechat", NUMBER, amount_fen=1, auth_code="134567890123456789", subject="店"),
    Verb.OFFER: Wish(
        Verb.OFFER, "alipay", NUMBER, amount_fen=5, subject="店", way=Way.IN_APP, expires_at_ms=9, payer="2088"
    ),
    Verb.QUERY: Wish(Verb.QUERY, "wechat", NUMBER),
    Verb.FIND: Wish(Verb.FIND, "wechat", "", transaction="4200002345202610031234567890"),
    Verb.REVERSE: Wish(Verb.REVERSE, "wechat", NUMBER),
    Verb.CLOSE: Wish(Verb.CLOSE, "wechat", NUMBER),
    Verb.REFUND: Wish(Verb.REFUND, "wechat", NUMBER, amount_fen=1, out_refund_no="R1", total_fen=2),
    Verb.QUERY_REFUND: Wish(Verb.QUERY_REFUND, "wechat", NUMBER, out_refund_no="R1"),
}
ANSWERS: dict[Verb, WishAnswer] = {
    Verb.PAY: PlatformAnswer(Verdict.PAID, NUMBER, "T1", 5, 1, 1, 2, 3, "o1", "x.y"),
    Verb.OFFER: Offer(OfferVerdict.OPEN, NUMBER, parameters={"tradeNO": "1"}),
    Verb.REFUND: RefundAnswer(RefundVerdict.ACCEPTED, "R1", "T", 1, 1, 0, None),
}


@pytest.mark.parametrize("wish", WISHES.values(), ids=[verb.value for verb in WISHES])
def test_a_wish_reads_back_from_what_is_sent(wish: Wish) -> None:
    assert parse_wish(parse(canonical_bytes(wish_document(wish, NONCE))), "S001") == replace(wish, nonce=NONCE)


def test_every_verb_is_an_act_or_a_question() -> None:
    assert set(WISHES) == set(Verb) == ACTS | READING
    assert not ACTS & READING


def test_what_makes_a_wish_itself() -> None:
    pay, offer = WISHES[Verb.PAY], WISHES[Verb.OFFER]
    assert replace(pay, auth_code="28", subject="b").content() == pay.content()
    assert replace(offer, nonce=NONCE, payer=None).content() == offer.content()
    others = [
        *(replace(pay, nonce=NONCE), replace(offer, expires_at_ms=10)),
        *(replace(pay, amount_fen=2), replace(pay, platform="alipay"), replace(offer, way=Way.QR)),
    ]
    assert len({one.content() for one in (*WISHES.values(), *others)}) == len(WISHES) + len(others)


def test_secrets_are_not_shown() -> None:
    assert "134567890123456789" not in repr(WISHES[Verb.PAY])
    assert "2088" not in repr(WISHES[Verb.OFFER])


@pytest.mark.parametrize(("verb", "answer"), ANSWERS.items())
def test_an_answer_reads_back_and_newer_fields_are_passed_over(verb: Verb, answer: WishAnswer) -> None:
    fields = parse(canonical_bytes(answer_fields(answer)))
    assert isinstance(fields, dict)
    assert parse_answer(verb, fields) == parse_answer(verb, {**fields, "said_later": 1}) == answer


def test_an_answer_names_its_request() -> None:
    body = canonical_bytes(wish_document(WISHES[Verb.QUERY], NONCE))
    other = canonical_bytes(wish_document(WISHES[Verb.QUERY], NONCE[::-1]))
    assert request_digest(body) != request_digest(other)
    document = answer_document(Identity("S001", "B1", 1), request_digest(body), ANSWERS[Verb.PAY], 7, "pay-1", "m")
    assert (document["request"], document["kid"], document["merchant"]) == (request_digest(body), "pay-1", "m")


@pytest.mark.parametrize("given_answer", [None, [], "paid", {}, {"verdict": "rich"}, {"verdict": "paid"}])
def test_an_answer_that_is_none_is_broken(given_answer: object) -> None:
    with pytest.raises(Broken, match=r"wish\.answer_malformed"):
        parse_answer(Verb.PAY, given_answer)


def test_a_refusal_never_says_that_an_undoing_is_done() -> None:
    for verb, wish in WISHES.items():
        assert unknown(wish, "c").verdict.value == "unknown"
        certain = verb in (Verb.PAY, Verb.OFFER, Verb.REFUND, Verb.QUERY_REFUND)
        assert (refused(wish, "c").verdict.value in ("declined", "refused")) == certain


_PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers(), max_size=2)


@given(
    st.sampled_from(list(WISHES)),
    st.dictionaries(st.sampled_from(list(wish_document(WISHES[Verb.OFFER], NONCE))), _PLAIN),
)
def test_whatever_comes_in_is_a_wish_or_refused(verb: Verb, changes: dict[str, object]) -> None:
    try:
        wish = parse_wish({**wish_document(WISHES[verb], NONCE), **changes}, "S001")
    except Refused as error:
        assert error.code in ("wish.malformed", "wish.of_another_store")
    else:
        assert wish.out_trade_no.startswith("S001_") if wish.verb is not Verb.FIND else not wish.out_trade_no
        assert wish.amount_fen is None or wish.amount_fen > 0
