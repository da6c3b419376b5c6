"""Every text of the pages has its Chinese, and no text is left over."""

import ast
import re
from pathlib import Path

from sync.hq.pages import texts

HERE = Path(texts.__file__).parent
NAMED = re.compile(r'(?<![n\w])_\(\s*"((?:[^"\\]|\\.)*)"|ngettext\(\s*"((?:[^"\\]|\\.)*)"')


def named() -> set[str]:
    found = set()
    for path in (HERE / "templates").glob("*.html"):
        found |= {one or many for one, many in NAMED.findall(path.read_text(encoding="utf-8"))}
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "marked":
                found |= {
                    one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def translated() -> dict[str, str]:
    catalogue = texts.catalogue("zh-CN")._catalog  # type: ignore[attr-defined]
    return {key[0] if isinstance(key, tuple) else key: text for key, text in catalogue.items() if key}


def test_each_text_is_translated_and_each_translation_is_used() -> None:
    assert named() == set(translated()), "edit hq.po, then make catalogues"


def test_placeholders_are_the_same() -> None:
    place = re.compile(r"%\(\w+\)s")
    for english, chinese in translated().items():
        assert set(place.findall(english)) == set(place.findall(chinese)), english
