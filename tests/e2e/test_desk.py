"""The demo's desk: paper that comes out as a picture, codes shown to the scanner, a switch for each fault."""

import base64
import io
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import segno
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, Route, expect

from agent.web.desk import CHOICES, SWITCHES
from tests.e2e.conftest import Demo, delay_first, running_demo

WATER = "6900000010112"
LANGUAGES = {"zh-CN": ("没了", "扫到"), "en": ("out", "Scanned")}


@pytest.fixture(scope="module")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that is open for business; the tests of this file share it."""
    with running_demo(tmp_path_factory.mktemp("desk") / "demo") as running:
        yield running


def state(demo: Demo, place: str = "") -> dict[str, Any]:
    with urllib.request.urlopen(f"{demo.url}/desk/state?place={place}", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def until_state(demo: Demo, name: str, value: object) -> None:
    """Wait until a switch stands so at the emulators: the page shows what was asked for at once."""
    deadline = time.monotonic() + 20
    while (found := state(demo)[name]) != value:
        assert time.monotonic() < deadline, f"{name} stays {found}"
        time.sleep(0.05)


def open_desk(page: Page, demo: Demo, language: str = "zh-CN") -> None:
    page.add_init_script(f"localStorage.setItem('storebox.language', '{language}')")
    page.set_viewport_size({"width": 1366, "height": 900})
    page.goto(f"{demo.url}/desk")
    expect(page.locator("#slot .lamp")).to_be_visible()


def sell(page: Page, demo: Demo, *codes: str) -> None:
    """Type codes at the desk's scanner and pay exactly; the slip comes out."""
    printed = max((one["n"] for one in state(demo)["papers"]["receipt1"]), default=0)
    for code in (*codes, "X1CASH"):
        page.locator("#code").fill(code)
        page.locator("#code").press("Enter")
        expect(page.locator("#said")).to_contain_text(code)
    fresh = re.compile(rf"/{printed + 1}\.png")
    expect(page.locator(".slip:not(.open) img").last).to_have_attribute("src", fresh, timeout=20_000)


def paper_stands_still(page: Page) -> None:
    page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished))")


def picture_of(text: str, kind: str = "png") -> bytes:
    out = io.BytesIO()
    segno.make_qr(text).save(out, kind="png", scale=4, border=4)
    if kind == "png":
        return out.getvalue()
    photograph = io.BytesIO()
    Image.open(out).convert("RGB").resize((3000, 3000)).rotate(7, fillcolor="white").save(
        photograph, "JPEG", quality=95
    )
    return photograph.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slip_comes_out_of_the_slot_as_it_was_printed(
    page: Page, trading: Demo, shot: Callable[[str], None], language: str
) -> None:
    open_desk(page, trading, language)
    sell(page, trading, "D001", "D002", WATER, WATER)
    last = page.locator(".slip img").last
    expect(last).to_be_in_viewport()
    assert last.evaluate("image => image.naturalWidth") == 576
    paper_stands_still(page)
    shot("slip")
    data = page.request.get(trading.url + str(last.get_attribute("src"))).body()
    with Image.open(io.BytesIO(data)) as printed:
        assert printed.mode == "1", "dots, as the printer strikes them"
        assert zxingcpp.read_barcodes(printed.convert("L")), "the slip's own code can be read off it"
    sale = trading.paper()
    assert "剁椒鱼头" in sale


def test_codes_typed_in_haste_are_read_in_their_order(page: Page, trading: Demo) -> None:
    """The first code is slow on its way to the box; the second waits its turn, as under one scanner."""
    delay_first(page, "/desk/scan")
    open_desk(page, trading)
    printed = max((one["n"] for one in state(trading)["papers"]["receipt1"]), default=0)
    for code in ("D001", "X1CASH"):
        page.locator("#code").fill(code)
        page.locator("#code").press("Enter")
    fresh = re.compile(rf"/{printed + 1}\.png")
    expect(page.locator(".slip:not(.open) img").last).to_have_attribute("src", fresh, timeout=20_000)


def test_a_slip_is_held_under_the_scanner(page: Page, trading: Demo) -> None:
    open_desk(page, trading)
    sell(page, trading, "D001")
    page.locator(".slip-scan").last.click()
    expect(page.locator("#said")).to_contain_text(LANGUAGES["zh-CN"][1])
    expect(page.locator("#said")).not_to_contain_text("X1CASH")
    assert "bad" not in str(page.locator("#said").get_attribute("class"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_paper_ends_in_the_middle_and_hangs_there(
    page: Page, trading: Demo, shot: Callable[[str], None], language: str
) -> None:
    open_desk(page, trading, language)
    trading.tell("paper out at 400")
    page.locator("#code").fill("D001")
    page.locator("#code").press("Enter")
    page.locator("#code").fill("X1CASH")
    page.locator("#code").press("Enter")
    expect(page.locator(".slip.open img")).to_be_visible(timeout=20_000)
    expect(page.locator("#slot .wrong")).to_contain_text(LANGUAGES[language][0])
    expect(page.locator("#choice-paper-out")).to_have_attribute("aria-checked", "true")
    shot("paper-out")
    height = page.locator(".slip.open").bounding_box()
    page.locator("#choice-paper-ok").click()
    expect(page.locator(".slip.open")).to_have_count(0, timeout=20_000)
    paper_stands_still(page)
    whole = page.locator(".slip").last.bounding_box()
    assert height is not None and whole is not None and whole["height"] > height["height"], "the same paper goes on"


@pytest.mark.parametrize("name", [name for name in SWITCHES if name != "power"])
def test_each_switch_turns_its_fault_on_and_off(page: Page, trading: Demo, name: str) -> None:
    open_desk(page, trading)
    switch = page.locator(f"#switch-{name}")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    until_state(trading, name, False)
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    until_state(trading, name, True)


@pytest.mark.parametrize(("name", "to"), [(name, to) for name, values in CHOICES.items() for to in reversed(values)])
def test_each_choice_is_what_the_printer_says_of_itself(page: Page, trading: Demo, name: str, to: str) -> None:
    open_desk(page, trading)
    page.locator(f"#choice-{name}-{to}").click()
    expect(page.locator(f"#choice-{name}-{to}")).to_have_attribute("aria-checked", "true")
    assert state(trading)[name] == to


def test_the_box_loses_power_and_the_page_comes_back(page: Page, trading: Demo) -> None:
    open_desk(page, trading)
    page.locator("#switch-power").click()
    expect(page.locator("#switch-power")).to_have_attribute("aria-checked", "true", timeout=20_000)
    sell(page, trading, "D002")


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_chosen_picture_of_a_code_is_scanned(page: Page, trading: Demo, tmp_path: Path, kind: str) -> None:
    open_desk(page, trading)
    file = tmp_path / f"code.{kind}"
    file.write_bytes(picture_of("X1HELP", kind))
    page.locator("#picture").set_input_files(file)
    expect(page.locator("#said")).to_contain_text("X1HELP", timeout=15_000)


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_pasted_or_dropped_picture_is_scanned(page: Page, trading: Demo, way: str) -> None:
    open_desk(page, trading)
    page.evaluate(
        """([way, text]) => {
          const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "code.png", { type: "image/png" }));
          const event = way === "paste"
            ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
          (way === "paste" ? document.body : document.getElementById("scanner")).dispatchEvent(event);
        }""",
        [way, base64.b64encode(picture_of("D001")).decode()],
    )
    expect(page.locator("#said")).to_contain_text("D001")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_without_a_code_is_refused_in_one_sentence(
    page: Page, trading: Demo, tmp_path: Path, shot: Callable[[str], None], language: str
) -> None:
    open_desk(page, trading, language)
    file = tmp_path / "sea.png"
    Image.effect_noise((300, 300), 60).save(file)
    page.locator("#picture").set_input_files(file)
    expect(page.locator("#said.bad")).to_be_visible()
    shot("no-code")
    assert page.locator("#said").inner_text()


def test_the_second_till_has_a_paper_of_its_own(page: Page, trading: Demo, shot: Callable[[str], None]) -> None:
    open_desk(page, trading)
    trading.post("/desk/scan", {"text": "D001", "place": "receipt2"})
    trading.post("/desk/scan", {"text": "X1CASH", "place": "receipt2"})
    expect(page.locator("#place-receipt2 .count")).to_have_text("1", timeout=20_000)
    page.locator("#place-receipt2").click()
    expect(page.locator("#place-receipt2")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".slip img").last).to_be_visible()
    assert page.locator(".slip img").last.evaluate("image => image.naturalWidth") == 384
    shot("till-2")
    page.locator("#choice-paper-low").click()
    expect(page.locator("#choice-paper-low")).to_have_attribute("aria-checked", "true")
    assert (state(trading)["paper"], state(trading, "receipt2")["paper"]) == ("ok", "low")


def test_the_kitchen_prints_what_is_cooked(page: Page, trading: Demo, shot: Callable[[str], None]) -> None:
    open_desk(page, trading)
    page.locator("#place-kitchen").click()
    expect(page.locator("#place-kitchen")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#scanner")).to_be_hidden()
    expect(page.locator("#row-drawer")).to_be_hidden()
    printed = max((one["n"] for one in state(trading)["papers"]["kitchen"]), default=0)
    for code in ("D001", "X1CASH"):
        trading.scan(code)
    fresh = re.compile(rf"/kitchen/{printed + 1}\.png")
    expect(page.locator(".slip:not(.open) img").last).to_have_attribute("src", fresh, timeout=20_000)
    shot("kitchen")


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_pictures_cannot_be_read_the_page_says_so(page: Page, trading: Demo, language: str) -> None:
    def without_reader(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "reads": False})

    page.route("**/desk/state*", without_reader)
    open_desk(page, trading, language)
    expect(page.locator("#no-reader")).to_contain_text("storebox[desk]")
    expect(page.locator("#choose")).to_be_hidden()
