"""Bills on the disk and in their versions, fees by contract, jobs by lease: whatever comes twice, late, or broken."""

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from agent.core.bill import BillType
from agent.core.errors import Broken, Refused, TryLater
from agent.core.reconcile.fee_sums import fee_alarm, fee_sum
from agent.core.reconcile.fees import FeeContract
from sync.hq.books.accounts import account_of, book_of
from sync.hq.books.bill_list import account_days
from sync.hq.books.bill_settings import RETRY_MAX_MS, due_ms, overdue_ms, wait_ms
from sync.hq.books.bill_tables import bill as bill_table
from sync.hq.books.bill_tables import job, outstanding
from sync.hq.books.bills import bill_path, bills_of, changed_bills, checked_path, keep_file
from sync.hq.books.day_states import DayState
from sync.hq.books.days import confirm_tender
from sync.hq.books.fees import agree, contracts
from sync.hq.books.fetching import import_bill
from sync.hq.books.job_runner import LEASE_MS, Job, Runner, last_runs
from sync.hq.books.notes import notes_of
from tests.unit.sync.hq.books.chain import (
    ACCOUNT,
    DAY,
    HOUR_MS,
    MORNING_MS,
    NOON_MS,
    TRADE,
    Chain,
    bill,
    closed,
    paid,
)


@pytest.fixture
def chain(tmp_path: Path, database_url: str | None) -> Iterator[Chain]:
    made = Chain(tmp_path, database_url)
    made.add_store()
    yield made
    made.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Chain]:
    """On SQLite alone, where the database decides nothing."""
    made = Chain(tmp_path, None)
    made.add_store()
    yield made
    made.close()


def brought(chain: Chain, content: bytes, day: date = DAY, form: str = "", account: str = ACCOUNT) -> int | None:
    kept = import_bill(chain.database, chain.state, account, day, content, form, BillType.TRADE, "li", chain.now_ms)
    return None if kept is None else kept.version


def test_a_file_is_kept_whole_and_a_changed_one_is_named(tmp_path: Path) -> None:
    digest = keep_file(tmp_path, b"bill")
    path = bill_path(tmp_path, digest)
    assert digest == sha256(b"bill").hexdigest() and checked_path(tmp_path, digest).read_bytes() == b"bill"
    path.write_bytes(b"hill")
    with pytest.raises(Broken, match=r"bill\.file_changed"):
        checked_path(tmp_path, digest)
    assert keep_file(tmp_path, b"bill") == digest and path.read_bytes() == b"bill"
    path.unlink()
    with pytest.raises(Broken, match=r"bill\.file_missing"):
        checked_path(tmp_path, digest)
    assert [one.name for one in path.parent.iterdir()] == []


def test_a_disk_that_takes_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "bills").write_text("in the way")
    with pytest.raises(Broken, match=r"bill\.not_kept"):
        keep_file(tmp_path, b"bill")


def test_a_corrected_bill_is_a_version_and_the_same_is_none(chain: Chain) -> None:
    chain.sent([*paid(1, 1280), closed()])
    assert brought(chain, bill((1, "12.80"), (9, "3.00"))) == 1
    chain.jobs()
    assert chain.account_day()["bill_state"] == "ready"
    assert brought(chain, bill((1, "12.80"), (9, "3.00"))) is None
    assert brought(chain, bill((1, "12.80"))) == 2
    chain.jobs()
    assert chain.codes()[0] == "matched"
    with chain.database.write() as connection:
        assert [one.version for one in bills_of(connection, ACCOUNT, DAY, DAY)] == [2, 1]
        assert list(changed_bills(connection, chain.state)) == []
        connection.execute(update(bill_table).where(bill_table.c.version == 2).values(sha256="0" * 64))
        found = {code for _, code in changed_bills(connection, chain.state)}
        assert found == {"bill.not_noted", "bill.file_missing"}
        kinds = [one.kind for one in notes_of(connection, ACCOUNT)]
        (row,) = account_days(connection, ACCOUNT, DAY, DAY)
    assert (row["bill"], row["version"], row["source"], row["matched"]) == ("ready", 2, "by_hand", True)
    assert kinds == ["bill.kept", "bill.matched", "difference.found", "bill.kept", "bill.matched", "difference.settled"]


@pytest.mark.parametrize(
    ("content", "day", "code"),
    [
        (b"nonsense", DAY, "bill.unknown_form"),
        (bill((1, "12.80")), DAY + timedelta(days=3), "bill.other_day"),
        (bill((1, "12.80")).replace(b"1900000001", b"1900000009"), DAY, "bill.other_merchant"),
        (bill((1, "12.80"))[:-40], DAY, "platform.bill_unreadable"),
    ],
)
def test_what_is_no_bill_of_the_day_is_not_kept(here: Chain, content: bytes, day: date, code: str) -> None:
    with pytest.raises(Refused, match=code.replace(".", r"\.")):
        brought(here, content, day)
    assert not bill_path(here.state, sha256(content).hexdigest()).exists()
    with here.database.read() as connection:
        assert list(bills_of(connection, None, DAY, DAY + timedelta(days=9))) == []


def test_a_kept_file_that_was_changed_stops_its_match_only(here: Chain) -> None:
    here.sent([*paid(1, 1280), closed()])
    brought(here, bill((1, "12.80")))
    digest = sha256(bill((1, "12.80"))).hexdigest()
    bill_path(here.state, digest).write_bytes(b"changed")
    here.jobs()
    found = here.day()
    assert (found.state, [one.code for one in found.reasons]) == (DayState.CLOSED, ["day.bill_refused"])
    assert found.reasons[0].values["reason"] == "bill.file_changed"
    keep_file(here.state, bill((1, "12.80")))
    brought(here, bill((1, "12.80"), (1, "12.80")))
    here.jobs()
    assert [one.code for one in here.day().reasons] == ["day.differences_open"]


def test_names_of_accounts() -> None:
    assert account_of("@wechat:1900000100/1900000109") == ("wechat", "1900000100/1900000109")
    assert book_of("wechat", "1900000100/1900000109") == "@wechat:1900000100/1900000109"
    assert book_of("wechat", "") is None and book_of("We chat", "1") is None and book_of("wechat", "1\n2") is None


def test_when_bills_are_due() -> None:
    assert due_ms("wechat", DAY) == NOON_MS + 22 * HOUR_MS
    assert overdue_ms("other", DAY) == NOON_MS + 26 * HOUR_MS
    assert [wait_ms(tries) // 60_000 for tries in (1, 2, 3)] == [15, 30, 60]
    assert wait_ms(10**6) == RETRY_MAX_MS


def test_a_bill_that_nobody_brings_is_overdue(here: Chain) -> None:
    here.sent([*paid(1, 1280), closed()])
    here.now_ms = MORNING_MS
    here.jobs()
    assert here.account_day()["fetch_code"] == "bill.by_hand"
    here.now_ms = MORNING_MS + 5 * HOUR_MS
    here.jobs()
    assert here.codes() == ("provisional", ["day.bill_overdue"])
    brought(here, bill((1, "12.80")))
    here.jobs()
    assert here.codes()[0] == "matched"


def test_a_wrong_fee_is_found_by_the_contract_and_gone_with_the_right_one(chain: Chain) -> None:
    chain.sent([*paid(1, 100_000), closed()])
    brought(chain, bill((1, "1000.00"), fee="6.00000"))
    chain.jobs()
    assert chain.codes()[0] == "matched"
    with chain.database.write() as connection:
        agree(connection, ACCOUNT, FeeContract(3800), "li", NOON_MS)
    chain.jobs()
    assert chain.codes() == ("closed", ["day.differences_open"])
    with chain.database.write() as connection:
        agree(connection, ACCOUNT, FeeContract(6000), "li", NOON_MS)
        assert [one.contract.rate_ppm for one in contracts(connection, "wechat")] == [6000]
        assert [one.kind for one in notes_of(connection, ACCOUNT, ACCOUNT)] == ["fee.agreed"] * 2
    chain.jobs()
    assert chain.codes()[0] == "matched"


def test_a_contract_that_can_not_be(here: Chain) -> None:
    backwards = FeeContract(6000, first_day=DAY, last_day=DAY - timedelta(days=1))
    with here.database.write() as connection:
        for book, contract, code in (
            (ACCOUNT, backwards, "fee.bad_contract"),
            (ACCOUNT, FeeContract(-1), "fee.bad_contract"),
            ("wechat", FeeContract(1), "bill.bad_account"),
        ):
            with pytest.raises(Refused, match=code.replace(".", r"\.")):
                agree(connection, book, contract, "li", NOON_MS)
        agree(connection, "@wechat:", FeeContract(6000), "li", NOON_MS)
        assert [one.contract.merchant for one in contracts(connection)] == [""]


def test_a_fen_on_every_line_shows_in_the_sum(here: Chain) -> None:
    here.sent([*(entry for number in range(1, 31) for entry in paid(number, 1000)), closed()])
    brought(here, bill(*((number, "10.00") for number in range(1, 31)), fee="0.07000"))
    with here.database.write() as connection:
        agree(connection, ACCOUNT, FeeContract(6000), "li", NOON_MS)
    here.jobs()
    found = here.day()
    assert found.state is DayState.MATCHED
    assert [alarm for one in found.accounts for alarm in one.alarms] == ["bill.fee_sum_differs"]
    assert fee_alarm(fee_sum((), (), "", DAY), DAY) is None


def test_a_provisional_tender_holds_the_day_until_it_is_confirmed(here: Chain) -> None:
    tender = {"kind": "static_code", "amount_fen": 900, "account": "A", "attempt": None, "provisional": True}
    sale = {**TRADE, "day": DAY.isoformat(), "sale": "S001-1-000001", "total_fen": 900, "tenders": [tender]}
    here.sent([("sale.completed", sale), closed()])
    here.jobs()
    found = here.day()
    assert [one.code for one in found.reasons] == ["day.tenders_provisional"]
    assert [(one.number, one.amount_fen) for one in found.tenders] == [("S001-1-000001#1", 900)]
    with here.database.write() as connection:
        confirm_tender(connection, "S001", "S001-1-000001#1", "li", "line 7", NOON_MS)
        with pytest.raises(Refused, match=r"day\.no_tender"):
            confirm_tender(connection, "S001", "S001-1-000001#1", "li", "line 7", NOON_MS)
    assert here.codes() == ("settled", [])


def test_two_boxes_of_a_store_may_tell_in_any_order(here: Chain) -> None:
    started, ended = paid(1, 1280)
    here.sent([ended])
    here.jobs()
    here.sent([started, closed()])
    here.jobs()
    with here.database.read() as connection:
        assert connection.execute(select(outstanding)).all() == []
    assert here.codes() == ("provisional", ["day.bill_not_due"])


@pytest.mark.parametrize(
    "wrong", [{"platform_at_ms": 9 * 10**15}, {"platform": "We chat\n"}, {"attempt": 7}, {"amount_fen": "all"}]
)
def test_hostile_entries_hold_nothing_up(here: Chain, wrong: dict[str, object]) -> None:
    started, (kind, body) = paid(1, 1280)
    here.sent([started, (kind, {**body, **wrong}), *paid(2, 500), closed()])
    here.jobs()
    assert here.codes()[0] == "provisional"


def noting(ran: list[Any], what: object) -> Callable[[], bool]:
    def work() -> bool:
        ran.append(what)
        return True

    return work


def test_one_runner_of_two_works_and_the_other_takes_over(chain: Chain) -> None:
    ran: list[str] = []

    def runner(name: str) -> Runner:
        return Runner(chain.database, [Job("work", 1000, noting(ran, name))], name, lambda: chain.now_ms)

    first, second = runner("first"), runner("second")
    first.step()
    second.step()
    assert ran == ["first"]
    first.release()
    second.step()
    chain.now_ms += LEASE_MS - 1
    second.step()
    first.step()
    assert ran == ["first", "second", "second"]
    chain.now_ms += LEASE_MS + 1
    first.step()
    second.step()
    assert ran[3:] == ["first"]


def test_a_lease_wanted_by_many_at_once_is_one_s(chain: Chain) -> None:
    ran: list[int] = []

    def work(number: int) -> None:
        job_of = Job("work", 1000, noting(ran, number))
        Runner(chain.database, [job_of], f"p{number}", lambda: chain.now_ms).step()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(ran) == 1


def test_a_job_that_breaks_is_noted_and_tried_later_and_the_next_runs(here: Chain) -> None:
    faults: list[Exception] = [ValueError("odd"), TryLater("hq.busy")]
    ran: list[str] = []

    def breaks() -> bool:
        ran.append("breaks")
        if faults:
            raise faults.pop(0)
        return True

    jobs = [Job("breaks", 1000, breaks), Job("works", 1000, noting(ran, "works"))]
    runner = Runner(here.database, jobs, "p1", lambda: here.now_ms)
    codes = []
    for wait_ms_ in (0, 1_000, 30_000, 60_000):
        here.now_ms += wait_ms_
        runner.step()
        with here.database.read() as connection:
            codes.append(connection.execute(select(job.c.code).where(job.c.name == "breaks")).scalar_one())
    assert ran == ["breaks", "works", "works", "breaks", "works", "breaks", "works"]
    assert codes == ["job.defect", "job.defect", "hq.busy", None]
    with here.database.read() as connection:
        assert [one["failures"] for one in last_runs(connection)] == [0, 0]
