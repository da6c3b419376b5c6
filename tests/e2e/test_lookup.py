"""“I paid” as the cashier sees it: the four customers of one evening, by scan, by touch, in both languages."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agent.core.lookup import Money, Payment, Place, Question, Report
from agent.core.payment import Verdict
from agent.services import checkout, payments, scanning, staff
from agent.services.shop import Approval
from tests.e2e.conftest import Box, approve, log_in
from tests.shops import CASHIER

OTHER_ORDER = "S002_1_000007_A1QQQQ"
TRANSACTION = "4200002345202610031234567890"
LANGUAGES = ("zh-CN", "en")


def enter(page: Page, box: Box, language: str = "zh-CN") -> None:
    log_in(page, box.url, "陈小雨", "7777", language)
    expect(page.locator("#menu")).to_be_visible()
    deadline = time.monotonic() + 10
    while not box.hub.streams:
        assert time.monotonic() < deadline, "the page does not listen"
        page.wait_for_timeout(20)


def ring(box: Box) -> None:
    checkout.add_code(box.shop, CASHIER, "D001")
    checkout.ask_total(box.shop, CASHIER)


def lost_answer(box: Box) -> str:
    """The platform took the money and the answer never came."""
    box.platform.answers = [Verdict.UNKNOWN]
    started, submit = payments.start_code_payment(box.shop, CASHIER, "wechat", "134567890123456700")
    submit()
    return str(started["attempt"])


def scan(box: Box, text: str) -> None:
    """What the till's scanner does."""
    scanning.scanned(box.shop, staff.actor_at_till(box.shop, "1"), "1", text, lambda call: call())


def next_door(box: Box) -> Callable[[Question], Report]:
    at_ms = box.shop.clock.now_ms() - 12 * 60_000
    store = {"name": "万达店", "phone": "0731-55550202"}
    payment = Payment("S002", Money.PAID, "S002-1-000007", OTHER_ORDER, "wechat", 8_800, at_ms, "1", **store)  # type: ignore[arg-type]
    return lambda question: Report(Place.HEADQUARTERS, () if question.number == TRANSACTION else (payment,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_whose_payment_got_lost(page: Page, box: Box, shot: Callable[[str], None], language: str) -> None:
    """The bill's number is scanned: the sale is paid, and nothing was touched."""
    ring(box)
    attempt = lost_answer(box)
    enter(page, box, language)
    expect(page.locator(".attempt")).to_be_visible()
    page.locator("#menu").click()
    shot("menu")
    page.locator("#menu-lookup").click()
    expect(page.locator("#lookup-number")).to_be_focused()
    shot("asked")
    scan(box, attempt)
    expect(page.locator("[data-reason=this_sale]")).to_contain_text("88.00")
    shot("this-sale")
    page.locator("#lookup-done").click()
    expect(page.locator("#change")).to_have_text("88.00")
    assert box.platform.pays == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_b_customer_who_paid_next_door(page: Page, box: Box, shot: Callable[[str], None], language: str) -> None:
    box.shop.ask_headquarters = next_door(box)
    ring(box)
    enter(page, box, language)
    page.locator("#claim-paid").click()
    expect(page.locator("#lookup-number")).to_be_focused()
    page.keyboard.type(OTHER_ORDER.lower())
    page.keyboard.press("Enter")
    card = page.locator("[data-reason=other_store]")
    expect(card.locator(".phone")).to_contain_text("0731-55550202")
    expect(card).to_contain_text("万达店")
    shot("other-store")
    page.locator("#lookup-pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_c_customer_with_a_screenshot(page: Page, box: Box, shot: Callable[[str], None], language: str) -> None:
    box.shop.ask_headquarters = next_door(box)
    ring(box)
    enter(page, box, language)
    scan(box, TRANSACTION)
    expect(page.locator("[data-reason=not_ours]")).to_be_visible()
    shot("not-ours")
    page.locator("#by-terms").click()
    expect(page.locator("#lookup-amount")).to_have_value("88.00")
    shot("terms")
    page.locator("#lookup-amount").fill("77")
    box.shop.ask_headquarters = lambda question: Report(Place.HEADQUARTERS)
    page.locator("#lookup-find").click()
    expect(page.locator("[data-reason=nothing_then]")).to_contain_text("77.00")
    shot("nothing-then")


@pytest.mark.parametrize("language", LANGUAGES)
def test_d_customer_who_paid_the_static_code(page: Page, box: Box, shot: Callable[[str], None], language: str) -> None:
    """Amount and time show what looks like it; none is theirs; the lead takes it as static code, to be checked."""
    box.shop.ask_headquarters = next_door(box)
    ring(box)
    started, submit = payments.start_code_payment(box.shop, CASHIER, "wechat", "134567890123456711")
    submit()
    ring(box)
    enter(page, box, language)
    page.locator("#claim-paid").click()
    page.locator("#by-terms").click()
    page.locator("#lookup-find").click()
    rows = page.locator(".lookup-candidates .sale-row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(started["sale"])
    shot("candidates")
    page.locator("#lookup-lead").or_(page.locator("#lookup-pay")).first.click()
    expect(page.locator("#pay-cash")).to_be_visible()
    page.locator("#claim-paid").click()
    page.locator("#lookup-lead").click()
    shot("lead")
    page.locator("dialog .held").first.click()
    page.locator("dialog input").fill("1234 10:41")
    page.keyboard.press("Enter")
    page.locator("dialog .primary").click()
    expect(page.locator("#change")).to_have_text("88.00")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_can_be_asked(page: Page, box: Box, shot: Callable[[str], None], language: str) -> None:
    """A slip for the customer, or other money by the lead; asking once more is always there."""
    ring(box)
    attempt = lost_answer(box)
    box.platform.answers = [Verdict.UNKNOWN, Verdict.UNKNOWN]
    enter(page, box, language)
    scan(box, attempt)
    expect(page.locator("[data-reason=unreachable]")).to_be_visible()
    shot("unreachable")
    page.locator("#lookup-again").click()
    expect(page.locator("[data-reason=unreachable]")).to_be_visible()
    page.locator("#lookup-slip").click()
    expect(page.locator(".notice.good")).to_be_visible()
    shot("slip")
    page.locator("#lookup-park").click()
    approve(page, "王领班", "3333")
    expect(page.locator("#pay-cash")).to_be_visible()
    assert box.shop.read().execute("SELECT count(*) FROM spool WHERE kind = 'pending'").fetchone()[0] == 1


def test_the_others_can_not_be_asked(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    box.shop.ask_headquarters = lambda question: Report(Place.HEADQUARTERS, code="network.unreachable")
    ring(box)
    enter(page, box)
    scan(box, TRANSACTION)
    expect(page.locator("[data-reason=not_asked]")).to_be_visible()
    expect(page.locator("#lookup-slip")).to_have_count(0)
    shot("not-asked")
    page.locator("#lookup-pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()


def test_other_answers_in_pictures(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    ring(box)
    attempt = lost_answer(box)
    payments.park(box.shop, CASHIER, attempt, Approval("03", "shift_lead"))
    enter(page, box)
    box.platform.paid[attempt] = 1
    scan(box, attempt)
    expect(page.locator("[data-reason=contradicted]")).to_be_visible()
    shot("contradicted")
    scan(box, "S009_1_000001_A1AAAA")
    expect(page.locator("[data-reason=store_silent]")).to_be_visible()
    shot("store-silent")
    page.locator("#lookup-number").fill("13812345678")
    page.locator("#lookup-find").click()
    expect(page.locator(".notice.warn")).to_be_visible()
    shot("not-a-number")


def test_an_answer_comes_without_the_live_stream(page: Page, box: Box) -> None:
    ring(box)
    enter(page, box)
    box.shop.publish = lambda kind, data: None
    page.locator("#claim-paid").click()
    page.locator("#lookup-number").fill(TRANSACTION)
    page.keyboard.press("Enter")
    expect(page.locator("[data-reason=not_ours]")).to_be_visible()


def test_a_telephones_width_holds_the_answer(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    box.shop.ask_headquarters = next_door(box)
    ring(box)
    enter(page, box)
    scan(box, OTHER_ORDER)
    expect(page.locator("[data-reason=other_store]")).to_be_visible()
    shot("narrow")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
