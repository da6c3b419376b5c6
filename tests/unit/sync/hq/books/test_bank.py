"""The bank's side at headquarters: statements once, payouts, deposits, months, and the list for the morning."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from agent.core.errors import Credentials, Refused
from agent.core.settlement.deposits import Deposit, DepositState
from sync.hq import registry, tables
from sync.hq.books import money_tables
from sync.hq.books.bank import assign_line, changed_lines, import_statement, lines_of, listed_lines
from sync.hq.books.bank_settings import Account, payout_settings, payout_terms, statement_mapping
from sync.hq.books.deposits import cash_places, declare_deposit, matched_deposits
from sync.hq.books.exception_report import exception_report
from sync.hq.books.morning import declare_closed, morning, store_day
from sync.hq.books.notes import notes_of, verify
from sync.hq.books.payouts import Fees, account_payouts, accounts_of
from sync.hq.books.periods import ask_to_reopen, close_month, posting_period_of, reopen_month
from sync.hq.database import Database
from sync.hq.people.rights import Person, Role
from sync.hq.projection import project, readable
from sync.wire import SentEntry

CONFIG = Path(__file__).resolve().parents[5] / "config" / "bank"
DAY = date(2026, 10, 8)
NOON_MS = 1_791_432_000_000
"""2026-10-08 12:00 in China, a Thursday."""
DAY_MS = 86_400_000
ACCOUNT = Account(platform="wechat", merchant="1230000109")
BANK = "@bank:6222000000000001"
LEAD = Person("li", Role.LEAD_ACCOUNTANT, None)
OTHER_LEAD = Person("wang", Role.LEAD_ACCOUNTANT, None)
HEAD = "交易日期,借方发生额,贷方发生额,对方户名,摘要,附言\n"
PAID = "2026-10-09,,988.00,财付通支付科技,结算,1230000109 20261008\n"
RENT = "2026-10-09,5000.00,,房东,房租,\n"
CASH = "2026-10-10,,1500.00,,现金存入,D77\n"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    for name in ("payouts.toml", "holidays.toml"):
        (folder / name).write_bytes((CONFIG / name).read_bytes())
    (folder / "icbc.toml").write_bytes((CONFIG / "statement.toml").read_bytes())
    return tmp_path


@pytest.fixture
def database(state: Path, database_url: str | None) -> Iterator[Database]:
    opened = Database.open(state, database_url)
    with opened.write() as connection:
        registry.add_store(connection, "S001", "东门店", NOON_MS, "0755-1234", "甲公司")
    yield opened
    opened.close()


def imported(database: Database, state: Path, *lines: str) -> list[tuple[int, int, int]]:
    data = (HEAD + "".join(lines)).encode("gb18030")
    with database.write() as connection:
        found = import_statement(connection, data, statement_mapping(state, "icbc"), "icbc", "li", NOON_MS)
    return [(one.lines, one.new, one.without_place) for one in found]


def sent(database: Database, *entries: tuple[str, str], first_seq: int = 1) -> None:
    rows = [SentEntry(seq, NOON_MS, kind, body) for seq, (kind, body) in enumerate(entries, first_seq)]
    with database.write() as connection:
        project(connection, "S001", 1, [(row, readable(row.body)) for row in rows])


def paid(number: int, amount_fen: int, at_ms: int = NOON_MS, discount_fen: int = 0) -> tuple[tuple[str, str], ...]:
    name = f'"attempt":"A{number}","platform":"wechat"'
    started = f'{{{name},"merchant":"1230000109","amount_fen":{amount_fen},"sale":"S","till":"T1"}}'
    discount = f'"merchant_discount_fen":{discount_fen}'
    ended = f'{{{name},"outcome":"paid","transaction":"W{number}","platform_at_ms":{at_ms},{discount}}}'
    return ("attempt.started", started), ("attempt.ended", ended)


def test_a_statement_again_or_overlapping_adds_nothing(database: Database, state: Path) -> None:
    assert imported(database, state, PAID, RENT) == [(2, 2, 1)]
    assert imported(database, state, PAID, RENT) == [(2, 0, 0)]
    assert imported(database, state, RENT, CASH) == [(2, 1, 0)]
    with database.read() as connection:
        assert [row["place"] for row in listed_lines(connection)] != []
        assert [one["text"] for one in listed_lines(connection, True)] == ["房租"]
        assert [one.amount_fen for one in lines_of(connection, ACCOUNT.book)] == [98_800]
        assert [one.kind for one in notes_of(connection, BANK)] == ["bank.imported"] * 3
        assert verify(connection, BANK) is None
        assert changed_lines(connection, BANK) == []


def test_a_statement_with_a_wrong_row_brings_nothing(database: Database, state: Path) -> None:
    with pytest.raises(Refused, match=r"file\.wrong_amount"):
        imported(database, state, PAID, "2026-10-09,,12.345,,,\n")
    with database.read() as connection:
        assert list(listed_lines(connection)) == []
        assert list(notes_of(connection, BANK)) == []


def test_a_line_that_was_changed_is_named(database: Database, state: Path) -> None:
    imported(database, state, PAID, RENT)
    with database.write() as connection:
        changed = money_tables.bank_line.c.counterparty == "房东"
        connection.execute(update(money_tables.bank_line).where(changed).values(amount_fen=-1))
    with database.read() as connection:
        assert len(changed_lines(connection, BANK)) == 1


def test_a_person_s_word_counts_and_is_kept(database: Database, state: Path) -> None:
    imported(database, state, RENT)
    with database.write() as connection:
        number = next(str(one["line"]) for one in listed_lines(connection))
        assign_line(connection, number, "other", None, "li", "房租", NOON_MS)
        with pytest.raises(Refused, match=r"bank\.bad_place"):
            assign_line(connection, number, "rent", None, "li", "", NOON_MS)
        with pytest.raises(Refused, match=r"bank\.line_unknown"):
            assign_line(connection, "nothing", "other", None, "li", "", NOON_MS)
    with database.read() as connection:
        assert list(listed_lines(connection, True)) == []
        assert [one.body["to"] for one in notes_of(connection, BANK, number)] == ["other"]
        assert changed_lines(connection, BANK) == []


def test_a_person_says_which_slip_a_line_pays(database: Database, state: Path) -> None:
    imported(database, state, CASH.replace("D77", "存款"))
    with database.write() as connection:
        declare_deposit(connection, slip(), "li", NOON_MS)
        number = next(str(one["line"]) for one in listed_lines(connection))
        with pytest.raises(Refused, match=r"deposit\.unknown"):
            assign_line(connection, number, "cash", None, "li", "看错了", NOON_MS, slip="D78")
        with pytest.raises(Refused, match=r"bank\.bad_place"):
            assign_line(connection, number, "other", None, "li", "看错了", NOON_MS, slip="D77")
        assert [one.line for one in matched_deposits(connection, DAY).findings] == [None]
        assign_line(connection, number, "cash", None, "li", "回单", NOON_MS, slip="D77")
        assert [one.line for one in matched_deposits(connection, DAY).findings] == [number]
        assert changed_lines(connection, BANK) == []


@pytest.mark.parametrize(
    "text", ["columns = 1", "[columns]\n[[rule]]\nto = 'rent'", "[columns]\nx = ['y']", "nonsense"]
)
def test_a_wrong_mapping_is_refused_by_name(state: Path, text: str) -> None:
    (state / "bank" / "icbc.toml").write_text(text)
    with pytest.raises(Refused, match=r"bank\.(mapping_wrong|bad_place)"):
        statement_mapping(state, "icbc")
    with pytest.raises(Refused, match=r"bank\.mapping_missing"):
        statement_mapping(state, "../keys")


def test_an_account_s_days_are_settled_by_their_line(database: Database, state: Path) -> None:
    sent(database, *paid(1, 100_000), *paid(2, 5_000, discount_fen=500))
    refund = '"out_refund_no":"R1","attempt":"A2","platform":"wechat"'
    ended = f'{{{refund},"outcome":"done","refund_transaction":"X","merchant_fen":100}}'
    sent(database, ("refund.started", f'{{{refund},"amount_fen":1000}}'), ("refund.ended", ended), first_seq=9)
    late = '{"attempt":"A3","platform":"wechat","booked":true,"amount_fen":700}'
    started = '{"attempt":"A3","platform":"wechat","merchant":"1230000109","amount_fen":700}'
    sent(database, ("attempt.started", started), ("attempt.contradicted", late), first_seq=20)
    (state / "bank" / "payouts.toml").write_text("[[fee]]\nrate_ppm = 6000\n")
    imported(database, state, PAID.replace("988.00", "1036.69"))
    with database.read() as connection:
        assert accounts_of(connection, state) == [ACCOUNT]
        found = account_payouts(connection, state, ACCOUNT, date(2026, 10, 10))
    assert [(one.gross_fen, one.refunds_fen, one.fees_fen) for one in found.due] == [(105_200, 900, 600 + 27 + 4 - 5)]
    assert [(one.state, one.due_fen) for one in found.payouts.days] == [("overdue", 103_674)]
    assert [line.amount_fen for line in found.payouts.unexplained] == [103_669]
    with database.write() as connection:
        number = found.payouts.unexplained[0].line
        assign_line(connection, number, ACCOUNT.book, DAY, "li", "少 5 分", NOON_MS)
        again = account_payouts(connection, state, ACCOUNT, date(2026, 10, 10))
    assert [(one.state, one.difference_fen) for one in again.payouts.days] == [("settled", -5)]
    assert again.fees is Fees.CONTRACT


def test_without_a_contract_the_answer_says_that_fees_are_unknown(database: Database, state: Path) -> None:
    sent(database, *paid(1, 100_000))
    with database.read() as connection:
        assert account_payouts(connection, state, ACCOUNT, date(2026, 10, 9)).fees is Fees.NONE


def test_a_minute_around_midnight_is_two_platform_days(database: Database, state: Path) -> None:
    midnight_ms = NOON_MS + DAY_MS // 2
    sent(database, *paid(1, 100, midnight_ms - 60_000), *paid(2, 200, midnight_ms))
    with database.read() as connection:
        found = account_payouts(connection, state, ACCOUNT, date(2026, 10, 11))
    assert [(one.day.day, one.gross_fen) for one in found.due] == [(8, 100), (9, 200)]


def test_the_examples_of_the_configuration_are_read(state: Path) -> None:
    assert payout_settings(state).account == ()
    assert payout_terms(state, 1).expected(date(2026, 10, 9)) == date(2026, 10, 12)
    (state / "bank" / "holidays.toml").write_text("[2026]\nholidays = [2026-10-12]\nworkdays = [2026-10-10]\n")
    assert payout_terms(state, 1).expected(date(2026, 10, 9)) == date(2026, 10, 10)


def slip(reference: str = "D77", amount_fen: int = 150_000) -> Deposit:
    return Deposit("S001", DAY, reference, amount_fen, ("B1", "B2"))


def test_cash_from_the_till_to_the_bank(database: Database, state: Path) -> None:
    day = '"day":"2026-10-08","till":"T1","staff":"7"'
    opened, closed = f'{{{day},"float_fen":20000}}', f'{{{day},"counted_fen":120000}}'
    drop = f'{{{day},"movement":"drop","amount_fen":60000}}'
    sent(database, ("shift.opened", opened), ("drawer.moved", drop), ("shift.closed", closed))
    with database.write() as connection:
        place = cash_places(connection, ["S001"], DAY)["S001"]
        assert (place.safe.amount_fen, place.safe.since) == (160_000, DAY)
        assert declare_deposit(connection, slip(), "li", NOON_MS)
        assert not declare_deposit(connection, slip(), "li", NOON_MS)
        place = cash_places(connection, ["S001"], date(2026, 10, 12))["S001"]
        assert (place.safe.amount_fen, place.in_transit_fen, place.oldest_days) == (10_000, 150_000, 4)
        assert [one.state for one in place.late] == [DepositState.LATE]
        assert [one.kind for one in notes_of(connection, "S001")] == ["deposit.declared"]
    imported(database, state, CASH)
    with database.read() as connection:
        assert [one.state for one in matched_deposits(connection, DAY).findings] == [DepositState.ARRIVED]
        assert cash_places(connection, ["S001"], DAY)["S001"].in_transit_fen == 0


@pytest.mark.parametrize(
    "wrong", [slip("D 7"), slip(""), slip("D7,D8"), slip("D\n7"), slip(amount_fen=0), slip("D" * 41)]
)
def test_a_slip_that_the_bank_could_not_name_is_refused(database: Database, wrong: Deposit) -> None:
    with pytest.raises(Refused, match=r"deposit\.bad_slip"), database.write() as connection:
        declare_deposit(connection, wrong, "li", NOON_MS)


def test_one_reference_is_one_slip_in_all_stores(database: Database) -> None:
    with database.write() as connection:
        registry.add_store(connection, "S002", "西门店", NOON_MS)
        declare_deposit(connection, slip(), "li", NOON_MS)
        with pytest.raises(Refused, match=r"deposit\.exists"):
            declare_deposit(connection, Deposit("S002", DAY, "D77", 5), "li", NOON_MS)


def test_a_month_is_closed_by_one_and_reopened_by_two(database: Database) -> None:
    november_ms = NOON_MS + 30 * DAY_MS
    last = date(2026, 10, 31)
    with database.write() as connection:
        with pytest.raises(Refused, match=r"period\.not_over"):
            close_month(connection, "甲公司", "2026-10", LEAD, NOON_MS)
        with pytest.raises(Credentials, match=r"person\.may_not"):
            close_month(connection, "甲公司", "2026-10", Person("zhao", Role.ACCOUNTANT, None), november_ms)
        with pytest.raises(Refused, match=r"period\.entity_unknown"):
            close_month(connection, "乙公司", "2026-10", LEAD, november_ms)
        close_month(connection, "甲公司", "2026-10", LEAD, november_ms)
        with pytest.raises(Refused, match=r"period\.closed_already"):
            close_month(connection, "甲公司", "2026-10", LEAD, november_ms + 1)
        with pytest.raises(Refused, match=r"period\.not_asked"):
            reopen_month(connection, "甲公司", "2026-10", OTHER_LEAD, november_ms + 2)
        ask_to_reopen(connection, "甲公司", "2026-10", LEAD, "漏记", november_ms + 3)
        with pytest.raises(Credentials, match=r"person\.not_oneself"):
            reopen_month(connection, "甲公司", "2026-10", LEAD, november_ms + 4)
        reopen_month(connection, "甲公司", "2026-10", OTHER_LEAD, november_ms + 5)
        with pytest.raises(Refused, match=r"period\.not_closed"):
            ask_to_reopen(connection, "甲公司", "2026-10", LEAD, "再来", november_ms + 6)
        close_month(connection, "甲公司", "2026-10", OTHER_LEAD, november_ms + 9)
    with database.read() as connection:
        found = [posting_period_of(connection, "S001", last, november_ms + offset) for offset in (-1, 0, 4, 5, 8, 9)]
        kinds = [one.kind.removeprefix("period.") for one in notes_of(connection, "@entity:甲公司")]
        assert verify(connection, "@entity:甲公司") is None
    assert found == ["2026-10", "2026-11", "2026-11", "2026-10", "2026-10", "2026-11"]
    assert kinds == ["closed", "reopening_asked", "reopened", "closed"]


def test_who_does_not_see_every_store_of_a_company_closes_none_of_its_months(database: Database) -> None:
    with pytest.raises(Credentials, match=r"access\.not_this_store"), database.write() as connection:
        narrow = Person("li", Role.LEAD_ACCOUNTANT, frozenset({"S009"}))
        close_month(connection, "甲公司", "2026-10", narrow, NOON_MS + 30 * DAY_MS)


def entry(database: Database, seq: int, kind: str, body: str) -> None:
    values = {"store": "S001", "epoch": 1, "seq": seq, "at_ms": NOON_MS, "kind": kind, "day": "2026-10-08"}
    with database.write() as connection:
        row = {**values, "body": body, "hash": "", "received_at_ms": NOON_MS, "month": 202610}
        connection.execute(tables.entry.insert().values(**row))


def test_every_store_has_one_state_and_its_problems(database: Database) -> None:
    with database.write() as connection:
        (row,) = morning(connection, ["S001"], DAY, date(2026, 10, 9), NOON_MS)
        assert (row["state"], row["phone"]) == ("silent", "0755-1234")
        assert row["problems"] == ["not_closed", "not_complete"]
        declare_closed(connection, "S001", [DAY], "装修", "li", NOON_MS)
        declare_closed(connection, "S001", [DAY], "盘点", "li", NOON_MS)
        (row,) = morning(connection, ["S001"], DAY, date(2026, 10, 9), NOON_MS)
        assert (row["state"], row["problems"]) == ("declared", [])
    entry(database, 1, "sale.completed", "{}")
    with database.read() as connection:
        assert store_day(connection, "S001", DAY) == "open"
    counted = '{"day":"2026-10-08","counted_fen":5000}'
    sent(database, ("shift.closed", counted), ("day.closed", '{"day":"2026-10-08"}'), first_seq=2)
    with database.read() as connection:
        (row,) = morning(connection, ["S001"], DAY, date(2026, 10, 9), NOON_MS)
        assert (row["state"], row["safe_fen"]) == ("closed", 5_000)
        assert "not_deposited" not in str(row["problems"])
        (row,) = morning(connection, ["S001"], date(2026, 10, 9), date(2026, 10, 10), NOON_MS)
        assert "not_deposited" in str(row["problems"])


def test_cashiers_are_counted_from_the_entries(database: Database) -> None:
    for seq in range(1, 4):
        entry(database, 3 * seq, "attempt.ended", f'{{"attempt":"A{seq}","payer":"hash","staff":"7"}}')
        entry(database, 3 * seq + 1, "refund.started", f'{{"attempt":"A{seq}","staff":"9","orphan":false}}')
    entry(database, 90, "sale.refunded", "no JSON")
    with database.read() as connection:
        found = exception_report(connection, ["S001"], "2026-10-08", "2026-10-08")
        assert exception_report(connection, ["S001"], "2026-10-09", "2026-10-10") == []
    assert [(one.staff, one.sign, one.count) for one in found] == [("9", "same_payer", 3)]
