"""What a match writes into the books, and that the same match again writes nothing."""

from dataclasses import replace

from agent.core.canonical import canonical
from agent.core.reconcile.differences import BY_FACTS, changes, differences
from agent.core.reconcile.statement import Statement
from tests.unit.core.reconcile.cases import AFTER, at, matched, paid, payment, refunded, statement

BILL = statement(paid(1, amount_fen=9_000), paid(2), refunded(3))


def known_after(bill: Statement) -> tuple[dict[str, dict[str, object]], dict[str, object]]:
    done = changes(matched([payment(1)], bill), bill, {}, None)
    assert done.matched is not None
    return {one.difference: one.body() for one in done.found}, done.matched.body()


def test_differences_are_found_once() -> None:
    known, last = known_after(BILL)
    assert len(known) == 3
    again = changes(matched([payment(1)], BILL), BILL, known, last)
    assert (again.matched, again.found, again.settled) == (None, (), ())
    canonical([*known.values(), last])


def test_later_facts_settle_what_they_explain_and_nothing_else() -> None:
    known, last = known_after(BILL)
    later = changes(matched([payment(1), payment(2)], BILL), BILL, known, last)
    assert later.matched is not None and later.found == ()
    (settled,) = later.settled
    assert (settled.settlement, known[settled.difference]["out_trade_no"]) == (BY_FACTS, payment(2).attempt)


def test_a_corrected_bill_settles_and_is_another_match() -> None:
    known, last = known_after(BILL)
    second = replace(BILL, lines=(paid(1), paid(2)), sha256="cd" * 32, version=2)
    done = changes(matched([payment(1), payment(2)], BILL, second), second, known, last)
    assert done.matched is not None and done.matched.sha256 == "cd" * 32
    assert (len(done.settled), done.found) == (3, ())


def test_a_difference_that_tells_otherwise_is_told_again_under_its_number() -> None:
    known, last = known_after(BILL)
    changed = replace(BILL, lines=(paid(1, amount_fen=8_000), *BILL.lines[1:]))
    done = changes(matched([payment(1)], changed), changed, known, last)
    (found,) = done.found
    assert found.difference in known and found.bill_fen == 8_000 and not done.settled


def test_each_line_has_a_number_of_its_own_and_other_days_are_left_alone() -> None:
    stranger = paid(out_trade_no="", transaction="")
    bill = statement(stranger, stranger, replace(stranger, at_ms=at("12:00:01")))
    assert len(differences(matched([], bill), bill)) == 3
    next_day = statement(paid(9, at_ms=at(day=AFTER)), day=AFTER)
    assert set(differences(matched([], bill, next_day), bill)) == set(differences(matched([], bill), bill))
