"""Differences at headquarters: found once, worked on by people with rights, approved by another, told by notes."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from agent.core.errors import Credentials, Refused, StoreboxError
from agent.core.reconcile.workflow import DifferenceState, Limits
from sync.hq import registry
from sync.hq.books import difference_desk as desk
from sync.hq.books.difference_list import Wanted, history, listed, open_sums
from sync.hq.books.difference_settings import limits_of
from sync.hq.books.difference_tables import difference
from sync.hq.books.differences import (
    changed_differences,
    find,
    last_matched,
    open_bodies,
    open_count,
    open_count_of_bill,
    record,
)
from sync.hq.books.notes import notes_of, verify
from sync.hq.database import Database
from sync.hq.people.accounts import add_person
from sync.hq.people.rights import Person, Role
from sync.hq.webhooks.alarms import Alarm, newest
from tests.unit.sync.hq.books.found import BILL_DAY, BOOK, NOW_MS, changes, found, gone, matched, stranger

LI = Person("li", Role.ACCOUNTANT, None)
WANG = Person("wang", Role.LEAD_ACCOUNTANT, None)
ZHAO = Person("zhao", Role.LEAD_ACCOUNTANT, None)
AUDITOR = Person("sun", Role.AUDITOR, None)
NARROW = Person("qian", Role.ACCOUNTANT, frozenset({"S002"}))
LIMITS = Limits()
WHY = "平台已退给顾客"


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    opened = Database.open(tmp_path, database_url)
    with opened.write() as connection:
        for store in ("S001", "S002"):
            registry.add_store(connection, store, store, NOW_MS)
        add_person(connection, "zhao", "lead_accountant", None, NOW_MS)
        add_person(connection, "sun", "auditor", None, NOW_MS)
        record(connection, changes(found("D1"), stranger("D2"), told=True), BOOK, NOW_MS)
    yield opened
    opened.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.write() as opened:
        yield opened


def kinds(connection: Connection, number: str) -> list[str]:
    return [one.kind.removeprefix("difference.") for one in history(connection, BOOK, number)]


def state(connection: Connection, number: str) -> DifferenceState:
    return find(connection, number)[1].state


def test_the_same_match_again_adds_nothing(connection: Connection) -> None:
    record(connection, changes(found("D1"), stranger("D2")), BOOK, NOW_MS + 1)
    assert [one.kind for one in notes_of(connection, BOOK)] == ["bill.matched", *["difference.found"] * 2]
    assert open_bodies(connection, BOOK, BILL_DAY) == {"D1": found("D1").body(), "D2": stranger("D2").body()}
    assert open_bodies(connection, BOOK, date(2026, 11, 19)) == {}
    assert last_matched(connection, BOOK, BILL_DAY) == matched().body()
    assert last_matched(connection, BOOK, "2026-11-19") is None


def test_a_difference_of_much_money_is_told_of_once(connection: Connection) -> None:
    def numbers() -> list[object]:
        return [one.subject for one in newest(connection, [BOOK], 9) if one.kind is Alarm.DIFFERENCE]

    assert numbers() == ["D2"], "300.00 is above the limit, 2.00 is not"
    record(connection, changes(stranger("D2", bill_fen=40_000)), BOOK, NOW_MS + 1)
    record(connection, changes(found("D3", journal_fen=300)), BOOK, NOW_MS + 2, limits=Limits(299))
    assert sorted(map(str, numbers())) == ["D2", "D3"]


def test_thousands_of_differences_are_one_chain(connection: Connection) -> None:
    many = [found(f"M{number}", journal_fen=number) for number in range(1, 1201)]
    record(connection, changes(*many), BOOK, NOW_MS, limits=Limits(10**9))
    record(connection, changes(*many, settled=(gone("M7"),)), BOOK, NOW_MS + 1)
    assert open_count_of_bill(connection, BOOK, BILL_DAY) == 1201
    assert verify(connection, BOOK) is None
    assert changed_differences(connection, BOOK) == []


def test_a_difference_that_facts_explain_is_settled_and_can_come_back(connection: Connection) -> None:
    record(connection, changes(settled=(gone("D1"), gone("NONE"))), BOOK, NOW_MS)
    record(connection, changes(settled=(gone("D1"),)), BOOK, NOW_MS)
    assert state(connection, "D1") is DifferenceState.SETTLED
    record(connection, changes(found("D1")), BOOK, NOW_MS)
    assert state(connection, "D1") is DifferenceState.OPEN
    assert kinds(connection, "D1") == ["found", "settled", "found"]


def test_what_a_person_settled_is_not_found_again_until_it_tells_otherwise(connection: Connection) -> None:
    assert desk.settle(connection, "D1", "confirm", LI, WHY, LIMITS, NOW_MS) is DifferenceState.SETTLED
    record(connection, changes(found("D1")), BOOK, NOW_MS)
    assert state(connection, "D1") is DifferenceState.SETTLED
    record(connection, changes(found("D1", journal_fen=900)), BOOK, NOW_MS)
    assert state(connection, "D1") is DifferenceState.OPEN
    _, known = find(connection, "D1")
    assert (known.stake_fen, known.settled_by, known.reason) == (900, None, None)


def test_above_the_limit_another_person_approves(connection: Connection) -> None:
    assert desk.settle(connection, "D2", "confirm", WANG, WHY, LIMITS, NOW_MS) is DifferenceState.PROPOSED
    assert open_count_of_bill(connection, BOOK, BILL_DAY) == 2
    with pytest.raises(Credentials, match=r"person\.not_oneself"):
        desk.approve(connection, "D2", WANG, NOW_MS)
    with pytest.raises(Credentials, match=r"person\.may_not"):
        desk.approve(connection, "D2", LI, NOW_MS)
    with pytest.raises(Refused, match=r"difference\.wrong_state"):
        desk.settle(connection, "D2", "confirm", ZHAO, WHY, LIMITS, NOW_MS)
    desk.approve(connection, "D2", ZHAO, NOW_MS)
    _, known = find(connection, "D2")
    assert (known.state, known.settled_by, known.approved_by) == (DifferenceState.SETTLED, "wang", "zhao")
    assert known.reason == WHY
    assert open_count_of_bill(connection, BOOK, BILL_DAY) == 1
    with pytest.raises(Refused, match=r"difference\.not_proposed"):
        desk.approve(connection, "D2", ZHAO, NOW_MS)


def test_every_write_off_waits_for_a_second_person_unless_the_limit_says_otherwise(connection: Connection) -> None:
    assert desk.settle(connection, "D1", "write_off", LI, WHY, LIMITS, NOW_MS) is DifferenceState.PROPOSED
    desk.send_back(connection, "D1", LI, "先问门店", NOW_MS)
    assert desk.settle(connection, "D1", "write_off", LI, WHY, Limits(0, 200), NOW_MS) is DifferenceState.PROPOSED
    desk.send_back(connection, "D1", WANG, "先问门店", NOW_MS)
    assert desk.settle(connection, "D1", "write_off", LI, WHY, Limits(200, 200), NOW_MS) is DifferenceState.SETTLED


def test_a_proposal_falls_when_a_match_tells_otherwise(connection: Connection) -> None:
    desk.settle(connection, "D2", "confirm", LI, WHY, LIMITS, NOW_MS)
    record(connection, changes(stranger("D2", bill_fen=40_000)), BOOK, NOW_MS)
    assert state(connection, "D2") is DifferenceState.OPEN
    with pytest.raises(Refused, match=r"difference\.not_proposed"):
        desk.approve(connection, "D2", WANG, NOW_MS)


def test_a_proposal_is_sent_back_by_who_may_approve_or_by_its_own_hand(connection: Connection) -> None:
    desk.settle(connection, "D2", "confirm", WANG, WHY, LIMITS, NOW_MS)
    with pytest.raises(Credentials, match=r"person\.may_not"):
        desk.send_back(connection, "D2", LI, "不对", NOW_MS)
    desk.send_back(connection, "D2", ZHAO, "不对", NOW_MS)
    assert state(connection, "D2") is DifferenceState.OPEN
    with pytest.raises(Refused, match=r"difference\.not_proposed"):
        desk.send_back(connection, "D2", ZHAO, "不对", NOW_MS)


def test_only_who_may_approve_takes_a_settlement_back(connection: Connection) -> None:
    desk.settle(connection, "D1", "refund", LI, WHY, LIMITS, NOW_MS)
    with pytest.raises(Credentials, match=r"person\.may_not"):
        desk.reopen(connection, "D1", LI, "弄错了", NOW_MS)
    desk.reopen(connection, "D1", WANG, "弄错了", NOW_MS)
    assert open_count(connection, "S001", BILL_DAY) == 1
    assert kinds(connection, "D1") == ["found", "settled", "reopened"]


def test_an_assignment_adds_the_store_s_day_and_keeps_the_line_s(connection: Connection) -> None:
    assert [open_count(connection, store, BILL_DAY) for store in ("S001", "S002")] == [1, 0]
    desk.assign_to_store(connection, "D2", "S002", date(2026, 11, 17), LI, "码牌是二店的", NOW_MS)
    assert [open_count(connection, "S002", day) for day in (BILL_DAY, date(2026, 11, 17))] == [0, 1]
    desk.assign_to_store(connection, "D1", "S002", None, LI, "二店代收", NOW_MS)
    assert [open_count(connection, store, BILL_DAY) for store in ("S001", "S002")] == [1, 1]
    assert {store: one.count for store, one in open_sums(connection, None).items()} == {"S002": 2}
    assert open_sums(connection, ["S001"]) == {}
    desk.settle(connection, "D1", "assign", LI, WHY, LIMITS, NOW_MS)
    assert [open_count(connection, store, BILL_DAY) for store in ("S001", "S002")] == [0, 0]


def test_it_is_assigned_to_whom_it_can_be(connection: Connection) -> None:
    desk.assign_to_person(connection, "D1", "zhao", LI, "请看一下", NOW_MS)
    assert find(connection, "D1")[1].assigned_person == "zhao"
    for name, code in (("nobody", "person.unknown"), ("sun", "difference.not_theirs")):
        with pytest.raises(Refused, match=code):
            desk.assign_to_person(connection, "D1", name, LI, "请看一下", NOW_MS)
    with pytest.raises(Refused, match=r"store\.unknown"):
        desk.assign_to_store(connection, "D1", "S009", None, LI, "不知道", NOW_MS)


Tried = Callable[[Connection], object]
REFUSALS: dict[str, Tried] = {
    "difference.unknown": lambda c: desk.comment(c, "D9", LI, "在查", NOW_MS),
    "difference.bad_settlement": lambda c: desk.settle(c, "D1", "re_query", LI, WHY, LIMITS, NOW_MS),
    "difference.assign_first": lambda c: desk.settle(c, "D2", "assign", LI, WHY, LIMITS, NOW_MS),
    "difference.reason_missing": lambda c: desk.settle(c, "D1", "confirm", LI, " ", LIMITS, NOW_MS),
    "difference.changed_meanwhile": lambda c: desk.settle(c, "D1", "confirm", LI, WHY, LIMITS, NOW_MS, version=7),
    "difference.wrong_state": lambda c: desk.reopen(c, "D1", WANG, WHY, NOW_MS),
    "person.may_not": lambda c: desk.comment(c, "D1", AUDITOR, "在查", NOW_MS),
    "access.not_this_store": lambda c: desk.comment(c, "D1", NARROW, "在查", NOW_MS),
}


def test_a_refused_act_leaves_no_trace(database: Database) -> None:
    for code, tried in REFUSALS.items():
        with pytest.raises(StoreboxError) as refused, database.write() as connection:
            tried(connection)
        assert refused.value.code == code
    with database.read() as connection:
        assert len(list(notes_of(connection, BOOK))) == 3
        assert open_count_of_bill(connection, BOOK, BILL_DAY) == 2


def test_a_comment_is_of_plain_words(connection: Connection) -> None:
    for text in ("", "x", "x" * 501, "\x1b[2Jgone", "\u202egnp"):
        with pytest.raises(Refused, match=r"difference\.reason_missing"):
            desk.comment(connection, "D1", LI, text, NOW_MS)


def test_a_settled_one_can_still_be_commented(connection: Connection) -> None:
    desk.settle(connection, "D1", "confirm", LI, WHY, LIMITS, NOW_MS)
    desk.comment(connection, "D1", LI, "顾客来过电话\n已说明", NOW_MS)
    assert kinds(connection, "D1") == ["found", "settled", "commented"]
    assert state(connection, "D1") is DifferenceState.SETTLED


LISTS: list[tuple[Wanted, list[str]]] = [
    (Wanted(), ["D2", "D1"]),
    (Wanted(store="S001"), ["D1"]),
    (Wanted(day="2026-11-17"), []),
    (Wanted(day=BILL_DAY, line_class="platform_only"), ["D2"]),
    (Wanted(owner="store_manager"), ["D2"]),
    (Wanted(owner="zhao"), []),
    (Wanted(stores=["S001"]), ["D1"]),
    (Wanted(stores=[]), []),
    (Wanted(book="@alipay:1"), []),
    (Wanted(state=DifferenceState.SETTLED), []),
]


def test_the_list_has_what_is_looked_for_most_money_first(connection: Connection) -> None:
    for wanted, numbers in LISTS:
        assert [one.number for _, one in listed(connection, wanted)] == numbers, wanted


def test_the_table_is_what_the_notes_tell(connection: Connection) -> None:
    desk.assign_to_store(connection, "D2", "S002", None, LI, "码牌是二店的", NOW_MS + 1)
    desk.assign_to_person(connection, "D2", "zhao", LI, "请看一下", NOW_MS + 2)
    desk.settle(connection, "D2", "assign", LI, WHY, LIMITS, NOW_MS + 3)
    desk.approve(connection, "D2", WANG, NOW_MS + 4)
    desk.settle(connection, "D1", "write_off", LI, WHY, LIMITS, NOW_MS + 5)
    assert verify(connection, BOOK) is None
    assert changed_differences(connection, BOOK) == []
    mine = difference.c.difference == "D1"
    connection.execute(update(difference).where(mine).values(state="settled"))
    assert changed_differences(connection, BOOK) == ["D1"]


def test_limits_are_a_file_of_headquarters(tmp_path: Path) -> None:
    assert limits_of(tmp_path) == Limits()
    file = tmp_path / "differences.toml"
    file.write_bytes((Path(__file__).parents[5] / "config" / "differences.toml").read_bytes())
    assert limits_of(tmp_path) == Limits()
    file.write_text("second_person_above_fen = 5\n")
    assert limits_of(tmp_path) == Limits(5, 0)
    for wrong in ("second_person_above_fen = -1", "above = 1", "write_off_above_fen = 1.5", "nonsense", "\x00"):
        file.write_text(wrong)
        with pytest.raises(Refused, match=r"difference\.bad_limits"):
            limits_of(tmp_path)
