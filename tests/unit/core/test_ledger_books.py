"""Whatever headquarters know of money, each of its entries sums to nothing."""

from hypothesis import given
from hypothesis import strategies as st

from agent.core import ledger_books
from agent.core.reconcile.classes import LineClass, Settlement

FEN = st.integers(-(10**12), 10**12)


@given(FEN, FEN, FEN, FEN)
def test_every_entry_sums_to_nothing(one: int, two: int, three: int, four: int) -> None:
    entries = (
        ledger_books.payout_of_store("wechat", one, two),
        ledger_books.payout_line("6222", one, two, three),
        ledger_books.deposit_declared(one),
        ledger_books.deposit_arrived(one, two),
        ledger_books.bank_line("6222", one, ledger_books.UNASSIGNED),
        ledger_books.difference_settled("alipay", four),
    )
    for postings in entries:
        assert sum(postings.values()) == 0
        assert all(postings.values())


@given(st.lists(st.tuples(FEN, FEN), max_size=5), FEN)
def test_what_stores_hand_over_the_line_takes_whole(stores: list[tuple[int, int]], amount_fen: int) -> None:
    handed = [ledger_books.payout_of_store("wechat", settled_fen, fees_fen) for settled_fen, fees_fen in stores]
    stores_fen = sum(settled_fen - fees_fen for settled_fen, fees_fen in stores)
    line = ledger_books.payout_line("6222", amount_fen, stores_fen, 0)
    account = ledger_books.HEADQUARTERS
    assert sum(one.get(account, 0) for one in (*handed, line)) == 0
    assert line.get(ledger_books.PAYOUT_DIFFERENCES, 0) == stores_fen - amount_fen


def test_a_settled_difference_moves_what_the_platform_does_not_owe() -> None:
    found = {"line_class": LineClass.JOURNAL_ONLY.value, "journal_fen": 500, "bill_fen": 0}
    assert ledger_books.taken_over_fen(found, Settlement.WRITE_OFF.value) == -500
    assert ledger_books.taken_over_fen(found, Settlement.REFUND.value) == 0
    assert ledger_books.taken_over_fen(found, "facts") == 0
    fee = {"line_class": LineClass.FEE_DIFFERS.value, "journal_fen": 500, "bill_fen": 500}
    assert ledger_books.taken_over_fen(fee, Settlement.CONFIRM.value) == 0
    moved = ledger_books.difference_settled("wechat", -500)
    assert moved == {"Assets:Clearing:Wechat": -500, ledger_books.PAYMENT_DIFFERENCES: 500}
