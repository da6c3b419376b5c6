"""Hostile pages in the cashier's own browser, with the cashier logged in: each tries, none changes anything."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.services import checkout
from tests.e2e.conftest import Box, log_in
from tests.shops import CASHIER

EVIL = """<!doctype html><meta charset="utf-8"><p>free coupons</p>"""


class _Evil(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(EVIL.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def evil_port() -> Iterator[int]:
    """A web server of the attacker, on this machine for the test's sake."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Evil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.fixture
def victim(page: Page, box: Box) -> Page:
    """A second tab beside the cashier's open till."""
    log_in(page, box.url, "陈小雨", "7777")
    expect(page.locator("#scan-field")).to_be_visible()
    checkout.add_code(box.shop, CASHIER, "D001")
    return page.context.new_page()


def untouched(box: Box, before: int) -> bool:
    """Tell whether the journal and the basket are as they were."""
    basket = checkout.basket(box.shop, CASHIER)
    return box.shop.writer.last_seq == before and basket is not None and len(basket["lines"]) == 1


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1"])
def test_a_foreign_page_can_neither_change_nor_read(victim: Page, box: Box, evil_port: int, name: str) -> None:
    """`evil.example` is another site; `127.0.0.1` with another port is the same site, and gets the cookie."""
    before = box.shop.writer.last_seq
    victim.goto(f"http://{name}:{evil_port}/")
    tries = victim.evaluate(
        """async (url) => {
            const send = (path, options) =>
                fetch(url + path, {credentials: 'include', ...options}).then((answer) => answer.type, () => 'blocked');
            const post = (type, mode) =>
                ({method: 'POST', mode, body: '{"reason": "x"}', headers: {'Content-Type': type}});
            return [
                await send('/api/v1/basket/cancel', post('text/plain', 'no-cors')),
                await send('/api/v1/basket/cancel', post('application/x-www-form-urlencoded', 'no-cors')),
                await send('/api/v1/basket/total', post('application/json', 'cors')),
                await send('/api/v1/state', {}),
                await send('/api/v1/state', {mode: 'no-cors'}),
            ];
        }""",
        box.url,
    )
    assert set(tries) == {"blocked"}
    assert untouched(box, before)


def test_a_form_of_another_site_changes_nothing(victim: Page, box: Box, evil_port: int) -> None:
    before = box.shop.writer.last_seq
    for name in ("evil.example", "127.0.0.1"):
        victim.goto(f"http://{name}:{evil_port}/")
        with victim.expect_navigation():
            victim.evaluate(
                """(action) => {
                    const form = document.createElement('form');
                    Object.assign(form, {method: 'post', action, enctype: 'text/plain'});
                    const field = document.createElement('input');
                    Object.assign(field, {name: '{"reason": "', value: '"}'});
                    form.append(field);
                    document.body.append(form);
                    form.submit();
                }""",
                f"{box.url}/api/v1/basket/cancel",
            )
        assert "request.foreign_origin" in victim.content()
    assert untouched(box, before)


def test_rebound_names_are_misdirected(victim: Page, box: Box) -> None:
    port = box.url.rsplit(":", 1)[1]
    for path in ("/", "/api/v1/people", "/health"):
        answer = victim.goto(f"http://evil.example:{port}{path}")
        assert answer is not None and answer.status == 421


def test_the_till_can_not_be_framed_nor_embedded(victim: Page, box: Box, evil_port: int) -> None:
    victim.goto(f"http://127.0.0.1:{evil_port}/")
    seen = victim.evaluate(
        """async (url) => {
            const frame = document.createElement('iframe');
            frame.src = url;
            const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
            document.body.append(frame);
            await loaded;
            const picture = document.createElement('img');
            const shown = new Promise((resolve) => {
                picture.addEventListener('load', () => resolve('shown'));
                picture.addEventListener('error', () => resolve('blocked'));
            });
            picture.src = `${url}/favicon.ico`;
            document.body.append(picture);
            let inside = 'closed';
            try { inside = frame.contentDocument ? 'open' : 'closed'; } catch (error) { inside = 'closed'; }
            return [inside, await shown];
        }""",
        box.url,
    )
    assert seen[0] == "closed"
    framed = next(frame for frame in victim.frames if frame != victim.main_frame)
    assert framed.url.startswith("chrome-error://") or framed.locator("#main").count() == 0


def test_injected_script_does_not_run(page: Page, box: Box) -> None:
    log_in(page, box.url, "陈小雨", "7777")
    expect(page.locator("#scan-field")).to_be_visible()
    ran = page.evaluate(
        """async () => {
            const inline = document.createElement('script');
            inline.textContent = 'window.ran = true';
            document.body.append(inline);
            const markup = document.createElement('div');
            markup.innerHTML = '<img src="x:" onerror="window.ran = true">';
            document.body.append(markup);
            await new Promise((resolve) => setTimeout(resolve, 200));
            return window.ran === true;
        }"""
    )
    assert ran is False


def test_the_page_keeps_its_own_policy(browser: Browser, box: Box) -> None:
    """Nothing of the page itself is blocked, and it logs no error but the one that nobody is logged in yet."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    log_in(page, box.url, "陈小雨", "7777")
    page.locator(".tile").first.click()
    page.locator("#pay").click()
    page.locator("#pay-cash").click()
    expect(page.locator("#change")).to_be_visible()
    assert [text for text in said if "401" not in text] == []
    context.close()
