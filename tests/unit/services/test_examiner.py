"""The examination by command card: beside trade, once at a time, its slip through the spool."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.core.receipt_diagnosis import Complaint
from agent.services.examiner import APART_S, Examiner, print_examination
from agent.services.scanning import scanned
from agent.services.shop import Shop
from tests.shops import FakeClock, make_shop

FOUND = Complaint(True, "没有网关,出不去", "扫网络码。", "AB23")
Job = Callable[[], None]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = make_shop(tmp_path)
    made.examiner = Examiner(lambda language: (31, [FOUND]))
    return made


def spooled(shop: Shop) -> list[tuple[str, str, str]]:
    rows: Sequence[tuple[str, str, str]] = shop.read().execute(
        "SELECT printer, kind, document FROM spool ORDER BY number"
    )
    return list(rows)


def at_once(job: Job) -> None:
    job()


def test_a_technician_needs_neither_log_in_nor_open_day(shop: Shop) -> None:
    assert scanned(shop, None, "1", "X1DOCTOR", at_once)["action"] == "examining"
    ((printer, kind, document),) = spooled(shop)
    assert (printer, kind) == ("receipt1", "doctor")
    assert "没有网关" in document and "AB23" in document and "31" in document


def test_one_at_a_time_and_not_one_after_the_other_for_passers_by(shop: Shop) -> None:
    jobs: list[Job] = []
    assert scanned(shop, None, "1", "X1DOCTOR", jobs.append)["action"] == "examining"
    assert scanned(shop, None, "2", "X1DOCTOR", jobs.append)["code"] == "doctor.at_work"
    jobs.pop()()
    assert scanned(shop, None, "1", "X1DOCTOR", at_once)["code"] == "doctor.at_work"
    assert isinstance(shop.clock, FakeClock)
    shop.clock.advance(APART_S)
    assert scanned(shop, None, "1", "X1DOCTOR", at_once)["action"] == "examining"
    assert len(spooled(shop)) == 2


def test_an_examination_that_breaks_lets_the_next_one_begin(shop: Shop) -> None:
    def broken(language: str) -> tuple[int, list[Complaint]]:
        raise OSError(language)

    examiner = Examiner(broken)
    with pytest.raises(OSError, match="zh-CN"):
        examiner.start(shop, "1", "07", at_once)
    with pytest.raises(OSError, match="zh-CN"):
        examiner.start(shop, "1", "07", at_once)


def test_where_nobody_can_look_it_says_so(tmp_path: Path) -> None:
    assert scanned(make_shop(tmp_path), None, "1", "X1DOCTOR", at_once)["code"] == "doctor.not_here"


def test_an_unknown_till_is_refused(shop: Shop) -> None:
    with pytest.raises(Refused, match=r"till\.unknown"):
        print_examination(shop, "9", 1, [])
