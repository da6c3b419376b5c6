"""What the cashier's page does by itself: keyboards, second persons, broken lines, slips that nobody saw."""

import dataclasses
from collections.abc import Callable

from playwright.sync_api import APIResponse, Page, Route, expect

from agent.core.directives import Message
from agent.core.payment import Verdict
from agent.services import checkout, refunds, scanning, staff
from tests.e2e.conftest import Box, approve, delay_first, log_in, scan_by_keyboard
from tests.integration.test_scanning import AMBIGUOUS, label
from tests.shops import CASHIER


def enter(page: Page, box: Box) -> None:
    log_in(page, box.url, "陈小雨", "7777")
    expect(page.locator("#scan-field")).to_be_visible()


def scan(box: Box, text: str) -> None:
    """What the till's scanner does."""
    scanning.scanned(box.shop, staff.actor_at_till(box.shop, "1"), "1", text, lambda call: call())


def test_a_sale_by_keyboard_alone(page: Page, box: Box) -> None:
    enter(page, box)
    page.keyboard.type("D001")
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_have_text("88.00")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    expect(page.locator("#total")).to_have_text("176.00")
    page.keyboard.press("-")
    expect(page.locator("#total")).to_have_text("88.00")
    page.keyboard.press("Enter")
    expect(page.locator("#pay-cash")).to_be_visible()
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    expect(page.locator("#change")).to_have_text("12.00")


def test_a_shop_that_prints_on_demand_offers_the_receipt_first_and_copies_then(page: Page, box: Box) -> None:
    enter(page, box)
    box.shop.store = dataclasses.replace(box.shop.store, receipts="ask")
    page.keyboard.type("D001")
    page.keyboard.press("Enter")
    page.locator("#pay").click()
    page.locator("#pay-cash").click()
    expect(page.locator("#print-receipt")).to_contain_text("打印小票")
    page.locator("#print-receipt").click()
    expect(page.locator("#print-receipt")).to_contain_text("补打小票")
    assert box.shop.read().execute("SELECT count(*) FROM spool WHERE state = 'queued'").fetchone() == (1,)


def test_an_old_answer_never_takes_a_newer_basket_back(page: Page, box: Box) -> None:
    """A state that was read before a change and arrives after it is not shown: what is pressed next would act on it."""
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator("#total")).to_have_text("88.00")
    late: list[tuple[Route, APIResponse]] = []

    def hold_back_the_first(route: Route) -> None:
        if late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    page.route("**/api/v1/state", hold_back_the_first)
    box.shop.publish("state", {"till": CASHIER.till})
    while not late:
        page.wait_for_timeout(20)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    expect(page.locator("#total")).to_have_text("176.00")
    shown = page.evaluate_handle(
        """() => { const seen = []; const total = () => seen.push((document.querySelector("#total") || {}).textContent);
        new MutationObserver(total).observe(document.body, {childList: true, subtree: true, characterData: true});
        return seen; }"""
    )
    route, response = late[0]
    route.fulfill(response=response)
    page.wait_for_timeout(400)
    assert set(shown.json_value()) <= {"176.00"}
    page.keyboard.press("-")
    expect(page.locator("#total")).to_have_text("88.00")


def test_keys_pressed_faster_than_the_box_answers_all_count(page: Page, box: Box) -> None:
    """Four times plus and once minus in one breath are three more."""
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator("#total")).to_have_text("88.00")
    page.keyboard.press("ArrowDown")
    for key in [*"++++-", "Enter"]:
        page.keyboard.press(key)
    expect(page.locator("#pay-cash")).to_be_visible()
    expect(page.locator("#total")).to_have_text("352.00")


def test_the_field_lets_go_of_the_keyboard_before_the_cash_keypad_is_seen(page: Page, box: Box) -> None:
    """A browser takes the keyboard from a hidden field with its next frame; digits typed before it were lost."""
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator("#total")).to_have_text("88.00")
    page.locator("#scan-field").focus()
    holder = page.evaluate_handle(
        """() => { const held = [];
        new MutationObserver(() => document.querySelector("#pay-cash") && held.push(document.activeElement.id))
            .observe(document.body, {childList: true, subtree: true});
        return held; }"""
    )
    page.keyboard.press("Enter")
    expect(page.locator("#pay-cash")).to_be_visible()
    held = holder.json_value()
    assert held
    assert "scan-field" not in held


def test_the_line_comes_and_goes_while_money_is_counted(page: Page, box: Box) -> None:
    """What was typed stays; only the words beside it change."""
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    expect(page.locator(".wallet")).to_contain_text("扫顾客的付款码")
    page.keyboard.press("1")
    page.keyboard.press("0")
    box.shop.uplink_lamp = lambda: {"hq": {"state": "down", "code": "link.down"}}
    box.shop.publish("state", {"till": CASHIER.till})
    expect(page.locator(".wallet")).to_contain_text("现金")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(page.locator("#change")).to_have_text("12.00")


def test_a_keyboard_scanner_at_the_total_pays_by_phone_and_not_by_cash(page: Page, box: Box) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()
    scan_by_keyboard(page, "134567890123456700")
    expect(page.locator(".done")).to_contain_text("微信收好了")
    assert box.platform.pays == 1
    (sale,) = refunds.recent(box.shop)
    assert [tender["kind"] for tender in refunds.sale(box.shop, sale["sale"])["tenders"]] == ["wechat"]


def at_the_total(page: Page, box: Box) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()


def test_a_code_that_comes_in_pieces_never_becomes_cash(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    """A slow line between scanner and page tears the keys apart; what is left of them looks like an amount."""
    at_the_total(page, box)
    for keys in ("134567890", "123456700"):
        page.keyboard.type(keys)
        page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text("码没读全")
    expect(page.locator("#pay-cash")).to_contain_text("88.00")
    shot("torn")
    assert (refunds.recent(box.shop), box.platform.pays) == ([], 0)
    scan_by_keyboard(page, "134567890123456700")
    expect(page.locator(".done")).to_contain_text("微信收好了")


def test_digits_that_are_no_amount_take_nothing(page: Page, box: Box) -> None:
    at_the_total(page, box)
    for key in "134567890":
        page.locator(".cash .key", has_text=key).click()
    expect(page.locator("#pay-cash")).to_contain_text("这不是金额")
    page.locator("#pay-cash").click()
    expect(page.locator(".notice")).to_contain_text("没收钱")
    assert refunds.recent(box.shop) == []


def test_change_that_no_drawer_has_is_asked_again(page: Page, box: Box) -> None:
    """Eight digits of a short bar code at the total, by a keyboard scanner."""
    at_the_total(page, box)
    scan_by_keyboard(page, "69000001")
    expect(page.locator(".notice")).to_contain_text("金额不对")
    assert refunds.recent(box.shop) == []


def test_a_command_by_a_keyboard_scanner_is_a_command_also_at_the_total(page: Page, box: Box) -> None:
    at_the_total(page, box)
    scan_by_keyboard(page, "X1CASH")
    expect(page.locator(".done")).to_contain_text("收好了")
    (sale,) = refunds.recent(box.shop)
    assert [tender["amount_fen"] for tender in refunds.sale(box.shop, sale["sale"])["tenders"]] == [8800]


def test_a_phone_that_is_scanned_before_the_total_is_there_pays(page: Page, box: Box) -> None:
    delay_first(page, "/api/v1/basket/total")
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    scan_by_keyboard(page, "134567890123456700")
    expect(page.locator(".done")).to_contain_text("微信收好了")
    assert box.platform.pays == 1


def test_codes_in_haste_are_taken_in_their_order(page: Page, box: Box) -> None:
    """A dish and at once the total, however slow the dish is on its way."""
    delay_first(page, "/api/v1/basket/lines")
    enter(page, box)
    for code in ("D001", "X1SUBTOTAL"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    expect(page.locator("#pay-cash")).to_be_visible()
    expect(page.locator(".wallet")).to_contain_text("扫顾客的付款码")


def test_a_declined_phone_says_that_nothing_was_charged(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()
    box.platform.answers = [Verdict.UNKNOWN]
    scan(box, "134567890123456700")
    expect(page.locator(".attempt")).to_be_visible()
    from agent.services import payments

    attempt = payments.unresolved(box.shop.read())[0]["attempt"]
    box.platform.answers = [Verdict.DECLINED]
    payments.settle(box.shop, attempt, box.platform.query(attempt))
    expect(page.locator(".notice")).to_contain_text("没付成，没扣钱")
    expect(page.locator("#pay-cash")).to_be_visible()
    shot("declined")


def test_a_wrong_pin_asks_again_and_a_right_one_goes_on(page: Page, box: Box) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator(".line-head").click()
    page.locator(".line-actions button", has_text="改价").click()
    page.keyboard.type("80")
    page.keyboard.press("Enter")
    approve(page, "王领班", "9999")
    expect(page.locator("dialog .warn-text")).to_be_visible()
    approve(page, "王领班", "3333")
    expect(page.locator("#total")).to_have_text("80.00")


def test_age_is_asked_once_a_sale(page: Page, box: Box) -> None:
    item = next(one for one in box.shop.catalog.by_sku.values() if "age" in one.flags)
    enter(page, box)
    page.locator("#scan-field").fill(item.sku)
    page.keyboard.press("Enter")
    page.locator("dialog .primary").click()
    expect(page.locator(".line")).to_have_count(1)
    page.locator("#scan-field").fill(item.sku)
    page.keyboard.press("Enter")
    expect(page.locator(".line-detail")).to_contain_text("2 ×")


def test_a_scan_beats_the_search_field(page: Page, box: Box) -> None:
    """The scanner's event comes by the live stream: what is being typed stays as it is."""
    enter(page, box)
    page.locator("#scan-field").fill("牛")
    scan(box, "D001")
    expect(page.locator("#total")).to_have_text("88.00")
    expect(page.locator("#scan-field")).to_have_value("牛")


def test_cash_whose_answer_was_lost_is_taken_once(page: Page, box: Box) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    lost: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        key = route.request.headers["idempotency-key"]
        if not lost:
            route.fetch()
            lost.append(key)
            route.abort("connectionreset")
            return
        lost.append(key)
        route.continue_()

    page.route("**/api/v1/basket/tenders", lose_the_first_answer)
    page.locator("#pay-cash").click()
    expect(page.locator("#change")).to_be_visible()
    while len(lost) < 2:  # the card may stand there by the live state, before the wish is sent again
        page.wait_for_timeout(20)
    assert len(set(lost)) == 1 and len(lost) == 2
    assert len(refunds.recent(box.shop)) == 1


def test_what_must_not_be_sent_twice_is_shown_instead(page: Page, box: Box) -> None:
    enter(page, box)
    page.route("**/api/v1/basket/lines", lambda route: (route.fetch(), route.abort("connectionreset"))[1])
    page.locator(".tile").first.click()
    expect(page.locator(".notice")).to_contain_text("刚才断了一下")
    expect(page.locator(".line")).to_have_count(1)


def test_names_are_text_and_never_markup(page: Page, box: Box) -> None:
    enter(page, box)
    page.locator("#scan-field").fill("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_be_visible()
    assert page.locator("img").count() == 0


def test_the_display_follows_the_till(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    page.goto(f"{box.url}/display/1")
    expect(page.locator(".welcome")).to_contain_text("湘味小馆")
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator(".due output")).to_have_text("88.00")
    shot("display")
    assert page.evaluate("fetch('/api/v1/state').then((answer) => answer.status)") == 401


def test_a_till_fits_a_phone(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, box)
    page.locator(".tile").first.click()
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    shot("phone")
    page.locator("#pay-cash").click()
    expect(page.locator("#change")).to_be_visible()


def test_typing_faster_than_the_total_loses_no_key(page: Page, box: Box) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    expect(page.locator("#total")).to_have_text("88.00")
    page.route("**/api/v1/basket/total", lambda route: (page.wait_for_timeout(300), route.continue_())[1])
    page.locator("#pay").click()
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    expect(page.locator("#change")).to_have_text("12.00")


def test_a_code_with_two_readings_is_asked_about(page: Page, box: Box, shot: Callable[[str], None]) -> None:
    enter(page, box)
    checkout.add_code(box.shop, CASHIER, "D001")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()
    scan(box, label(AMBIGUOUS))
    expect(page.locator("dialog .held")).to_have_count(2)
    shot("readings")
    page.locator("dialog .held").first.click()
    expect(page.locator(".line")).to_have_count(2)
    assert box.platform.pays == 0


def test_a_message_of_headquarters_survives_a_reload_until_it_is_read(page: Page, box: Box) -> None:
    enter(page, box)
    box.shop.messages = (Message("明天停电"), Message("盘点"))
    box.shop.changed("1")
    first = page.locator(".alert", has_text="明天停电")
    expect(first).to_be_visible()
    page.reload()
    expect(first).to_be_visible()
    first.get_by_role("button", name="看过了").click()
    expect(first).to_have_count(0)
    expect(page.locator(".alert", has_text="盘点")).to_be_visible()
    page.reload()
    expect(page.locator(".alert", has_text="盘点")).to_be_visible()
    expect(first).to_have_count(0)
