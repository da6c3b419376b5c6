"""Chromium of the system, and two shops to look at: the whole demo, and a small one inside the test's process."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from agent.services import days, shifts, staff
from agent.services.shop import Shop
from agent.web.app import create_app
from agent.web.hub import Hub
from agent.web.server import Server
from tests.shops import CASHIER, MANAGER, FakePlatform, make_shop

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first that there is: the shell draws the same pages without windows, for half the work."""
CHROMIUM = os.environ.get("STOREBOX_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
SHOTS = Path(__file__).parents[2] / "build" / "shots"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
)
STARTS_WITHIN_S = 180
expect.set_options(timeout=20_000)
"""A busy machine is slow, not wrong: what comes at all comes within this many milliseconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser; skip it with the remedy when there is none."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip("no Chromium: apt-get install chromium, or set STOREBOX_CHROMIUM"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the system's Chromium; `evil.example` is this machine."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(ARGUMENTS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A till's screen."""
    return {**browser_context_args, "viewport": {"width": 1024, "height": 768}, "service_workers": "block"}


@pytest.fixture
def shot(page: Page, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Take a picture of the screen, or of the whole page, for whoever wants to see it, under build/shots/."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    test = re.sub(r"\W+", "-", request.node.name).strip("-")
    count = 0

    def shot(name: str, full: bool = False) -> None:
        nonlocal count
        count += 1
        page.wait_for_load_state("load")
        page.screenshot(path=SHOTS / f"{test}-{count:02d}-{name}.png", full_page=full)

    return shot


@dataclass
class Demo:
    """A running `storebox demo`."""

    url: str
    folder: Path

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask the desk, as its own page does."""
        headers = {"Content-Type": "application/json", "Origin": self.url}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def scan(self, text: str) -> None:
        """Let the emulated scanner read a code; it reaches the box over the scanner's line."""
        self.post("/desk/scan", {"text": text})

    def tell(self, line: str) -> str:
        """Give the demo's parent a line, as a script at the desk's socket would."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.folder / "run" / "desk.sock"))
            connection.sendall(f"{line}\n".encode())
            with connection.makefile("r") as answers:
                return answers.readline().strip()

    def paper(self) -> str:
        """Return everything that the till's printer has printed, as text."""
        with urllib.request.urlopen(f"{self.url}/desk/paper", timeout=30) as answer:
            return "\n".join(line.get("text", "") for line in json.load(answer))

    def until_paper(self, wanted: str, within_s: float = 20) -> str:
        """Wait until the paper says something."""
        deadline = time.monotonic() + within_s
        while wanted not in (text := self.paper()):
            assert time.monotonic() < deadline, f"{wanted!r} is not on the paper:\n{text}"
            time.sleep(0.1)
        return text


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Demo]:
    """The whole shop on free ports: box, printers, scanners, wallet, headquarters."""
    program = "from agent.cli import main; main()"
    command = [sys.executable, "-c", program, "demo", "--state", str(folder), "--no-browser", "--port", "0", *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
    said: list[str] = []
    found = threading.Event()

    def read() -> None:
        assert running.stdout is not None
        for line in running.stdout:
            said.append(line)
            if line.startswith("till: "):
                found.set()
        found.set()

    threading.Thread(target=read, daemon=True).start()
    try:
        assert found.wait(STARTS_WITHIN_S), "".join(said)
        urls = re.findall(r"^till: (http://\S+)$", "".join(said), re.MULTILINE)
        assert urls, "".join(said)
        yield Demo(urls[0].rstrip("/"), folder)
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo whose shop nobody has opened yet."""
    with running_demo(tmp_path / "demo", "--closed") as running:
        yield running


@dataclass
class Box:
    """A small shop served from this process: fast, and every part within reach."""

    url: str
    shop: Shop
    hub: Hub
    platform: FakePlatform


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """An open shop with a cashier (07, PIN 7777) and a lead (03, PIN 3333)."""
    hub = Hub()
    platform = FakePlatform("wechat")
    alipay = FakePlatform("alipay")
    shop = make_shop(tmp_path, publish=hub.publish, platforms={"wechat": platform, "alipay": alipay})
    platform.clock = alipay.clock = shop.clock  # type: ignore[assignment]
    staff.add_person(shop, "07", "陈小雨", "cashier", "7777")
    staff.add_person(shop, "03", "王领班", "shift_lead", "3333")
    days.open_the_day(shop, MANAGER)
    shifts.open_a_shift(shop, CASHIER, 50_000)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(shop, hub=hub), log_level="critical", timeout_graceful_shutdown=2)
    server = Server(config, hub)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield Box(f"http://127.0.0.1:{listening.getsockname()[1]}", shop, hub, platform)
    server.should_exit = True
    thread.join(10)
    shop.writer.close()


def log_in(page: Page, url: str, name: str, pin: str, language: str = "zh-CN") -> None:
    """Open the till's page and log in with the keyboard."""
    page.add_init_script(f"localStorage.setItem('storebox.language', '{language}')")
    page.goto(url)
    page.locator(".person", has_text=name).click()
    page.keyboard.type(pin)
    page.keyboard.press("Enter")


def scan_by_keyboard(page: Page, code: str) -> None:
    """Press the keys of a code and Enter as a scanner does: within a few milliseconds, on any machine."""
    page.evaluate(
        """code => { for (const key of [...code, "Enter"]) {
        const target = document.activeElement || document.body;
        target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})); } }""",
        code,
    )


def delay_first(page: Page, path: str, by_ms: int = 300) -> None:
    """The page's first call of a path is slow on its way, so that a second one could overtake it."""
    page.add_init_script(
        f"""let slow = true;
        const send = window.fetch;
        window.fetch = async (path, options) => {{
          if (path === "{path}" && slow) {{
            slow = false;
            await new Promise((resolve) => setTimeout(resolve, {by_ms}));
          }}
          return send(path, options);
        }};"""
    )


def approve(page: Page, name: str, pin: str) -> None:
    """The second person steps up and types the PIN."""
    page.locator("dialog .person", has_text=name).click()
    page.keyboard.type(pin)
    page.keyboard.press("Enter")
