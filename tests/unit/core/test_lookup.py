"""The one answer to "I paid": which evidence counts, and what is never decided by amount and time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.lookup import (
    ANSWER_OF,
    CANDIDATES_MAX,
    Answer,
    Decision,
    Money,
    NumberKind,
    Payment,
    Place,
    Question,
    Reason,
    Report,
    decide,
    kind_of,
    sale_named,
    store_named,
    tidy,
)
from agent.core.sentences import known_codes

ORDER = "S001_2_000421_A1K7QF"
FOREIGN = "S002_1_000007_A1QQQQ"
TRANSACTION = "4200002345202610031234567890"
SALE = "S001-2-000421"
BY_ORDER = Question("S001", ORDER, sale=SALE)
BY_FOREIGN = Question("S001", FOREIGN, sale=SALE)
BY_TRANSACTION = Question("S001", TRANSACTION, sale=SALE)
BY_TERMS = Question("S001", amount_fen=3_600, paid_at_ms=1_000_000, within_ms=600_000, sale=SALE)
MINE = Payment("S001", Money.PAID, SALE, ORDER, "wechat", 3_600, 1_000_000)
NEXT_DOOR = Payment("S002", Money.PAID, "S002-1-000007", FOREIGN, "wechat", 3_600, 900_000, phone="0731-2")
DOWN = "network.unreachable"


def journal(*payments: Payment) -> Report:
    return Report(Place.JOURNAL, payments)


def platform(code: str | None = None) -> Report:
    return Report(Place.PLATFORM, code=code)


def headquarters(*payments: Payment, code: str | None = None, named: Payment | None = None) -> Report:
    return Report(Place.HEADQUARTERS, payments, code, named)


def with_money(payment: Payment, money: Money, code: str | None = None) -> Payment:
    return replace(payment, money=money, code=code)


@pytest.mark.parametrize(
    ("text", "kind", "store", "sale"),
    [
        (ORDER, NumberKind.ORDER, "S001", SALE),
        ("s001_2_000421_a1k7qf ", NumberKind.ORDER, "S001", SALE),
        ("S001_2_000421_R1K7QF", NumberKind.ORDER, "S001", None),
        (SALE, NumberKind.RECEIPT, "S001", SALE),
        (f"{SALE}-R2", NumberKind.RECEIPT, "S001", SALE),
        ("4200 0023 4520 2610 0312 3456 7890", NumberKind.TRANSACTION, None, None),
        ("2026100322001412345678901234", NumberKind.TRANSACTION, None, None),
        ("50300002345202610031234567890", NumberKind.TRANSACTION, None, None),
        ("110101199003077512", None, None, None),
        ("13812345678", None, None, None),
        ("134567890123456789", None, None, None),
        ("", None, None, None),
        ("昨天付的", None, None, None),
    ],
)
def test_only_numbers_of_payments_can_be_looked_up(
    text: str, kind: NumberKind | None, store: str | None, sale: str | None
) -> None:
    """An identity number, a telephone number, a payment code is never taken for one, and so is never written down."""
    number = tidy(text)
    assert (kind_of(number), store_named(number), sale_named(number)) == (kind, store, sale)


@pytest.mark.parametrize(
    ("question", "reports", "reason"),
    [
        (BY_ORDER, [journal(MINE)], Reason.THIS_SALE),
        (replace(BY_ORDER, sale=None), [journal(MINE)], Reason.OTHER_SALE),
        (replace(BY_ORDER, sale="S001-2-000422"), [journal(MINE)], Reason.OTHER_SALE),
        (BY_FOREIGN, [journal(), headquarters(NEXT_DOOR)], Reason.OTHER_STORE),
        (BY_FOREIGN, [journal(), headquarters(named=Payment("S002", Money.OPEN, phone="1"))], Reason.STORE_SILENT),
        (BY_FOREIGN, [journal(), headquarters(code=DOWN)], Reason.STORE_SILENT),
        (BY_FOREIGN, [journal()], Reason.STORE_SILENT),
        (BY_FOREIGN, [journal(), headquarters(with_money(NEXT_DOOR, Money.OPEN))], Reason.STORE_SILENT),
        (BY_FOREIGN, [journal(), headquarters(with_money(NEXT_DOOR, Money.NOT_CHARGED))], Reason.NOT_CHARGED),
        (BY_ORDER, [journal(with_money(MINE, Money.REFUNDED))], Reason.REFUNDED),
        (BY_ORDER, [journal(with_money(MINE, Money.UNUSED)), platform()], Reason.NOT_USED),
        (BY_TERMS, [journal(with_money(MINE, Money.UNUSED)), platform()], Reason.NOT_USED),
        (BY_ORDER, [journal(with_money(MINE, Money.OPEN)), platform()], Reason.STILL_OPEN),
        (BY_ORDER, [journal(with_money(MINE, Money.OPEN)), platform(DOWN)], Reason.UNREACHABLE),
        (BY_ORDER, [journal(with_money(MINE, Money.NOT_CHARGED)), platform()], Reason.NOT_CHARGED),
        (BY_ORDER, [journal(with_money(MINE, Money.CONTRADICTED, "attempt.amount_differs"))], Reason.CONTRADICTED),
        (BY_ORDER, [journal(), platform(), headquarters()], Reason.NOT_CHARGED),
        (BY_ORDER, [journal(), platform(DOWN), headquarters()], Reason.NOT_ASKED),
        (BY_ORDER, [journal(), Report(Place.PLATFORM, (replace(MINE, sale=None),))], Reason.SALE_UNKNOWN),
        (BY_TRANSACTION, [journal(), headquarters()], Reason.NOT_OURS),
        (BY_TRANSACTION, [journal()], Reason.NOT_OURS),
        (BY_TRANSACTION, [journal(), headquarters(code=DOWN)], Reason.NOT_ASKED),
        (BY_TRANSACTION, [journal(), headquarters(NEXT_DOOR)], Reason.OTHER_STORE),
        (BY_TERMS, [journal(MINE)], Reason.THIS_SALE),
        (BY_TERMS, [journal(replace(MINE, sale="S001-2-000001"))], Reason.CANDIDATES),
        (BY_TERMS, [journal(), headquarters(NEXT_DOOR)], Reason.CANDIDATES),
        (BY_TERMS, [journal(with_money(MINE, Money.PROVISIONAL))], Reason.CANDIDATES),
        (BY_TERMS, [journal(with_money(MINE, Money.OPEN)), platform()], Reason.STILL_OPEN),
        (BY_TERMS, [journal(with_money(MINE, Money.OPEN)), platform(DOWN)], Reason.UNREACHABLE),
        (BY_TERMS, [journal(with_money(MINE, Money.NOT_CHARGED)), platform()], Reason.NOT_CHARGED),
        (BY_TERMS, [journal(with_money(MINE, Money.CONTRADICTED, "attempt.amount_differs"))], Reason.CONTRADICTED),
        (BY_TERMS, [journal(replace(MINE, sale=None, money=Money.CONTRADICTED)), journal()], Reason.CANDIDATES),
        (BY_TERMS, [journal(), headquarters()], Reason.NOTHING_THEN),
        (BY_TERMS, [journal(), headquarters(code=DOWN)], Reason.NOT_ASKED),
    ],
)
def test_the_answer_follows_from_the_evidence(question: Question, reports: list[Report], reason: Reason) -> None:
    assert decide(question, reports).reason is reason


def test_a_payment_that_was_used_before_names_the_sale_that_used_it() -> None:
    """The platform says paid with a transaction that another sale took: show that sale, complete nothing."""
    again = replace(MINE, money=Money.CONTRADICTED, code="attempt.transaction_known")
    used_by = replace(MINE, sale="S001-2-000007", attempt="S001_2_000007_A1AAAA")
    decision = decide(BY_ORDER, [journal(again, used_by)])
    assert (decision.reason, decision.payment) == (Reason.ALREADY_USED, used_by)


def test_the_journal_goes_before_the_copy_at_headquarters() -> None:
    """HQ still shows the attempt as it was uploaded an hour ago."""
    stale = with_money(MINE, Money.OPEN)
    assert decide(BY_ORDER, [journal(MINE), headquarters(stale)]).reason is Reason.THIS_SALE


def test_a_named_store_brings_its_telephone() -> None:
    named = Payment("S002", Money.OPEN, name="万达店", phone="0731-2")
    decision = decide(BY_FOREIGN, [journal(), headquarters(named=named)])
    assert decision.payment == named
    alone = decide(BY_FOREIGN, [journal()]).payment
    assert alone is not None and (alone.store, alone.sale, alone.phone) == ("S002", "S002-1-000007", "")


def test_candidates_come_nearest_first_and_are_bounded() -> None:
    many = [
        replace(NEXT_DOOR, attempt=f"S002_1_{place:06d}_A1QQQQ", at_ms=1_000_000 + place * 1_000)
        for place in reversed(range(CANDIDATES_MAX + 5))
    ]
    found = decide(BY_TERMS, [journal(), headquarters(*many)]).candidates
    assert len(found) == CANDIDATES_MAX
    assert [one.at_ms for one in found] == sorted(one.at_ms or 0 for one in found)


def test_every_reason_has_its_answer_and_its_sentences() -> None:
    assert set(ANSWER_OF) == set(Reason)
    assert set(ANSWER_OF.values()) == set(Answer)
    assert {f"lookup.{reason.value}" for reason in Reason} <= known_codes()


payments = st.builds(
    Payment,
    store=st.sampled_from(["S001", "S002"]),
    money=st.sampled_from(list(Money)),
    sale=st.sampled_from([None, SALE, "S001-2-000001", "S002-1-000007"]),
    attempt=st.sampled_from([None, ORDER, FOREIGN]),
    amount_fen=st.integers(0, 10**9),
    at_ms=st.none() | st.integers(0, 2**50),
    code=st.sampled_from([None, "attempt.transaction_known", "attempt.amount_differs"]),
)
reports = st.lists(
    st.builds(
        Report,
        place=st.sampled_from(list(Place)),
        payments=st.lists(payments, max_size=4).map(tuple),
        code=st.sampled_from([None, DOWN]),
        named=st.none() | payments,
    ),
    max_size=4,
)


@given(st.sampled_from([BY_ORDER, BY_FOREIGN, BY_TRANSACTION, BY_TERMS]), reports)
def test_this_sale_is_paid_only_by_a_payment_of_this_sale(question: Question, heard: list[Report]) -> None:
    """Whatever is said by whomever in whatever order: no other sale's money, no amount and time, completes this one."""
    decision: Decision = decide(question, heard)
    if decision.answer is Answer.THIS_SALE:
        assert decision.payment is not None and decision.payment.sale == question.sale
        assert decision.payment.money in (Money.PAID, Money.PROVISIONAL)
    if decision.answer is Answer.NOT_CHARGED and decision.payment is None:
        assert all(one.money is Money.NOT_CHARGED for report in heard for one in report.payments)
