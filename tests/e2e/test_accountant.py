"""An accountant's morning in a browser: differences, a second person, the bank's lines, the ledger's file."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from agent.core.bill import BillType
from agent.core.settlement.deposits import Deposit
from sync.hq import tables
from sync.hq.app import create_app
from sync.hq.books.bank import import_statement
from sync.hq.books.bank_settings import statement_mapping
from sync.hq.books.deposits import declare_deposit
from sync.hq.books.fetching import import_bill
from sync.hq.office import Office
from sync.hq.people.accounts import add_person, change_password
from tests.unit.sync.hq.books.chain import (
    ACCOUNT,
    DAY,
    DAY_MS,
    MERCHANT,
    MORNING_MS,
    NOON_MS,
    Chain,
    attempt_of,
    closed,
    paid,
)
from tests.unit.sync.hq.books.chain import bill as bill_of

LI, WANG, PASSWORD = "李会计", "王主管", "correct horse battery"
CONFIG = Path(__file__).resolve().parents[2] / "config" / "bank"
STATEMENT = (
    "交易日期,借方发生额,贷方发生额,对方户名,摘要,附言\n"
    "2026-10-09,,1169.00,财付通支付科技,结算款,10081009\n"
    "2026-10-09,,860.00,,现金存入,袋号 B17\n"
    "2026-10-09,3200.00,,房东,十月房租,\n"
)
NAMES = {"S001": "人民路店", "S002": "东门店"}


@dataclass
class Headquarters:
    """Headquarters with two stores' day of yesterday, served; `chain` moves its clock and runs its jobs."""

    url: str
    chain: Chain


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Headquarters]:
    chain = Chain(tmp_path, None)
    office = replace(Office.open(tmp_path), now_ms=lambda: chain.now_ms)
    _yesterday(chain)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(office), log_level="critical", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield Headquarters(f"http://127.0.0.1:{listening.getsockname()[1]}", chain)
    server.should_exit = True
    thread.join(10)
    office.close()
    chain.close()


def _yesterday(chain: Chain) -> None:
    """Let two stores trade and close; one payment is missing on the bill, and the bill has one that nobody knows."""
    for store in NAMES:
        chain.add_store(store)
        chain.sent([*_sales(store), closed()], store)
    with chain.database.write() as connection:
        for store, name in NAMES.items():
            connection.execute(update(tables.store).where(tables.store.c.store == store).values(name=name))
            box = {"store": store, "epoch": 1, "box": "B1"}
            connection.execute(
                insert(tables.epoch).values(**box, public_key="", source="enrolled", enrolled_at_ms=NOON_MS)
            )
            connection.execute(insert(tables.heartbeat).values(**box, at_ms=MORNING_MS + DAY_MS, body="{}"))
        for name, role in ((LI, "accountant"), (WANG, "lead_accountant")):
            add_person(connection, name, role, None, NOON_MS)
            change_password(connection, name, PASSWORD)
        declare_deposit(connection, Deposit("S001", DAY, "D77", 86_000, ("B17",)), LI, NOON_MS)
    (chain.state / "bank").mkdir()
    for name, file in (("icbc", "statement.toml"), ("holidays", "holidays.toml")):
        (chain.state / "bank" / f"{name}.toml").write_bytes((CONFIG / file).read_bytes())
    chain.now_ms = MORNING_MS
    chain.jobs()
    import_bill(chain.database, chain.state, ACCOUNT, DAY, _bill(), "", BillType.TRADE, LI, chain.now_ms)
    chain.jobs()
    chain.now_ms += DAY_MS
    with chain.database.write() as connection:
        mapping = statement_mapping(chain.state, "icbc")
        import_statement(connection, STATEMENT.encode("gb18030"), mapping, "icbc", LI, chain.now_ms)
    chain.jobs()


AMOUNTS = {"S001": (12_800, 4_600, 15_100, 8_850), "S002": (21_500, 9_900, 30_000)}


def _sales(store: str) -> list[tuple[str, dict[str, object]]]:
    """Return payments with their sales, a cash sale, and the cash that went to the safe."""
    trade: dict[str, object] = {"day": DAY.isoformat(), "till": "1", "shift": "S1", "staff": "7"}
    said: list[tuple[str, dict[str, object]]] = []
    first = 1 if store == "S001" else 50
    for number, amount_fen in enumerate(AMOUNTS[store], first):
        for kind, body in paid(number, amount_fen, NOON_MS + number * 60_000, store):
            said.append((kind, dict(body)))
        tender = {"kind": "wechat", "amount_fen": amount_fen, "attempt": attempt_of(number, store)}
        sale = {"sale": f"{store}-1-{number:06d}", "total_fen": amount_fen, "tenders": [tender], "lines": []}
        said.append(("sale.completed", {**trade, **sale}))
    if store == "S001":
        cash = {"sale": f"{store}-1-000099", "total_fen": 86_000, "tenders": [{"kind": "cash", "amount_fen": 86_000}]}
        said.append(("sale.completed", {**trade, **cash, "lines": []}))
        said.append(("shift.closed", {**trade, "counted_fen": 86_000}))
    return said


def _bill() -> bytes:
    """Return the day's bill: S001's second payment is not on it, its fourth is fifty fen less; one is nobody's."""
    own = bill_of((1, "128.00"), (3, "151.00"), (4, "88.00"))
    other = bill_of((50, "215.00"), (51, "99.00"), (52, "300.00"), store="S002").split(b"\n")[1:4]
    number = f"`{MERCHANT},`420009990001,`码牌20261008182000,`SUCCESS"
    stranger = f"`2026-10-08 18:20:00,{number},`188.00,`收款码,`0.00000,`188.00,`0.00"
    head, *lines = own.split(b"\n")
    return b"\n".join([head, *lines[:3], *other, stranger.encode(), *lines[3:]])


def enter(page: Page, hq: Headquarters, name: str, language: str) -> None:
    page.goto(f"{hq.url}/login")
    if page.locator("html").get_attribute("lang") != language:
        page.locator("button[name=language]").click()
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("#stores")).to_be_visible()


def settle(page: Page, how: str, reason: str) -> None:
    page.locator("#settle select").select_option(how)
    page.locator("#settle textarea").fill(reason)
    page.locator("#settle button").click()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """An office's screen."""
    return {**browser_context_args, "viewport": {"width": 1280, "height": 860}}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_store_with_differences_comes_to_the_end_of_its_day(
    page: Page, hq: Headquarters, shot: Callable[..., None], language: str
) -> None:
    chinese = language == "zh-CN"
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    enter(page, hq, LI, language)
    row = page.locator("tr[data-store=S001]")
    expect(row).to_contain_text("¥46.50")
    expect(page.locator("#sums")).to_contain_text("¥234.50")
    expect(page.locator("#stores tbody tr").first).to_have_attribute("data-store", "S001")
    shot("overview", full=True)

    day = f"{hq.url}/stores/S001/days/{DAY}"
    page.goto(day)
    expect(page.locator("#state")).to_contain_text("2 条差异" if chinese else "2 differences")
    shot("day-with-differences", full=True)

    page.goto(f"{hq.url}/differences")
    rows = page.locator("#differences tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("¥188.00")
    shot("differences", full=True)

    rows.nth(1).locator("a").click()
    expect(page.locator("#sides")).to_contain_text(attempt_of(2))
    shot("difference", full=True)
    settle(page, "confirm", "平台查无此单,门店补收后冲销")
    expect(page.locator("#standing")).to_have_text("已了结" if chinese else "settled")

    page.goto(f"{hq.url}/differences")
    rows.first.locator("a").click()
    page.locator("#assign select").select_option("S001")
    page.locator("#assign textarea").fill("码牌在人民路店,店长已确认")
    page.locator("#assign button").click()
    expect(page.locator("#history")).to_contain_text("码牌在人民路店")
    settle(page, "assign", "人民路店码牌收款,晚上六点二十")
    expect(page.locator("#standing")).to_have_text("等批准" if chinese else "waits for approval")
    expect(page.locator("#approve")).to_have_count(0)
    shot("waits-for-a-second-person", full=True)
    waits = page.url
    page.locator("#logout").click()

    enter(page, hq, WANG, language)
    page.goto(waits)
    shot("second-person", full=True)
    page.locator("#approve button").click()
    expect(page.locator("#standing")).to_have_text("已了结" if chinese else "settled")
    shot("approved", full=True)
    page.locator("#logout").click()

    enter(page, hq, LI, language)
    page.goto(f"{hq.url}/differences")
    rows.first.locator("a").click()
    settle(page, "write_off", "差五角,手机支付随机立减没有记")
    expect(page.locator("#standing")).to_have_text("等批准" if chinese else "waits for approval")
    page.locator("#logout").click()
    enter(page, hq, WANG, language)
    page.goto(f"{hq.url}/differences?standing=proposed")
    rows.first.locator("a").click()
    page.locator("#approve button").click()
    hq.chain.jobs()
    page.goto(day)
    expect(page.locator("#day-state")).to_have_text("已对上" if chinese else "matched")
    shot("day-matched", full=True)

    page.locator("#bank a.button").first.click()
    shot("bank", full=True)
    payout = page.locator(f'[data-payout="{ACCOUNT} {DAY}"]')
    expect(payout.locator("select option").first).to_contain_text("1169.00")
    payout.locator("input[name=reason]").fill("多 141.50:码牌 188.00,少 46.00 和 0.50")
    payout.locator("button").click()
    expect(page.locator("#booked")).to_be_visible()
    page.goto(f"{hq.url}/bank?back=/stores/S001/days/{DAY}")
    deposit = page.locator('[data-deposit="D77"]')
    deposit.locator("input[name=reason]").fill("袋号 B17 与回单一致")
    deposit.locator("button").click()
    expect(page.locator("#booked")).to_be_visible()
    hq.chain.jobs()
    page.reload()
    expect(page.locator("#day-state")).to_have_text("已到账" if chinese else "settled at the bank")
    shot("day-settled", full=True)
    page.goto(f"{hq.url}/bank")
    expect(page.locator("#done")).to_contain_text("141.50")
    shot("bank-done", full=True)

    page.goto(day)
    with page.expect_download() as begun:
        page.locator("#csv").click()
    text = Path(begun.value.path()).read_text(encoding="utf-8-sig")
    assert re.match(r"store,epoch,seq,", text) and text.count("wechat") >= 4 and attempt_of(2) in text
    assert complaints == []
