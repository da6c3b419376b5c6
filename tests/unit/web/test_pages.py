"""Pages, their files and their texts: nothing inline, nothing from elsewhere, nothing untranslated."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

from agent.web import pages
from agent.web.texts import FOLDERS, LOCALE, texts

STATIC = Path(pages.__file__).parent / "static"
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
NAMED = re.compile(r'\b(?:t|mark)\(\s*"((?:[^"\\]|\\.)*)"')
PLACE = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("path", ["/", "/display/1", "/desk"])
def test_pages_have_nothing_inline_and_nothing_foreign(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=|https?://", answer.text)
    assert 'lang="zh-CN"' in answer.text


def test_a_page_is_fetched_once_and_then_confirmed(client: TestClient) -> None:
    for path in ("/", "/texts/zh-CN.json", "/static/js/till.js", "/static/icons/sprite.svg"):
        first = client.get(path)
        assert first.headers["Cache-Control"] == "no-cache"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/js/", "/static/none.js"])
def test_only_static_files_are_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_unknown_displays_and_languages_are_not_found(client: TestClient) -> None:
    assert client.get("/display/9").status_code == 404
    assert client.get("/texts/fr.json").status_code == 404


def test_every_file_that_a_script_imports_is_there(client: TestClient) -> None:
    for script in SCRIPTS:
        for name in re.findall(r'from "\./([\w.-]+)"', script.read_text("utf-8")):
            assert (STATIC / "js" / name).is_file(), f"{script.name} imports {name}"


def test_scripts_put_no_data_into_markup() -> None:
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), script.name


def test_scripts_have_one_reason_to_exist() -> None:
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        assert text.count("\n") <= 300, script.name
        assert text.startswith("// "), f"{script.name} does not say what it is for"


def test_every_icon_is_drawn() -> None:
    drawn = set(re.findall(r'id="icon-(\w+)"', (STATIC / "icons" / "sprite.svg").read_text()))
    for script in SCRIPTS:
        for name in re.findall(r'icon\("(\w+)"\)', script.read_text("utf-8")):
            assert name in drawn, f"{script.name} shows {name}"


def named() -> set[str]:
    """Return every text that a script names."""
    return {found for script in SCRIPTS for found in NAMED.findall(script.read_text("utf-8"))}


@pytest.mark.parametrize("language", FOLDERS)
def test_every_text_is_translated_and_none_is_left_over(language: str) -> None:
    known = texts(language)
    assert named() - set(known) == set()
    assert set(known) - named() == set()
    for msgid, text in known.items():
        assert text
        assert set(PLACE.findall(text)) <= {*PLACE.findall(msgid), "left"}, msgid


def test_chinese_is_chinese_and_in_its_tone() -> None:
    for msgid, text in texts("zh-CN").items():
        assert re.search(r"[一-鿿]", text) or PLACE.search(text), msgid
        assert not re.search("系统错误|失败|异常|超时|请联系管理员", text), text
        assert not re.search(r"(?<=[一-鿿])[,:;?!]", text), f"narrow punctuation: {text}"


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_the_compiled_texts_are_fresh(folder: str) -> None:
    place = LOCALE / folder / "LC_MESSAGES"
    with (place / "web.po").open("rb") as file:
        catalog = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    with (place / "web.mo").open("rb") as file:
        present = {message.id: message.string for message in read_mo(file) if message.id}
    fresh = {message.id: message.string for message in read_mo(compiled) if message.id}
    assert present == fresh, "run: make catalogues"
