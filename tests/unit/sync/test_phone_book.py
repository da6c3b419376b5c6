"""The states of an order on a customer's phone: one table, and what each step leaves behind."""

from dataclasses import replace

import pytest

from agent.core.errors import Broken
from agent.core.payment import PlatformAnswer, Verdict, Way
from sync.hq.pay.phone_book import (
    SENDING_MS,
    TRANSITIONS,
    PhoneOrder,
    PhoneState,
    given_back,
    moved,
    paid,
    taken,
)

FREE = PhoneOrder("S001", "S001_1_000001_A1K7QF", "B1", 1, 3600, 1_000, 601_000)
TAKEN = taken(FREE, "wechat", Way.IN_APP, "o1", 5_000)


def test_each_state_has_its_row_and_only_a_payment_is_an_end() -> None:
    assert set(TRANSITIONS) == set(PhoneState)
    assert [state for state, after in TRANSITIONS.items() if not after] == [PhoneState.PAID]
    assert all(PhoneState.PAID in after for state, after in TRANSITIONS.items() if after), "money is real in any state"


def test_what_the_table_does_not_allow_is_our_defect() -> None:
    with pytest.raises(Broken, match=r"attempt\.bad_transition"):
        moved(FREE, PhoneState.LEAVING)
    with pytest.raises(Broken, match=r"attempt\.bad_transition"):
        taken(TAKEN, "alipay", Way.BROWSER, None, 0)


def test_a_wallet_that_has_it_is_known_with_its_way_and_payer() -> None:
    assert TAKEN.state is PhoneState.TAKEN and TAKEN.sending_until_ms == 5_000 + SENDING_MS
    assert TAKEN.is_had_by("wechat", Way.IN_APP, "o1")
    assert not TAKEN.is_had_by("wechat", Way.IN_APP, "o2")
    assert not TAKEN.is_had_by("wechat", Way.BROWSER, None)
    assert not TAKEN.is_had_by("alipay", Way.IN_APP, "o1")


def test_what_was_given_back_is_free_without_that_wallet() -> None:
    freed = given_back(moved(TAKEN, PhoneState.LEAVING))
    assert freed.state is PhoneState.FREE and freed.spent_wallets == {"wechat"}
    assert (freed.wallet, freed.way, freed.payer, freed.offer, freed.sending_until_ms) == (None, None, None, None, 0)
    both = given_back(moved(taken(freed, "alipay", Way.BROWSER, None, 0), PhoneState.LEAVING))
    assert both.spent_wallets == {"wechat", "alipay"}


def test_what_its_box_asked_to_close_is_closed_for_good() -> None:
    leaving = replace(moved(TAKEN, PhoneState.LEAVING), wanted_closed=True)
    assert given_back(leaving).state is PhoneState.CLOSED


def test_a_payment_keeps_what_the_proof_says() -> None:
    answer = PlatformAnswer(Verdict.PAID, FREE.out_trade_no, "42", 7_000, 3600, 3400, 150, 50)
    done = paid(TAKEN, "wechat", answer)
    assert (done.state, done.wallet, done.transaction, done.paid_at_ms) == (PhoneState.PAID, "wechat", "42", 7_000)
    assert (done.platform_discount_fen, done.merchant_discount_fen) == (150, 50)
