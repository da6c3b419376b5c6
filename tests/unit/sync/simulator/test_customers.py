"""Customers and their codes: a minute, once, what is in the wallet, strangers by their last two digits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.simulator.behaviour import INVALID
from sync.simulator.customers import CODE_LIVES_MS, Customer, Customers
from tests.unit.sync.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def people(tmp_path: Path, clock: FakeClock) -> Iterator[Customers]:
    made = Customers(tmp_path, clock.now_ms, 1)
    yield made
    made.close()


def nothing_spent(_payer: str) -> int:
    return 0


def person(people: Customers, number: str) -> Customer:
    found = people.find(number)
    assert found is not None
    return found


def test_a_code_serves_once_and_the_same_order_again(people: Customers) -> None:
    code, _ = people.new_code(person(people, "C1"), "wechat")
    first = people.use(code, "N1", 100, nothing_spent)
    assert (first.payer, first.how.ends, first.how.waits_s) == ("customer-C1", "paid", 0)
    assert people.use(code, "N1", 100, nothing_spent) == first
    assert people.use(code, "N2", 100, nothing_spent).how.code == "AUTH_CODE_EXPIRED"


def test_a_code_lives_for_a_minute(people: Customers, clock: FakeClock) -> None:
    code, ends_at_ms = people.new_code(person(people, "C1"), "alipay")
    assert ends_at_ms == clock.now_ms() + CODE_LIVES_MS
    clock.now += CODE_LIVES_MS / 1000 + 1
    assert people.use(code, "N1", 100, nothing_spent).how.code == "AUTH_CODE_EXPIRED"


def test_codes_have_the_shape_of_their_wallet_and_repeat_with_the_seed(tmp_path: Path, clock: FakeClock) -> None:
    drawn = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        people = Customers(tmp_path / name, clock.now_ms, seed)
        drawn.append(
            [people.new_code(person(people, "C1"), kind)[0] for kind in ("wechat", "alipay") for _ in range(3)]
        )
        people.close()
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(len(code) == 18 and 10 <= int(code[:2]) <= 14 for code in drawn[0][:3])
    assert all(len(code) == 18 and 25 <= int(code[:2]) <= 30 for code in drawn[0][3:])


def test_what_is_in_the_wallet_decides(people: Customers) -> None:
    def outcome(number: str, amount_fen: int, spent_fen: int = 0) -> tuple[str, str | None, bool]:
        code, _ = people.new_code(person(people, number), "wechat")
        holder = people.use(code, f"{number} {amount_fen}", amount_fen, lambda _payer: spent_fen)
        return holder.how.ends, holder.how.code, holder.asks

    assert outcome("C3", 501) == ("declined", "BALANCE_TOO_LOW", False)
    assert outcome("C3", 500) == ("paid", None, False)
    assert outcome("C3", 500, 1) == ("declined", "BALANCE_TOO_LOW", False)
    assert outcome("C2", 2001) == ("closed", "PASSWORD_NOT_ENTERED", True)
    assert outcome("C5", 1) == ("declined", "PAYER_BARRED", False)


def test_strangers_go_by_their_last_two_digits(people: Customers, clock: FakeClock) -> None:
    assert people.use("130000000000000081", "N1", 1, nothing_spent).how.code == "BALANCE_TOO_LOW"
    assert people.use("130000000000000100", "N2", 1, nothing_spent).how.ends == "paid"
    assert people.use("130000000000000100", "N3", 1, nothing_spent).how.code == "AUTH_CODE_EXPIRED"
    clock.now += CODE_LIVES_MS / 1000 + 1
    assert people.use("130000000000000100", "N3", 1, nothing_spent).how.ends == "paid"
    assert people.use("1234", "N4", 1, nothing_spent).how == INVALID
