"""Headquarters' pages in a browser: an accountant looks, opens a store, follows a sale and pulls the day."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, running_demo

WITHIN_MS = 10_000
"""Three seconds are promised from the sale's arrival; a laden machine may take its time to sell."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("hq") / "demo") as running:
        yield running


def enter(page: Page, shop: Demo, name: str, language: str) -> None:
    """Go to headquarters from the desk's link, choose the language and log in."""
    page.goto(f"{shop.url}/desk")
    address = page.locator("#headquarters").get_attribute("href")
    assert address is not None
    page.goto(address)
    expect(page.locator("input[name=password]")).to_be_visible()
    if page.locator("html").get_attribute("lang") != language:
        page.locator("button[name=language]").click()
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill("storebox-demo")
    page.locator("main button").click()
    expect(page.locator("#stores")).to_be_visible()


def sell(shop: Demo, code: str = "D001") -> None:
    for text in (code, "X1CASH"):
        shop.scan(text)


def no_complaints(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_accountant_sees_stores_follows_a_sale_and_pulls_the_day(
    page: Page, shop: Demo, shot: Callable[[str], None], language: str
) -> None:
    complaints = no_complaints(page)
    enter(page, shop, "王会计", language)
    row = page.locator("tr[data-store=S001]")
    expect(row.locator("td.words .good")).to_be_visible(timeout=WITHIN_MS)
    before = page.locator("#takings").inner_text()
    sell(shop)
    expect(page.locator("#takings")).not_to_have_text(before, timeout=WITHIN_MS)
    shot("overview")
    row.locator("a").first.click()
    expect(page.locator("#entries tr").first).to_be_visible()
    expect(page.locator("#plots svg")).to_have_count(2)
    page.evaluate("window.notReloaded = true")
    before = page.locator("#takings").inner_text()
    sell(shop)
    expect(page.locator("#takings")).not_to_have_text(before, timeout=WITHIN_MS)
    assert page.evaluate("window.notReloaded"), "what is new comes without loading the page"
    shot("store")
    page.locator("#days a").first.click()
    expect(page.locator("#booked table")).to_be_visible()
    shot("day")
    with page.expect_download() as begun:
        page.locator("#csv").click()
    text = Path(begun.value.path()).read_text(encoding="utf-8-sig")
    assert re.match(r"store,epoch,seq,", text) and text.count("S001-1-") >= 2
    assert complaints == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_fleet_makes_a_token_and_manages_its_people(
    page: Page, shop: Demo, shot: Callable[[str], None], language: str
) -> None:
    complaints = no_complaints(page)
    enter(page, shop, "小刘", language)
    page.locator("nav a[href='/boxes']").click()
    page.locator("#store-S001 .replace summary").click()
    page.locator("#store-S001 .replace input[name=reason]").fill("进水")
    page.locator("#store-S001 .replace button").click()
    expect(page.locator("svg.qr")).to_be_visible()
    expect(page.locator("#command")).to_contain_text(page.locator("#secret").inner_text())
    shot("token")
    page.locator("nav a[href='/rollout']").click()
    expect(page.locator("#rollout tr[data-store=S001]")).to_be_visible()
    shot("rollout")
    page.locator("nav a[href='/boxes']").click()
    page.locator("#store-S001 .revoke summary").first.click()
    expect(page.locator("#store-S001 .revoke input[name=reason]").first).to_be_visible()
    codes = page.locator("#store-S001 .withdraw").count()
    page.locator("#store-S001 .withdraw summary").first.click()
    page.locator("#store-S001 .withdraw input[name=reason]").first.fill("发错店了")
    shot("boxes")
    page.locator("#store-S001 .withdraw button").first.click()
    expect(page.locator("#store-S001 .withdraw")).to_have_count(codes - 1)
    page.locator("nav a[href='/people']").click()
    name = f"新人-{language}"
    page.locator("#add-person input[name=name]").fill(name)
    page.locator("#add-person button").click()
    expect(page.locator("#secret")).to_have_text(re.compile(r".{12,}"))
    shot("people")
    page.locator("#logout").click()
    expect(page.locator("input[name=password]")).to_be_visible()
    shot("login")
    assert complaints == []


def test_a_headquarters_that_goes_away_says_so_and_comes_back(page: Page, shop: Demo) -> None:
    enter(page, shop, "王会计", "en")
    expect(page.locator("#offline")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible(timeout=WITHIN_MS)
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden(timeout=WITHIN_MS)
