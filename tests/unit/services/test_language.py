"""The catalogues: complete, fitting, compiled, and tidy."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from agent.services.language import LANGUAGES, known_language, translator

LOCALE = Path("agent") / "locale"
FOLDERS = ("zh_CN", "en")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def catalogue(folder: str) -> Path:
    """Return the path of a language's texts."""
    return LOCALE / folder / "LC_MESSAGES" / "storebox.po"


def compiled(folder: str) -> bytes:
    """Return what the texts compile to now."""
    with catalogue(folder).open("rb") as source:
        texts = read_po(source, locale=folder)
    target = io.BytesIO()
    write_mo(target, texts)
    return target.getvalue()


def texts_of(texts: Catalog) -> dict[object, object]:
    """Return what a compiled catalogue says; the head names the compiler, which is no text of ours."""
    return {one.id: one.string for one in texts if one.id}


def message_ids(folder: str) -> dict[str, str]:
    """Return message id -> text."""
    with catalogue(folder).open("rb") as source:
        return {str(one.id): str(one.string) for one in read_po(source, locale=folder) if one.id}


def used_in_slips() -> Iterator[str]:
    """Return every literal argument of `translate` below agent/core and agent/services."""
    for folder in ("core", "services"):
        for path in sorted((Path("agent") / folder).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and _called(node.func) == "translate":
                    argument = node.args[0]
                    if isinstance(argument, ast.Constant):
                        yield str(argument.value)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_compiled_catalogue_is_up_to_date(folder: str) -> None:
    """Who changes a text runs `make catalogues`."""
    with catalogue(folder).with_suffix(".mo").open("rb") as kept:
        assert texts_of(read_mo(kept)) == texts_of(read_mo(io.BytesIO(compiled(folder))))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_text_of_a_slip_is_there(folder: str) -> None:
    """No slip falls back to its message id by accident."""
    missing = set(used_in_slips()) - set(message_ids(folder))
    assert not missing


@pytest.mark.parametrize("folder", FOLDERS)
def test_translations_are_whole_and_keep_their_values(folder: str) -> None:
    """Every text is translated, with the same placeholders."""
    for message, text in message_ids(folder).items():
        assert text, message
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(message)), message


def test_both_languages_have_the_same_texts() -> None:
    """What one language says the other says too, in the same order."""
    assert list(message_ids("zh_CN")) == list(message_ids("en"))


def test_a_translator_by_tag() -> None:
    """Tags, more precise tags, unknown ones, unknown texts."""
    assert translator("zh-CN")("Change") == "找零"
    assert translator("en")("Change") == "Change"
    assert translator("en-GB")("Total due") == "Total due"
    assert translator("fr")("Change") == "找零"
    assert translator("en")("no such text") == "no such text"
    assert translator("zh-CN")("") == ""


@pytest.mark.parametrize(
    ("wished", "known"), [("zh", "zh-CN"), ("zh_CN", "zh-CN"), ("EN-us", "en"), ("fr", "zh-CN"), ("", "zh-CN")]
)
def test_a_known_language(wished: str, known: str) -> None:
    """An unknown wish gives the default."""
    assert known_language(wished) == known
    assert known in LANGUAGES
