"""Each thing that happens between a till and a platform, and the class that it gets."""

from dataclasses import replace
from datetime import date

import pytest

from agent.core.errors import Refused
from agent.core.payment import AttemptState
from agent.core.reconcile.classes import CLASS_WORDS, OWNER_WORDS, SETTLEMENT_WORDS, LineClass, Owner, Settlement
from agent.core.reconcile.facts import Contradiction
from agent.core.reconcile.fees import FeeContract, Rounding, contract_for
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import StatementState, check_statement
from agent.core.sentences import known_codes, sentence_for
from tests.unit.core.reconcile.cases import (
    AFTER,
    BEFORE,
    DAY,
    MERCHANT,
    at,
    classes,
    matched,
    number,
    paid,
    payment,
    refund,
    refunded,
    reversed_line,
    statement,
    undone,
)

S = AttemptState


def test_everything_has_words() -> None:
    assert set(CLASS_WORDS) == set(LineClass)
    assert set(SETTLEMENT_WORDS) == set(Settlement)
    assert set(OWNER_WORDS) == set(Owner)
    assert CLASS_WORDS[LineClass.JOURNAL_ONLY][0] == "门店有·平台无"
    assert CLASS_WORDS[LineClass.PLATFORM_ONLY][0] == "平台有·门店无"


def test_nothing_and_agreement() -> None:
    assert classes(matched([])) == []
    found = matched([payment(), refund()], paid(), refunded())
    assert classes(found) == [("matched", "none")] * 2
    total = found.totals[LineClass.MATCHED]
    assert (total.findings, total.lines, total.journal_fen, total.bill_fen, total.fee_fen) == (2, 4, 6_000, 6_000, 36)
    assert not found.alarms


def test_only_one_side_has_it() -> None:
    assert classes(matched([payment()])) == [("journal_only", "not_on_bill")]
    assert classes(matched([], paid())) == [("platform_only", "our_number")]
    assert classes(matched([], paid(out_trade_no="XX-1"))) == [("platform_only", "foreign_number")]
    assert classes(matched([refund()])) == [("refund_missing", "refund_not_on_bill")]
    assert classes(matched([payment()], paid(), refunded())) == [
        ("refund_extra", "refund_unknown"),
        ("matched", "none"),
    ]
    assert classes(matched([], refunded())) == [("platform_only", "our_number")]


def test_amount_and_time_alone_join_nothing() -> None:
    stranger = paid(out_trade_no="XX-1", transaction="42" + "9" * 26)
    assert classes(matched([payment()], stranger)) == [
        ("platform_only", "foreign_number"),
        ("journal_only", "not_on_bill"),
    ]


def test_keys_are_the_platforms_number_then_ours() -> None:
    assert classes(matched([payment()], paid(out_trade_no=""))) == [("matched", "none")]
    other = paid(transaction="42" + "9" * 26)
    assert classes(matched([payment()], other)) == [("status_differs", "other_number")]
    crossed = paid(out_trade_no=number(2))
    assert classes(matched([payment(1), payment(2)], crossed, paid(2)))[:1] == [("matched", "none")]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (S.OPEN, ("status_differs", "paid_there")),
        (S.PARKED, ("status_differs", "paid_there")),
        (S.DECLINED, ("status_differs", "taken_not_kept")),
        (S.CLOSED, ("status_differs", "taken_not_kept")),
        (S.NEVER_EXISTED, ("status_differs", "taken_not_kept")),
        (S.REVERSED, ("status_differs", "taken_not_kept")),
    ],
)
def test_the_bill_has_money_that_the_journal_does_not_count(state: AttemptState, expected: tuple[str, str]) -> None:
    found = matched([undone(state)], paid())
    assert classes(found) == [expected]
    assert (found.findings[0].journal_fen, found.findings[0].bill_fen) == (0, 10_000)


@pytest.mark.parametrize("state", [S.DECLINED, S.CLOSED, S.NEVER_EXISTED, S.REVERSED])
def test_what_took_no_money_and_is_on_no_bill_is_no_line(state: AttemptState) -> None:
    assert classes(matched([undone(state)])) == []


def test_reversed_pairs_net_to_zero_however_the_bill_lists_them() -> None:
    reversed_here = undone(S.REVERSED)
    for back in (reversed_line(), refunded(amount_fen=10_000, out_refund_no="PLATFORM-1")):
        found = matched([reversed_here], paid(), back)
        assert classes(found) == [("matched", "reversed_pair")] * 2
        assert found.totals[LineClass.MATCHED].bill_fen == 0
    assert classes(matched([reversed_here], paid(), reversed_line(amount_fen=9_000))) == [
        ("status_differs", "taken_not_kept"),
        ("amount_differs", "amount_differs"),
    ]
    assert classes(matched([payment()], paid(), reversed_line())) == [
        ("status_differs", "reversed_there"),
        ("matched", "none"),
    ]
    assert classes(matched([undone(S.OPEN)], paid(), reversed_line())) == [("status_differs", "undone_there")] * 2


def test_a_reversal_after_midnight_is_on_the_next_bill() -> None:
    late = undone(S.REVERSED, started_at_ms=at("23:59:40"), ended_at_ms=at("00:00:20", AFTER))
    line = paid(at_ms=at("23:59:45"))
    assert classes(matched([late], line)) == [("not_yet", "reversal_next_bill")]
    back = statement(reversed_line(at_ms=at("00:00:20", AFTER)), day=AFTER)
    assert classes(matched([late], statement(line), back)) == [("matched", "reversed_pair")] * 2
    assert classes(matched([late], statement(line), statement(day=AFTER))) == [("status_differs", "taken_not_kept")]


def test_money_that_a_contradiction_found_and_a_refund_gave_back() -> None:
    declined = undone(S.DECLINED, contradictions=(Contradiction("attempt.paid_after_end", 10_000, "42"),))
    back = refund(amount_fen=10_000, orphan=True)
    found = matched([declined, back], paid(), refunded(amount_fen=10_000))
    assert classes(found) == [("matched", "given_back"), ("matched", "none")]


def test_amounts_discounts_and_coupons() -> None:
    assert classes(matched([payment()], paid(amount_fen=10_001))) == [("amount_differs", "amount_differs")]
    platform_bears = payment(platform_discount_fen=500)
    assert classes(matched([platform_bears], paid())) == [("matched", "none")]
    store_bears = payment(merchant_discount_fen=500)
    assert classes(matched([store_bears], paid(settled_fen=9_500, fee_fen=57))) == [("matched", "none")]
    assert classes(matched([store_bears], paid())) == [("amount_differs", "settled_differs")]
    net = paid(amount_fen=9_500, settled_fen=9_500, fee_fen=57)
    assert classes(matched([platform_bears], net)) == [("matched", "net_of_coupon")]
    assert classes(matched([payment()], net)) == [("amount_differs", "amount_differs")]
    part = refunded(settled_fen=3_800, fee_fen=23)
    assert (
        classes(matched([store_bears, refund()], paid(settled_fen=9_500, fee_fen=57), part))
        == [("matched", "none")] * 2
    )
    assert ("amount_differs", "settled_differs") in classes(matched([payment(), refund()], paid(), part))


def test_fees_by_contract() -> None:
    assert classes(matched([payment()], paid(fee_fen=61))) == [("matched", "none")]
    assert classes(matched([payment()], paid(fee_fen=62))) == [("fee_differs", "fee_differs")]
    assert classes(matched([payment()], paid(fee_fen=999), terms=Terms())) == [("matched", "none")]
    kept = Terms(contracts=(FeeContract(6000, gives_back=False),))
    assert classes(matched([payment(), refund()], paid(), refunded(fee_fen=0), terms=kept)) == [("matched", "none")] * 2
    assert classes(matched([payment(), refund()], paid(), refunded(), terms=kept)) == [
        ("fee_differs", "fee_differs"),
        ("matched", "none"),
    ]


def test_the_contract_is_the_most_exact_one_of_the_day() -> None:
    old = FeeContract(6000, last_day=date(2026, 9, 30))
    new = FeeContract(3800, first_day=date(2026, 10, 1))
    ours = FeeContract(2000, merchant=MERCHANT, method="qr")
    assert contract_for([old, new, ours], MERCHANT, "code", DAY) == new
    assert contract_for([old, new, ours], MERCHANT, "qr", DAY) == ours
    assert contract_for([old, new, ours], MERCHANT, "code", date(2026, 9, 30)) == old
    assert contract_for([ours], "other", "qr", DAY) is None
    assert [FeeContract(6000, rounding=one).fee_fen(125) for one in Rounding] == [1, 0, 1]
    assert FeeContract(6000).fee_fen(0) == 0


def test_duplicates_on_both_sides() -> None:
    assert classes(matched([payment()], paid(), paid())) == [("duplicate", "listed_twice"), ("matched", "none")]
    second = paid(transaction="42" + "9" * 26, at_ms=at("12:00:30"))
    found = matched([payment()], paid(), second)
    assert classes(found) == [("duplicate", "charged_twice"), ("matched", "none")]
    assert found.findings[0].settlement is Settlement.REFUND
    twice = replace(payment(2), transaction=payment(1).transaction)
    assert classes(matched([payment(1), twice], paid())) == [("duplicate", "recorded_twice"), ("matched", "none")]
    assert classes(matched([payment(), refund()], paid(), refunded(), refunded()))[0] == ("duplicate", "listed_twice")
    again = refunded(refund_transaction="50" + "9" * 27)
    assert classes(matched([payment(), refund()], paid(), refunded(), again))[0] == ("duplicate", "refunded_twice")
    stranger = paid(out_trade_no="XX-1", transaction="9")
    assert classes(matched([], stranger, stranger)) == [
        ("duplicate", "listed_twice"),
        ("platform_only", "foreign_number"),
    ]
    nameless = paid(out_trade_no="", transaction="")
    assert classes(matched([], nameless, nameless)) == [("platform_only", "foreign_number")] * 2
    assert classes(matched([undone(S.REVERSED)], paid(), reversed_line(), reversed_line()))[0] == (
        "duplicate",
        "listed_twice",
    )


def test_refunds_in_every_state() -> None:
    started = refund(state="started", ended_at_ms=None)
    assert classes(matched([payment(), started], paid())) == [("not_yet", "refund_open"), ("matched", "none")]
    assert classes(matched([payment(), started], paid(), refunded()))[0] == ("status_differs", "refund_done_there")
    refused = refund(state="refused")
    assert classes(matched([payment(), refused], paid())) == [("matched", "none")]
    assert classes(matched([payment(), refused], paid(), refunded()))[0] == (
        "status_differs",
        "refund_done_after_refusal",
    )
    assert classes(matched([payment(), refund()], paid(), refunded(amount_fen=4_001)))[0] == (
        "amount_differs",
        "amount_differs",
    )


def test_partial_refunds_days_later_find_their_order() -> None:
    old = payment(platform_at_ms=at(day=date(2026, 9, 20)), started_at_ms=at(day=date(2026, 9, 20)))
    first, second = refund(amount_fen=1_000), replace(refund(amount_fen=2_000), out_refund_no="S001_1_000001_R2K7QF")
    lines = [refunded(amount_fen=1_000), replace(refunded(amount_fen=2_000), out_refund_no="S001_1_000001_R2K7QF")]
    assert classes(matched([old, first, second], *lines)) == [("matched", "none")] * 2
    card = refund(ended_at_ms=at(day=AFTER))
    assert classes(matched([old, card], refunded())) == [("matched", "none")]
    assert classes(matched([old, card])) == [("not_yet", "next_bill")]
    assert classes(matched([old, card], statement(), statement(day=AFTER))) == [
        ("refund_missing", "refund_not_on_bill")
    ]
    nameless = refunded(out_refund_no="SOMETHING")
    assert classes(matched([old, refund()], nameless)) == [("matched", "none")]


def test_around_midnight() -> None:
    last_minute = payment(platform_at_ms=at("23:59:58"))
    assert classes(matched([last_minute])) == [("not_yet", "next_bill")]
    next_day = statement(paid(at_ms=at("00:00:01", AFTER)), day=AFTER)
    found = matched([last_minute], statement(), next_day)
    assert classes(found) == [("other_day", "other_day")]
    assert found.findings[0].platform_day == AFTER
    assert classes(matched([last_minute], statement(), statement(day=AFTER))) == [("journal_only", "not_on_bill")]
    first_minute = payment(platform_at_ms=at("00:00:03"))
    assert classes(matched([first_minute])) == [("not_yet", "next_bill")]
    assert classes(matched([first_minute], statement(), statement(day=BEFORE))) == [("journal_only", "not_on_bill")]


def test_a_late_sale_belongs_to_yesterdays_business_day_and_to_todays_bill() -> None:
    late = payment(platform_at_ms=at("01:30:00"), day=BEFORE.isoformat())
    found = matched([late], paid(at_ms=at("01:30:00")))
    assert classes(found) == [("matched", "none")]
    assert (found.findings[0].business_day, found.findings[0].platform_day) == (BEFORE.isoformat(), DAY)


def test_a_store_whose_journal_is_late_is_waited_for() -> None:
    behind = Terms(journal_until_ms={"S001": at("11:00:00")})
    assert classes(matched([], paid(), terms=behind)) == [("not_yet", "journal_late")]
    here = Terms(journal_until_ms={"S001": at("12:00:00")})
    assert classes(matched([], paid(), terms=here)) == [("platform_only", "our_number")]


def test_an_open_order_waits() -> None:
    assert classes(matched([undone(S.OPEN)])) == [("not_yet", "still_open")]


@pytest.mark.parametrize(
    ("state", "expected", "alarm"),
    [
        (StatementState.NOT_DUE, ("not_yet", "bill_not_due"), []),
        (StatementState.OVERDUE, ("not_yet", "bill_late"), ["bill.overdue"]),
        (StatementState.NOTHING, ("journal_only", "no_bill"), ["bill.nothing_but_payments"]),
    ],
)
def test_without_a_bill(state: StatementState, expected: tuple[str, str], alarm: list[str]) -> None:
    found = matched([payment()], statement(state=state))
    assert classes(found) == [expected]
    assert [one.code for one in found.alarms] == alarm


def test_no_bill_and_no_trade_is_fine_but_an_empty_bill_over_payments_is_an_alarm() -> None:
    assert not matched([], statement(state=StatementState.NOTHING)).alarms
    found = matched([payment()], statement())
    assert [one.code for one in found.alarms] == ["bill.nothing_but_payments"]
    said = sentence_for(found.alarms[0].code, found.alarms[0].values)
    assert "100.00" in said.zh_detail and "2026-10-03" in said.en_detail


def test_a_corrected_bill_replaces_the_first() -> None:
    first, second = statement(paid(amount_fen=9_000)), statement(paid(), version=2, sha256="cd" * 32)
    for both in ((first, second), (second, first)):
        assert classes(matched([payment()], *both)) == [("matched", "none")]
    word = statement(state=StatementState.NOTHING, version=9)
    assert classes(matched([payment()], word, second)) == [("matched", "none")]


def test_bills_of_others_are_refused() -> None:
    with pytest.raises(Refused, match=r"bill\.other_merchant"):
        check_statement("1900000009", DAY, [paid()])
    with pytest.raises(Refused, match=r"bill\.other_day"):
        check_statement(MERCHANT, AFTER, [paid()])
    check_statement(MERCHANT, DAY, [paid(), paid(at_ms=at("00:00:00", AFTER))])
    check_statement(MERCHANT, DAY, [])


@pytest.mark.parametrize(("factor", "found"), [((100, 1), "fen"), ((1, 100), "yuan")])
def test_yuan_taken_for_fen_is_refused(factor: tuple[int, int], found: str) -> None:
    def scaled(count: int) -> int:
        return 10_000 * count * factor[0] // factor[1]

    facts = [payment(count, amount_fen=10_000 * count) for count in (1, 2, 3)]
    lines = [paid(count, amount_fen=scaled(count), settled_fen=scaled(count)) for count in (1, 2, 3)]
    with pytest.raises(Refused, match=f"found={found}"):
        matched([*facts], *lines)
    found_of_two = matched([*facts[:2]], *lines[:2])
    assert set(classes(found_of_two)) == {("amount_differs", "amount_differs")}


def test_every_reason_has_its_sentences() -> None:
    facts = [payment(1), undone(S.OPEN, 2), refund(3), undone(S.DECLINED, 4)]
    found = matched([*facts], paid(1, amount_fen=1), paid(2), paid(4), paid(5), refunded(1))
    assert len(found.findings) == 6
    for one in found.findings:
        assert one.reason.code in known_codes()
        assert "—" not in "".join(sentence_for(one.reason.code, one.reason.values))
