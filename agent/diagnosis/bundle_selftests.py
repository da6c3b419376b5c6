"""The self-tests of a box in a bundle: when printer and scanner were proved, and how the last drill went."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.diagnosis import closed
from agent.diagnosis.drill_record import load_record

REPORT = Path("setup/report.json")
HISTORY = Path("setup/history.jsonl")
HISTORY_MAX = 50
FILE_BYTES_MAX = 256 * 1024
_TIMES = ("at_ms", "made_at_ms", "tested_at_ms", "scanned_at_ms", "printed_at_ms")
_COUNTS = ("print_ms", "scan_ms", "printers", "scanners", "format", "version", "tills", "devices", "steps", "passed")


def selftests_told(state: Path) -> dict[str, Any]:
    """Return the last signed report of setup, those before it, and the last drill: times and outcomes, no names."""
    text = _text(state / HISTORY)
    rows = [told for line in text.splitlines()[-HISTORY_MAX:] if (told := _told(line)) is not None]
    return {"report": _told(_text(state / REPORT)), "history": rows, "drill": _drill_told(state)}


def _drill_told(state: Path) -> dict[str, Any] | None:
    """Return how the last drill went, and whether it is over; None without one that can be read."""
    record = load_record(state)
    if record is None:
        return None
    passed = record.document()["passed"]
    return {
        "started_ms": closed.moment_ms(record.started_ms),
        "at_ms": closed.moment_ms(record.at_ms),
        "done": record.is_over,
        "passed": closed.flag(passed),
        "steps": {one.step.value: {"state": one.state.value, "code": closed.code(one.code)} for one in record.steps},
    }


def _told(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _plain(value) if isinstance(value, dict) else None


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: closed.moment_ms(document.get(name)) for name in _TIMES}
    for name in _COUNTS:
        value = document.get(name)
        found[name] = closed.count(len(value) if isinstance(value, list) else value)
    return {name: value for name, value in found.items() if value is not None}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        return ""
