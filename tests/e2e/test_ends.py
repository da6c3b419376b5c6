"""A sale that is completed and a payment that ends are told of once, in whatever order the page hears of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from agent.core.payment import Verdict
from agent.services import checkout, payments, tendering
from agent.services.shop import Actor
from tests.e2e.conftest import Box, log_in, scan_by_keyboard
from tests.shops import CASHIER

CODE = "134567890123456700"
STATE = "**/api/v1/state"
SCAN = "**/api/v1/scan"
HELD_WITHIN_S = 30.0


@dataclass
class Held:
    """Answers that the box gave and the page has not had yet, by what was asked."""

    page: Page
    kept: dict[str, list[tuple[Route, APIResponse]]] = field(default_factory=dict)

    def hold(self, pattern: str) -> None:
        """From now on keep the answers back; the box has done what was asked."""
        self.kept[pattern] = []

        def taken(route: Route) -> None:
            if pattern in self.kept:
                self.kept[pattern].append((route, route.fetch()))
            else:
                route.continue_()

        self.page.route(pattern, taken)

    def until(self, pattern: str, stir: Callable[[], None] = lambda: None) -> None:
        """Wait until an answer is kept back; `stir` makes the page ask, again where its stream was not there yet."""
        ends_s = time.monotonic() + HELD_WITHIN_S
        while not self.kept[pattern]:
            assert time.monotonic() < ends_s, f"the page never asked for {pattern}"
            stir()
            self.page.wait_for_timeout(100)

    def let_go(self, pattern: str) -> None:
        """Give the page what was kept back, and hold nothing more."""
        for route, answer in self.kept.pop(pattern):
            route.fulfill(response=answer)


@pytest.fixture
def held(page: Page) -> Held:
    return Held(page)


def at_the_total(page: Page, box: Box) -> None:
    log_in(page, box.url, "陈小雨", "7777")
    expect(page.locator("#scan-field")).to_be_visible()
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()


def pay_unseen(box: Box, actor: Actor = CASHIER) -> None:
    """Pay by phone without a word to any page: its events are lost."""
    published, box.shop.publish = box.shop.publish, lambda kind, data: None
    _, submit = payments.start_code_payment(box.shop, actor, "wechat", CODE)
    submit()
    box.shop.publish = published


def test_a_state_from_before_the_payment_arrives_after_its_answer(page: Page, box: Box, held: Held) -> None:
    at_the_total(page, box)
    held.hold(STATE)
    held.until(STATE, lambda: box.shop.publish("state", {"till": "1"}))
    scan_by_keyboard(page, CODE)
    expect(page.locator(".busy")).to_have_text("")
    held.let_go(STATE)
    expect(page.locator(".done")).to_contain_text("微信收好了")


def test_the_state_arrives_before_the_answer_of_the_scan(page: Page, box: Box, held: Held) -> None:
    at_the_total(page, box)
    held.hold(SCAN)
    scan_by_keyboard(page, CODE)
    held.until(SCAN)
    expect(page.locator(".done")).to_contain_text("微信收好了")
    held.let_go(SCAN)
    expect(page.locator(".done")).to_contain_text("88.00")


def test_no_event_arrives_at_all(page: Page, box: Box) -> None:
    at_the_total(page, box)
    pay_unseen(box)
    expect(page.locator("#pay-cash")).to_be_visible()
    box.shop.publish("state", {"till": "1"})
    expect(page.locator(".done")).to_contain_text("微信收好了")


def test_the_answer_of_cash_comes_after_the_next_customers_first_article(page: Page, box: Box, held: Held) -> None:
    """What is rung up meanwhile stays on the screen; the card of the sale before does not wipe it away."""
    at_the_total(page, box)
    held.hold("**/api/v1/basket/tenders")
    page.locator("#pay-cash").click()
    expect(page.locator(".done")).to_contain_text("88.00")
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator(".line")).to_have_count(1)
    seen = page.evaluate_handle(
        """() => { const seen = []; const look = () => seen.push(document.querySelectorAll(".line").length);
        new MutationObserver(look).observe(document.body, {childList: true, subtree: true}); return seen; }"""
    )
    held.let_go("**/api/v1/basket/tenders")
    page.wait_for_load_state("networkidle")
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator("#total")).to_have_text("176.00")
    counts: list[Any] = seen.json_value()
    assert 0 not in counts, "the next customer's basket went away"


def test_a_reload_tells_of_a_sale_that_ended_meanwhile_and_then_no_more(page: Page, box: Box) -> None:
    at_the_total(page, box)
    pay_unseen(box)
    page.reload()
    expect(page.locator(".done")).to_contain_text("微信收好了")
    page.reload()
    expect(page.locator(".nothing")).to_be_visible()
    expect(page.locator(".done")).to_have_count(0)


def test_a_page_that_is_opened_tells_nothing_of_before(page: Page, box: Box) -> None:
    checkout.add_code(box.shop, CASHIER, "D001")
    tendering.pay_cash(box.shop, CASHIER, None)
    log_in(page, box.url, "陈小雨", "7777")
    expect(page.locator(".nothing")).to_be_visible()
    expect(page.locator(".done")).to_have_count(0)


def test_a_payment_that_is_declined_within_the_same_moment_is_told_of(
    page: Page, box: Box, held: Held, shot: Callable[[str], None]
) -> None:
    at_the_total(page, box)
    box.platform.answers = [Verdict.DECLINED]
    held.hold(STATE)
    held.until(STATE, lambda: box.shop.publish("state", {"till": "1"}))
    scan_by_keyboard(page, CODE)
    expect(page.locator(".busy")).to_have_text("")
    held.let_go(STATE)
    expect(page.locator(".notice")).to_contain_text("没付成，没扣钱")
    shot("declined-at-once")
