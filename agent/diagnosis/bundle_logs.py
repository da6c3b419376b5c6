"""The last hours of logs in a bundle: when, how bad, which line of the program, which codes. Never the text itself.

A line of the log names the place in the program that wrote it; with the release that is the message, without what was
filled into it. Of a traceback the places and the class of the exception are taken.
"""

import builtins
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.diagnosis import closed

SINCE_S = 2 * 3600
LINES_MAX = 20_000
LINE_BYTES_MAX = 256 * 1024
UNITS = ("storebox.service", "storebox-hq.service")
LEVELS = ("critical", "error", "warning", "info", "debug")
FIELDS = ("status", "bytes", "attempt_count", "entries", "seconds", "ms", "failures")
"""Fields whose numbers are taken."""
PACKAGES = ("agent", "drivers", "sync")

_FRAME = re.compile(r'File "([^"\n]{1,300})", line (\d{1,6})')
_PLACE = re.compile(r"((?:agent|drivers|sync)/[a-z0-9_/]{1,120}\.py):(\d{1,6})")
_RAISED = re.compile(r"^([A-Za-z_][A-Za-z0-9_.]{0,80})(?::|$)", re.MULTILINE)
_OURS = ("Refused", "TryLater", "UnknownOutcome", "Credentials", "Broken")
_ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = frozenset(
    {
        "requests.exceptions.ConnectionError",
        "requests.exceptions.ReadTimeout",
        "requests.exceptions.SSLError",
        "pysqlite3.dbapi2.OperationalError",
        "pysqlite3.dbapi2.DatabaseError",
        "serial.serialutil.SerialException",
        "usb.core.USBError",
        "pydantic_core._pydantic_core.ValidationError",
    }
)


def lines_of_journald(since_s: int = SINCE_S) -> Iterator[str]:
    """Yield the messages that journald kept of our units, oldest first; none where there is no journald."""
    command = ["journalctl", "--no-pager", "--output=json", f"--since=-{since_s}s", f"--lines={LINES_MAX}"]
    try:
        done = subprocess.run(
            [*command, *(f"--unit={unit}" for unit in UNITS)], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        kept = _object(line)
        message = None if kept is None else kept.get("MESSAGE")
        if isinstance(message, list):  # bytes that are no text
            message = bytes(each for each in message if isinstance(each, int) and 0 <= each < 256).decode(
                "utf-8", "replace"
            )
        if isinstance(message, str):
            yield message


def logs_told(lines: Iterable[str], now_ms: int, since_s: int = SINCE_S) -> list[dict[str, Any]]:
    """Return what may be told of lines of the log that are young enough, the newest ones when there are too many."""
    found = [told for line in lines if (told := line_told(line)) is not None]
    young = [one for one in found if one["at_ms"] is None or now_ms - one["at_ms"] <= since_s * 1000]
    return young[-LINES_MAX:]


def line_told(line: str) -> dict[str, Any] | None:
    """Return what may be told of one line; None of an empty one. A line that is not ours counts as text."""
    if not line.strip():
        return None
    kept = _object(line[:LINE_BYTES_MAX])
    if kept is None:
        return {"at_ms": None, "level": None, "codes": closed.codes_in(line), "form": "text"}
    text = " ".join(str(kept.get(name, "")) for name in ("event", "code", "exception"))
    told: dict[str, Any] = {
        "at_ms": _moment_ms(kept.get("at")),
        "level": closed.word(kept.get("level"), LEVELS),
        "source": _source(kept.get("source")),
        "codes": closed.codes_in(text),
    }
    told |= {name: number for name in FIELDS if (number := closed.count(kept.get(name))) is not None}
    if isinstance(kept.get("exception"), str):
        told["raised"] = _raised(kept["exception"])
        told["places"] = _places(kept["exception"])
    return told


def _object(line: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _moment_ms(value: object) -> int | None:
    try:
        return closed.moment_ms(int(datetime.fromisoformat(str(value)).timestamp() * 1000))
    except (ValueError, OverflowError, OSError):
        return None


def _source(value: object) -> str | None:
    match = _PLACE.fullmatch(value) if isinstance(value, str) else None
    return value if match is not None and isinstance(value, str) and _exists(match[1]) else None


def _exists(relative: str) -> bool:
    return ".." not in relative and (_ROOT / relative).is_file()


def _places(traceback: str) -> list[str]:
    """Return our own files and lines of a traceback; names of functions and files of others could be anything."""
    found = []
    for path, line in _FRAME.findall(traceback):
        for package in PACKAGES:
            _, between, rest = path.rpartition(f"/{package}/")
            if between and _exists(f"{package}/{rest}"):
                found.append(f"{package}/{rest}:{line}")
                break
    return found[-30:]


def _raised(traceback: str) -> list[str]:
    names = dict.fromkeys(_RAISED.findall(traceback))
    return [name for name in names if _is_exception(name)][:5]


def _is_exception(name: str) -> bool:
    if name in _FOREIGN:
        return True
    if name.rpartition(".")[2] in _OURS and name.rpartition(".")[0] in ("", "agent.core.errors"):
        return True
    known = getattr(builtins, name, None)
    return isinstance(known, type) and issubclass(known, BaseException)
