"""A day's page: its state with what holds it, the bills by class, the bank's lines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from agent.core.bill import BillType
from agent.core.settlement.deposits import Deposit
from sync.hq.app import create_app
from sync.hq.books.deposits import declare_deposit
from sync.hq.books.fetching import import_bill
from sync.hq.office import Office
from sync.hq.pages.words import DAYS, MILESTONES
from sync.hq.people.accounts import add_person, change_password
from tests.unit.sync.hq.books.chain import ACCOUNT, DAY, MORNING_MS, NOON_MS, Chain, bill, closed, paid
from tests.unit.sync.hq.pages.office import ORIGIN, PASSWORD, Browser

PATH = f"/stores/S001/days/{DAY}"


@pytest.fixture
def chain(tmp_path: Path, database_url: str | None) -> Iterator[Chain]:
    made = Chain(tmp_path, database_url)
    made.add_store()
    with made.database.write() as connection:
        for name, role in (("李会计", "accountant"), ("孙审计", "auditor")):
            add_person(connection, name, role, None, NOON_MS)
            change_password(connection, name, PASSWORD)
    yield made
    made.close()


def browser(chain: Chain, name: str = "李会计") -> Browser:
    office = replace(Office.open(chain.state), database=chain.database, now_ms=lambda: chain.now_ms)
    entered = Browser(TestClient(create_app(office), base_url=ORIGIN, follow_redirects=False))
    assert entered.post("/login", name=name, password=PASSWORD).status_code == 303
    return entered


def test_a_day_s_page_follows_it_to_the_bank(chain: Chain) -> None:
    assert "Nothing is here of this day" in browser(chain).get(PATH).text
    chain.sent([*paid(1, 1280), *paid(2, 500), closed()])
    chain.now_ms = MORNING_MS
    chain.jobs()
    li = browser(chain)
    text = li.get(PATH).text
    assert "something outstanding" in text and "bill not made yet" in text
    import_bill(chain.database, chain.state, ACCOUNT, DAY, bill((1, "12.80")), "", BillType.TRADE, "li", chain.now_ms)
    with chain.database.write() as connection:
        declare_deposit(connection, Deposit("S001", DAY, "D77", 5_000), "李会计", chain.now_ms)
    chain.jobs()
    text = li.get(PATH).text
    assert "1 difference of this day · ¥5.00" in text and "WeChat Pay" in text
    assert '<td class="num">12.80</td><td class="num">12.80</td>' in text, "what agrees, by class"
    assert "slip D77" in text and "Pick the bank line" in text
    assert ACCOUNT not in text, "accounts by their platforms' names"
    part = li.get(PATH, **{"X-Storebox-Part": "1"}).text
    assert 'id="state"' in part and 'id="bills"' not in part, "what refreshes itself asks for less"
    assert "Pick the bank line" not in browser(chain, "孙审计").get(PATH).text
    assert li.get("/stores/S001/days/2026-02-31").status_code == 400


def test_every_state_but_the_first_has_its_milestone() -> None:
    assert len(DAYS) == len(MILESTONES) + 1


def test_slips_of_other_days_are_left_out(chain: Chain) -> None:
    with chain.database.write() as connection:
        declare_deposit(connection, Deposit("S001", date(2026, 10, 7), "D76", 5_000), "李会计", chain.now_ms)
    assert "D76" not in browser(chain).get(PATH).text
