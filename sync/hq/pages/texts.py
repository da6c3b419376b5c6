"""The pages' texts: gettext domain `hq` beside the pages; English texts are the msgids.

Sentences of errors and names of tenders come from the core, so that box and headquarters speak alike.
"""

import gettext
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).resolve().parent / "locale"
LANGUAGES = {"zh-CN": "zh_CN", "en": "en"}
DOMAIN = "hq"


def marked(text: str) -> str:
    """Return the text as it is: it is translated where it is shown, and found here for the catalogue."""
    return text


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the texts of a language of `LANGUAGES`; English needs no file."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, [LANGUAGES[language]])
