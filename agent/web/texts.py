"""The pages' texts: gettext domain `web`, served to the browser as one JSON object a language."""

from functools import cache
from gettext import GNUTranslations
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"
FOLDERS = {"zh-CN": "zh_CN", "en": "en"}


@cache
def texts(language: str) -> dict[str, str]:
    """Return msgid -> text of a language of `FOLDERS`."""
    path = LOCALE / FOLDERS[language] / "LC_MESSAGES" / "web.mo"
    with path.open("rb") as file:
        catalog: dict[object, str] = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {msgid: text for msgid, text in catalog.items() if isinstance(msgid, str) and msgid}
