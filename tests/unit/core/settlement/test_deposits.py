"""Cash on its way to the bank: arrived, short, late, and what nobody deposited."""

from datetime import date

from agent.core.settlement.bank import BankLine
from agent.core.settlement.deposits import Deposit, DepositState, match_deposits

DAY = date(2026, 10, 5)


def deposit(reference: str, amount_fen: int, store: str = "S001") -> Deposit:
    return Deposit(store, DAY, reference, amount_fen, ("B17",))


def credit(amount_fen: int, text: str, booked: date = date(2026, 10, 6)) -> BankLine:
    return BankLine(f"{text}{amount_fen}", "6222", booked, amount_fen, "", text, "")


def test_a_slip_arrives_with_the_line_that_carries_its_reference() -> None:
    found = match_deposits([deposit("S001-1005", 500_000)], [credit(500_000, "现金存款 S001-1005")], DAY)
    assert [(one.state, one.difference_fen, one.days_in_transit) for one in found.findings] == [
        (DepositState.ARRIVED, 0, 1)
    ]


def test_what_the_bank_counted_less_is_named() -> None:
    found = match_deposits([deposit("S001-1005", 500_000)], [credit(490_000, "S001-1005")], DAY)
    assert (found.findings[0].state, found.findings[0].difference_fen) == (DepositState.DIFFERS, -10_000)


def test_one_line_may_pay_several_slips() -> None:
    slips = [deposit("S001-1005", 500_000), deposit("S002-1005", 100_000, "S002")]
    found = match_deposits(slips, [credit(600_000, "S001-1005/S002-1005")], DAY)
    assert [one.state for one in found.findings] == [DepositState.ARRIVED] * 2


def test_a_reference_that_begins_like_another_is_another() -> None:
    found = match_deposits([deposit("S001-1005", 500_000)], [credit(500_000, "S001-10051")], DAY)
    assert found.findings[0].state is DepositState.IN_TRANSIT
    assert len(found.unexplained) == 1


def test_a_bag_that_does_not_arrive_is_late_after_two_days() -> None:
    slips = [deposit("S001-1005", 500_000)]
    assert match_deposits(slips, [], date(2026, 10, 7)).findings[0].state is DepositState.IN_TRANSIT
    late = match_deposits(slips, [], date(2026, 10, 8)).findings[0]
    assert (late.state, late.days_in_transit) == (DepositState.LATE, 3)


def test_a_person_s_word_comes_before_what_a_line_says() -> None:
    slips = [deposit("S001-1005", 500_000), deposit("S001-1006", 500_000)]
    first, second = credit(500_000, "S001-1006"), credit(499_000, "no words", date(2026, 10, 7))
    found = match_deposits(slips, [first, second], DAY, {second.line: "S001-1005"})
    assert [(one.state, one.line) for one in found.findings] == [
        (DepositState.DIFFERS, second.line),
        (DepositState.ARRIVED, first.line),
    ]
    taken = match_deposits(slips, [first, second], DAY, {second.line: "S001-1006"})
    assert [one.state for one in taken.findings] == [DepositState.IN_TRANSIT, DepositState.DIFFERS]
    assert taken.unexplained == (first,)


def test_a_slip_is_paid_once() -> None:
    lines = [credit(500_000, "S001-1005"), credit(500_000, "S001-1005 again", date(2026, 10, 7))]
    found = match_deposits([deposit("S001-1005", 500_000)], lines, DAY)
    assert [one.state for one in found.findings] == [DepositState.ARRIVED]
    assert len(found.unexplained) == 1
