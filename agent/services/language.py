"""Texts in the shop's language: the compiled catalogues under `agent/locale`, message ids in English."""

import gettext
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

DOMAIN = "storebox"
LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES = ("zh-CN", "en")
"""Language tags as settings and documents name them; the first is the default."""


@cache
def translator(language: str) -> Callable[[str], str]:
    """Return what turns a message id into the language's text; a text without translation stays as it is.

    `language` is a tag of `LANGUAGES` or more precise (`en-GB`); an unknown one gives the default.
    """
    catalogue = gettext.translation(DOMAIN, LOCALE_FOLDER, [_folder(language)])

    @lru_cache(maxsize=4096)
    def translate(message: str) -> str:
        return catalogue.gettext(message) if message else ""  # the empty id is the catalogue's own header

    return translate


def known_language(language: str) -> str:
    """Return the tag of `LANGUAGES` that serves a wished language, the default for an unknown one."""
    wished = language.lower().replace("_", "-").split("-")[0]
    return next((tag for tag in LANGUAGES if tag.split("-")[0].lower() == wished), LANGUAGES[0])


def _folder(language: str) -> str:
    return known_language(language).replace("-", "_")
