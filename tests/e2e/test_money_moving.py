"""What the cashier reads while money moves: every situation, in both languages, and what becomes of it."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Page, expect

from agent.core.payment import Verdict
from agent.services import checkout, payments, platform_refunds
from agent.services.health import state
from tests.e2e.conftest import Box, approve, log_in
from tests.shops import CASHIER, LEAD

CODE = "134567890123456700"
LANGUAGES = ("zh-CN", pytest.param("en", marks=pytest.mark.torture))
Shot = Callable[[str], None]


@dataclass
class Till:
    """A till at the total of 88.00 yuan, in a language."""

    page: Page
    box: Box
    language: str

    def begin(self) -> None:
        """Log in, ring up, ask for the total."""
        log_in(self.page, self.box.url, "陈小雨", "7777", self.language)
        expect(self.page.locator("#scan-field")).to_be_visible()
        checkout.add_code(self.box.shop, CASHIER, "D001")
        self.page.locator("#pay").click()
        expect(self.page.locator("#pay-cash")).to_be_visible()

    def scan(self, answer: Verdict, code: str = CODE) -> str:
        """Read the customer's code; the platform answers so. Returns the attempt."""
        self.box.platform.answers = [answer]
        started, submit = payments.start_code_payment(self.box.shop, CASHIER, "wechat", code)
        submit()
        return str(started["attempt"])

    def age(self, seconds: float) -> None:
        """Let time pass for the box, and tell the page to look."""
        self.box.shop.clock.advance(seconds)  # type: ignore[attr-defined]
        self.look()

    def look(self) -> None:
        """Tell the page that there is something to look at."""
        self.box.shop.publish("state", {"till": "1"})

    def line(self, down: bool) -> None:
        """Pull the shop's line, or plug it in."""
        self.box.shop.uplink_lamp = lambda: {"hq": {"state": "down" if down else "ok", "code": None}}
        for platform in ("wechat", "alipay"):
            for _ in range(2 if down else 1):
                self.box.shop.platform_health.hear(platform, "network.unreachable" if down else None)

    def reads(self, zh: str, en: str) -> None:
        """Expect a title in the page's language."""
        expect(
            self.page.locator(".attempt h2, .notice h2, .alert h2")
            .filter(has_text=re.compile(zh if self.language == "zh-CN" else en))
            .first
        ).to_be_visible()

    def says(self, zh: str, en: str) -> None:
        """Expect words anywhere on the page, in its language."""
        expect(self.page.locator("#main")).to_contain_text(zh if self.language == "zh-CN" else en)

    def until_slip(self, kind: str) -> None:
        """Wait until a slip of a kind is queued."""
        while not self.box.shop.read().execute("SELECT 1 FROM spool WHERE kind = ?", (kind,)).fetchone():
            self.page.wait_for_timeout(20)


@pytest.fixture(params=LANGUAGES)
def till(request: pytest.FixtureRequest, page: Page, box: Box) -> Till:
    made = Till(page, box, request.param)
    made.begin()
    return made


def test_waiting_for_the_password_counts_down_and_can_be_given_up(till: Till, shot: Shot) -> None:
    attempt = till.scan(Verdict.PENDING)
    till.reads(r"等顾客输密码，还有\d+秒", r"Waiting for the customer's password, \d+ s left")
    till.says("麻烦您在手机上输一下密码。", "Please enter the password on your phone.")
    shot("password")
    seconds = till.page.locator(".countdown")
    before = int(seconds.inner_text())
    till.age(12)
    expect(seconds).not_to_have_text(str(before))
    assert before - 14 <= int(seconds.inner_text()) <= before - 11
    till.box.shop.clock.advance(-30)  # type: ignore[attr-defined]
    till.look()
    till.page.wait_for_timeout(300)
    assert int(seconds.inner_text()) <= before - 11, "the seconds jumped back"
    till.page.locator("#give-up").click()
    till.reads("正在撤单，先别重收", "Being taken back")
    shot("undoing")
    payments.settle(till.box.shop, attempt, till.box.platform.reverse(attempt))
    till.reads("撤单了，没扣钱", "Taken back, nothing was charged")
    expect(till.page.locator("#pay-cash")).to_be_visible()


def test_the_seconds_stop_at_nothing(till: Till) -> None:
    till.scan(Verdict.PENDING)
    till.age(200)
    till.reads("等密码的时间到了", "The time for the password is over")
    expect(till.page.locator(".countdown")).to_have_text("0")


def test_no_answer_while_the_line_is_up(till: Till, shot: Shot) -> None:
    till.scan(Verdict.UNKNOWN)
    till.reads("正在收微信88.00元", r"WeChat Pay is taking 88\.00")
    till.age(6)
    till.reads("还没查到结果，先别重扫", "No result yet, don't scan again")
    till.says("查不到会自动撤单，撤了就不扣钱。", "taken back, and nothing is charged")
    shot("no-answer")


def test_the_line_is_down_and_money_is_taken_otherwise(till: Till, shot: Shot) -> None:
    """Cash first by the lead, the slip, and days later the phone's money goes back with a slip of its own."""
    attempt = till.scan(Verdict.UNKNOWN)
    till.line(down=True)
    till.age(6)
    till.reads("断网了，这笔查不到", "No network: this one can't be looked up")
    expect(till.page.locator(".acts button")).to_have_count(3)
    shot("line-down")
    till.page.locator("#take-other").click()
    approve(till.page, "王领班", "3333")
    expect(till.page.locator("#pay-cash")).to_be_visible()
    till.page.locator("#pay-cash").click()
    expect(till.page.locator("#change")).to_be_visible()
    till.line(down=False)
    payments.settle(till.box.shop, attempt, till.box.platform.query(attempt))
    till.reads("顾客付了两次，多的正退", "Paid twice; what is too much goes back")
    carry_out_refunds(till.box)
    till.reads("顾客付了两次，多的已退", "Paid twice; what was too much went back")
    shot("paid-twice")
    slips = [row[0] for row in till.box.shop.read().execute("SELECT document FROM spool WHERE kind = 'refund'")]
    assert len(slips) == 1 and "88.00" in slips[0]


def test_a_sale_is_set_aside_with_its_payment_and_paid_by_itself(till: Till, shot: Shot) -> None:
    attempt = till.scan(Verdict.UNKNOWN)
    till.line(down=True)
    till.age(6)
    till.page.locator("#set-aside").click()
    till.reads("挂起了，请招呼下一位", "Set aside; next, please")
    kinds = [row[0] for row in till.box.shop.read().execute("SELECT kind FROM spool")]
    assert kinds == ["pending"]
    checkout.add_code(till.box.shop, CASHIER, "D002")
    expect(till.page.locator(".line")).to_have_count(1)
    payments.settle(till.box.shop, attempt, till.box.platform.query(attempt))
    till.reads("挂起的单子付好了", "A sale that was set aside is paid")
    expect(till.page.locator(".line")).to_have_count(1)
    shot("set-aside-paid")
    assert state(till.box.shop, CASHIER)["last"]["total_fen"] == 8_800


def test_declined_says_why_in_plain_words(till: Till, shot: Shot) -> None:
    attempt = till.scan(Verdict.UNKNOWN)
    answer = till.box.platform._answer(attempt, Verdict.DECLINED)
    payments.settle(till.box.shop, attempt, type(answer)(Verdict.DECLINED, attempt, code="NOTENOUGH"))
    till.reads("没付成，没扣钱", "Not paid, nothing was charged")
    till.says("余额不够", "balance is too low")
    shot("declined")
    till.page.locator(".notice-act").last.click()
    expect(till.page.locator(".others button").first).to_be_focused()
    expect(till.page.locator(".notice")).to_have_count(0)


def test_a_platform_is_down_and_the_others_are_offered(till: Till, shot: Shot) -> None:
    for _ in range(2):
        till.box.shop.platform_health.hear("wechat", "platform.server_error")
    till.look()
    expect(till.page.locator(".trouble")).to_contain_text(
        "微信那边出了故障" if till.language == "zh-CN" else "WeChat Pay is out of order"
    )
    expect(till.page.locator(".alert")).to_contain_text(
        "支付宝、现金照收。" if till.language == "zh-CN" else "Alipay, Cash work as ever."
    )
    expect(till.page.locator(".show-code")).to_have_count(1)
    shot("platform-down")
    till.box.shop.platform_health.hear("wechat", None)
    till.look()
    expect(till.page.locator(".trouble")).to_have_count(0)
    expect(till.page.locator(".show-code")).to_have_count(2)


def test_a_payment_at_a_platform_that_is_down(till: Till, shot: Shot) -> None:
    till.scan(Verdict.UNKNOWN)
    for _ in range(2):
        till.box.shop.platform_health.hear("wechat", "platform.server_error")
    till.age(6)
    till.reads("微信那边出了故障", "WeChat Pay is out of order")
    expect(till.page.locator("#take-other")).to_be_visible()
    shot("platform-down-midway")


def test_offline_begins(till: Till, shot: Shot) -> None:
    till.line(down=True)
    till.look()
    till.reads("断网了，照常卖", "No network, selling goes on")
    till.says("店里网不太好，现金最快", "Our network is not well; cash is fastest")
    expect(till.page.locator(".show-code")).to_have_count(0)
    shot("offline")


def test_the_customer_scans_the_shops_code(till: Till, shot: Shot) -> None:
    """The code on the till and on the customer's display is the platform's, and can be read from the screen."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="no reader of QR codes: pip install zxing-cpp")
    image = pytest.importorskip("PIL.Image", reason="no pictures: pip install pillow")
    till.page.locator(".show-code[data-kind=wechat]").click()
    till.reads(r"等顾客扫码，还有\d+秒", r"Waiting for the customer's scan, \d+ s left")
    shot("code")
    attempt = state(till.box.shop, CASHIER)["attempt"]
    offered = f"weixin://wxpay/bizpayurl?pr={attempt['attempt']}"
    assert [found.text for found in zxingcpp.read_barcodes(image.open(io.BytesIO(till.page.screenshot())))] == [offered]
    display = till.page.context.new_page()
    display.goto(f"{till.box.url}/display/1")
    expect(display.locator(".qr")).to_be_visible()
    expect(display.locator(".sum")).to_have_text("88.00")
    picture = display.screenshot(path=f"build/shots/display-code-{till.language}.png")
    assert [found.text for found in zxingcpp.read_barcodes(image.open(io.BytesIO(picture)))] == [offered]
    till.page.bring_to_front()
    till.page.locator("#give-up").click()
    till.reads("正在撤单", "Being taken back")
    payments.settle(till.box.shop, attempt["attempt"], till.box.platform.close(attempt["attempt"]))
    till.reads("关了，没扣钱", "Closed, nothing was charged")
    expect(display.locator(".qr")).to_have_count(0)


def test_a_code_that_is_paid_completes_the_sale(till: Till) -> None:
    till.page.locator(".show-code[data-kind=wechat]").click()
    expect(till.page.locator(".qr")).to_be_visible()
    attempt = state(till.box.shop, CASHIER)["attempt"]["attempt"]
    till.box.platform.paid[attempt] = 8_800
    payments.settle(till.box.shop, attempt, till.box.platform.query(attempt))
    expect(till.page.locator(".done")).to_contain_text(
        "微信收好了" if till.language == "zh-CN" else "WeChat Pay received"
    )


def carry_out_refunds(box: Box) -> None:
    """Let the platform carry out what is registered."""
    for found in platform_refunds.started(box.shop.read()):
        answer = box.platform.refund(found["attempt"], found["out_refund_no"], found["amount_fen"], found["total_fen"])
        platform_refunds.end(box.shop, found, answer)


def test_what_has_no_result_is_listed_with_its_slip(till: Till, shot: Shot) -> None:
    attempt = till.scan(Verdict.UNKNOWN)
    expect(till.page.locator(".attempt")).to_be_visible()
    payments.park(till.box.shop, LEAD, attempt)
    expect(till.page.locator("#pay-cash")).to_be_visible()
    till.page.locator("#menu").click()
    expect(till.page.locator("#menu-pending .badge")).to_have_text("1")
    till.page.locator("#menu-pending").click()
    row = till.page.locator(f"[data-attempt={attempt}]")
    expect(row).to_contain_text("起没结果，1号机" if till.language == "zh-CN" else "unknown since")
    shot("pending")
    row.locator("[data-act=slip]").click()
    till.until_slip("pending")
    payments.settle(till.box.shop, attempt, till.box.platform.reverse(attempt))
    till.page.locator("button", has_text="再看" if till.language == "zh-CN" else "Look again").click()
    expect(row).to_have_count(0)


def test_a_refund_while_the_line_is_down_waits_in_its_place(till: Till, shot: Shot) -> None:
    till.scan(Verdict.PAID)
    expect(till.page.locator(".done")).to_be_visible()
    till.line(down=True)
    till.look()
    till.reads("断网了，照常卖", "No network, selling goes on")
    till.page.locator("#menu").click()
    till.page.locator("#menu-sales").click()
    till.page.locator(".sale-row").click()
    till.page.locator(".refund .link").click()
    till.page.locator(".refund .choice").first.click()
    till.page.locator("#refund").click()
    approve(till.page, "王领班", "3333")
    till.reads("退款登记好了，排队自动退", "Refund registered, it goes out by itself")
    shot("refund-queued")
    till.page.locator(".notice-act").click()
    expect(till.page.locator(".pending-row")).to_contain_text("前面0笔" if till.language == "zh-CN" else "0 before it")
    shot("refund-queue")
    till.line(down=False)
    carry_out_refunds(till.box)
    till.reads(r"微信88\.00元退出去了", r"Refund gone out: WeChat Pay 88\.00")


def test_a_payment_that_no_sale_has_taken_is_given_to_this_one_or_back(till: Till, shot: Shot) -> None:
    """A shop that asks the cashier: what was parked and proves paid waits on the list."""
    shop = till.box.shop
    shop.store = replace(shop.store, abandoned="offer")
    attempts = []
    for _ in range(2):
        attempts.append(till.scan(Verdict.UNKNOWN, f"13456789012345670{len(attempts)}"))
        payments.park(shop, LEAD, attempts[-1])
        payments.settle(shop, attempts[-1], till.box.platform.query(attempts[-1]))
    till.reads("微信88.00元后来到账了", r"WeChat Pay 88\.00 arrived after all")
    till.page.locator("#menu").click()
    till.page.locator("#menu-pending").click()
    first, second = (till.page.locator(f"[data-attempt={attempt}]") for attempt in attempts)
    shot("waiting")
    second.locator("[data-act=give-back]").click()
    expect(second).to_have_count(0)
    first.locator("[data-act=use]").click()
    expect(till.page.locator(".done")).to_contain_text(
        "微信收好了" if till.language == "zh-CN" else "WeChat Pay received"
    )
    assert [found["attempt"] for found in platform_refunds.started(shop.read())] == attempts[1:]
