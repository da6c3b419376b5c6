"""A cashier with a queue: double taps, keys held down, answers that come late, never, or out of order."""

from datetime import UTC, datetime

from playwright.sync_api import APIResponse, Page, Route, expect

from agent.services import checkout, refunds
from tests.e2e.conftest import Box, log_in
from tests.shops import CASHIER

SHORT_DEADLINES = """AbortSignal.timeout = () => {
    const end = new AbortController();
    setTimeout(() => end.abort(), 300);
    return end.signal;
};"""


def enter(page: Page, box: Box) -> None:
    log_in(page, box.url, "陈小雨", "7777")
    expect(page.locator("#scan-field")).to_be_visible()


def to_the_total(page: Page, box: Box) -> None:
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator("#total")).to_have_text("88.00")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()


def centre(page: Page, selector: str) -> tuple[float, float]:
    """Return where a finger presses it; whatever comes to stand there gets the next press."""
    place = page.locator(selector).bounding_box()
    assert place is not None
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


def stop_the_clock(page: Page) -> None:
    """From here on no time passes for the page: what follows is as quick as a double tap, on any machine."""
    page.clock.install(time=datetime(2026, 3, 2, 10, tzinfo=UTC))
    page.clock.pause_at(datetime(2026, 3, 2, 11, tzinfo=UTC))


def test_enter_held_down_takes_no_money_and_a_part_pressed_twice_not_the_rest(page: Page, box: Box) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator("#total")).to_have_text("88.00")
    page.keyboard.down("Enter")
    expect(page.locator("#pay-cash")).to_be_visible()
    for _ in range(3):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.type("20")
    expect(page.locator("#pay-cash")).to_contain_text("20.00")
    stop_the_clock(page)
    page.mouse.click(*centre(page, "#pay-cash"))
    expect(page.locator("#total")).to_have_text("68.00")
    page.mouse.click(*centre(page, "#pay-cash"))
    page.keyboard.press("Enter")
    page.clock.run_for(1_000)
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_have_text("38.00")
    assert refunds.recent(box.shop) == []


def test_the_same_cash_for_the_next_sale_is_not_the_lost_answer_of_the_one_before(page: Page, box: Box) -> None:
    """The line is gone for longer than it is tried; the money was taken. The next customer gives the same note."""
    sent: list[Route] = []
    broken = True

    def lose(route: Route) -> None:
        sent.append(route)
        if not broken:
            route.continue_()
            return
        if len(sent) == 1:
            route.fetch()
        route.abort("connectionreset")

    page.clock.install()
    enter(page, box)
    to_the_total(page, box)
    page.route("**/api/v1/basket/tenders", lose)
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    expect(page.locator("#change")).to_have_text("12.00")
    page.clock.fast_forward(125_000)
    expect(page.locator(".notice")).to_contain_text("刚才断了一下")
    broken = False
    to_the_total(page, box)
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    expect(page.locator("#pay-cash")).to_have_count(0)
    expect(page.locator("#change")).to_have_text("12.00")
    assert len(refunds.recent(box.shop)) == 2


def test_a_network_that_swallows_everything_is_told_and_the_stream_begins_anew(page: Page, box: Box) -> None:
    page.add_init_script(SHORT_DEADLINES)
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/live") else None)
    enter(page, box)
    held: list[Route] = []
    page.route("**/api/v1/state", lambda route: held.append(route))
    box.shop.publish("state", {"till": CASHIER.till})
    expect(page.locator(".busy.broken")).to_be_visible()
    page.unroute("**/api/v1/state")
    with page.expect_request("**/api/v1/live"):
        expect(page.locator(".busy.broken")).to_have_count(0)
    assert len(streams) >= 2


def test_a_dialog_that_the_browser_closes_is_answered_and_chinese_digits_are_digits(page: Page, box: Box) -> None:
    enter(page, box)
    page.locator("#menu").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.evaluate("document.querySelector('dialog').close()")
    expect(page.locator("dialog")).to_have_count(0)
    page.locator("#scan-field").fill("Ｄ００１")
    page.keyboard.press("Enter")
    expect(page.locator(".line")).to_have_count(1)
    page.locator("#menu").click()
    page.locator("#menu-close-shift").click()
    page.locator("input[name=n10000]").fill("５")
    expect(page.locator("#counted")).to_have_text("500.00")


def test_an_older_answer_never_takes_the_display_back(page: Page, box: Box) -> None:
    """Two events in one breath: what was read before the second one is not what stays."""
    late: list[tuple[Route, APIResponse]] = []

    def hold_back_the_first(route: Route) -> None:
        if late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    page.goto(f"{box.url}/display/1")
    expect(page.locator(".welcome")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.route("**/api/v1/display/1", hold_back_the_first)
    checkout.add_code(box.shop, CASHIER, "D001")
    while not late:
        page.wait_for_timeout(20)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.wait_for_timeout(300)
    route, response = late[0]
    route.fulfill(response=response)
    page.wait_for_timeout(100)
    expect(page.locator(".due output")).to_have_text("176.00")
