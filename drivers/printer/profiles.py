"""What a printer model can do, read from data: one TOML file a model.

Separate from the driver so that a new model is a file in config/devices and no code. Defaults are the least that
any ESC/POS printer does, so a file names only what its printer does beyond them.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from drivers.base import DeviceError
from drivers.printer.charset import REPERTOIRES, Charset, CodePage

DOTS_PER_CELL = 12
DOTS_PER_MM = 8
"""203 dpi, as nearly all receipt printers; on one of 180 dpi a code comes out an eighth wider than wished."""


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    """One printer model; every field is a fact about the machine, none a wish of the shop."""

    name: str
    title: str = ""
    dots: int = 384
    charset: Charset = field(default=Charset("gb2312"))
    native_qr: bool = False
    cutter: bool = False
    tear_feed_lines: int = 4
    status: bool = False
    """Answers DLE EOT 1 to 4 in real time."""
    automatic_status: bool = False
    """Reports changes by itself after GS a (automatic status back)."""
    process_ids: bool = False
    """Answers GS ( H when the data before it is on paper."""
    fence: bool = False
    """Answers GS r in order, after everything before it."""
    identify: bool = False
    """Answers GS I 66 to 69 with maker, model, serial number and Chinese font."""
    counters: bool = False
    """Answers GS g 2 with its counters; the one of cuts proves slips whose end nobody heard."""
    drawer_real_time: bool = False
    """Gives a drawer pulse on arrival (DLE DC4, function 1), also without paper; else it queues behind the text."""
    label_paper: bool = False
    """Die-cut labels or marked paper: the end of a slip is the next label's begin (FF), found by a sensor."""
    drawer_open_is_high: bool = False
    """Pin 3 of the drawer socket is high while the drawer is open."""
    reply_timeout_s: float = 1.0
    """The longest that a live printer takes to answer a status request."""
    line_s: float = 0.08
    """The longest that a line of text takes from the buffer to paper."""

    @property
    def cells(self) -> int:
        """Half-width cells of a line at normal size."""
        return self.dots // DOTS_PER_CELL


def load_profiles(directory: Path) -> dict[str, PrinterProfile]:
    """Every profile of a directory by name, which is the file's name without `.toml`."""
    return {path.stem: load_profile(path) for path in sorted(directory.glob("*.toml"))}


def with_chinese(profile: PrinterProfile, repertoire: str) -> PrinterProfile:
    """The profile with another set of Chinese characters, with its own for an empty text. ValueError for an unknown."""
    if not repertoire:
        return profile
    if repertoire not in REPERTOIRES:
        raise ValueError(f"{repertoire!r} is none of {', '.join(REPERTOIRES)}")
    return replace(profile, charset=Charset(repertoire, profile.charset.pages))


def load_profile(path: Path) -> PrinterProfile:
    """Read one file. Raises DeviceError `profile.unreadable` or what `profile_from` raises."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeviceError("profile.unreadable", f"{path}: {error}") from error
    return profile_from(path.stem, values)


def profile_from(name: str, values: Mapping[str, Any]) -> PrinterProfile:
    """Make a profile of plain data. Raises DeviceError `profile.unknown_key` naming the nearest key, or
    `profile.bad_value`.
    """
    known = {entry.name for entry in fields(PrinterProfile)} - {"name", "charset"}
    rest = dict(values)
    charset = _charset(name, rest.pop("chinese", "gb2312"), rest.pop("code_pages", {}))
    defaults = PrinterProfile(name)
    for key, value in rest.items():
        if key not in known:
            near = difflib.get_close_matches(key, [*known, "chinese", "code_pages"], n=1, cutoff=0.4)
            raise DeviceError("profile.unknown_key", f"{name}: {key}" + (f"; did you mean {near[0]}?" if near else ""))
        expected = type(getattr(defaults, key))
        if type(value) is not expected and not (expected is float and type(value) is int):
            raise DeviceError("profile.bad_value", f"{name}: {key} expects {expected.__name__}, got {value!r}")
    profile = PrinterProfile(name, charset=charset, **rest)
    _check(profile)
    return profile


def _check(profile: PrinterProfile) -> None:
    if not 192 <= profile.dots <= 832:
        raise DeviceError("profile.bad_value", f"{profile.name}: dots {profile.dots} is not from 192 to 832")
    if not 0 < profile.reply_timeout_s <= 10:
        raise DeviceError("profile.bad_value", f"{profile.name}: reply_timeout_s is not from 0 to 10")
    if (profile.process_ids or profile.fence or profile.automatic_status or profile.identify) and not profile.status:
        raise DeviceError("profile.bad_value", f"{profile.name}: a printer that answers anything answers DLE EOT")
    if profile.counters and not (profile.cutter and profile.status):
        raise DeviceError("profile.bad_value", f"{profile.name}: counters count the cuts of a printer that answers")


def _charset(name: str, chinese: object, code_pages: object) -> Charset:
    if chinese not in REPERTOIRES:
        raise DeviceError("profile.bad_value", f"{name}: chinese is one of {', '.join(REPERTOIRES)}, got {chinese!r}")
    if not isinstance(code_pages, Mapping):
        raise DeviceError("profile.bad_value", f"{name}: code_pages maps names to numbers")
    return Charset(str(chinese), tuple(_code_page(name, *entry) for entry in code_pages.items()))


def _code_page(name: str, codec: str, number: object) -> CodePage:
    if not isinstance(number, int) or not 0 <= number <= 255:
        raise DeviceError("profile.bad_value", f"{name}: code page {codec} has no number from 0 to 255")
    try:
        "e".encode(codec)
    except LookupError as error:
        raise DeviceError("profile.bad_value", f"{name}: no code page is called {codec!r}") from error
    return CodePage(codec, number)
