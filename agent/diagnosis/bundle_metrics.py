"""The running box's figures in a bundle: names and labels of ours, numbers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

METRICS_MAX = 2_000
_NAME = re.compile(r"storebox_[a-z_]{1,80}")
_LABEL = re.compile(r"[a-z_]{1,30}")
_WORD = re.compile(r"[a-z_]{1,40}|[a-z]{1,20}\d{1,2}|\d{1,4}(?:\.\d{1,4}){1,2}|\d{1,4}")


def metrics_told(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return `{name, labels, value}` of each figure; what has another form is left out."""
    return [told for row in rows[:METRICS_MAX] if (told := _told(row)) is not None]


def _told(row: Mapping[str, Any]) -> dict[str, Any] | None:
    name, labels, value = row.get("name"), row.get("labels"), row.get("value")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(labels, dict):
        return None
    if type(value) not in (int, float) or not all(_is_plain(key, text) for key, text in labels.items()):
        return None
    return {"name": name, "labels": labels, "value": value}


def _is_plain(key: object, text: object) -> bool:
    named = isinstance(key, str) and _LABEL.fullmatch(key)
    return bool(named and isinstance(text, str) and _WORD.fullmatch(text))
