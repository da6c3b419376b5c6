"""The words that make an emulated device misbehave, one a line: `paper out`, `unplug at 300`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SIMPLE: Final = {
    "paper": ("out", "low", "ok"),
    "cover": ("open", "closed"),
    "power": ("off", "on"),
    "drawer": ("open", "closed", "none"),
    "unplug": (),
    "plug": (),
    "jam": ("", "off"),
    "silence": ("", "off"),
    "garbage": ("", "off"),
    "xoff": ("", "off"),
    "clear": (),
    "state": (),
}
MAX_LATE_MS = 600_000
PRINTER_WORDS = (
    "paper out|low|ok, cover open|closed, unplug, plug, power off|on, jam [off], silence [off], "
    "garbage [off], late MS, xoff [off], drawer open|closed|none, clear, state; any but state with 'at N'"
)
"""What `parse` takes, for help and for the sentence of a refusal."""


class UnknownWord(ValueError):
    """Not a word of the printer; the text names those there are."""


@dataclass(frozen=True, slots=True)
class Word:
    """One fault or cure. `at_byte` counts bytes received from the moment the word is given."""

    verb: str
    value: str = ""
    late_ms: int = 0
    at_byte: int | None = None

    def __str__(self) -> str:
        amount = str(self.late_ms) if self.verb == "late" else self.value
        return f"{self.verb} {amount}".strip()


def _number(text: str, what: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or int(text) > most:
        raise UnknownWord(f"{what} is a number from 0 to {most}, not {text!r}")
    return int(text)


def parse(line: str) -> Word:
    """Read one word; raises UnknownWord."""
    parts = line.split()
    at_byte = None
    if len(parts) > 2 and parts[-2] == "at":
        at_byte = _number(parts[-1], "the byte after 'at'", 10**12)
        parts = parts[:-2]
    if len(parts) == 2 and parts[0] == "late":
        return Word("late", late_ms=_number(parts[1], "the delay", MAX_LATE_MS), at_byte=at_byte)
    if parts == ["state"] and at_byte is not None:
        raise UnknownWord("'state' is answered at once, without 'at'")
    values = _SIMPLE.get(parts[0]) if parts else None
    if values is not None and len(parts) <= 2:
        value = parts[1] if len(parts) == 2 else ""
        if value in (values or ("",)):
            return Word(parts[0], value, at_byte=at_byte)
    raise UnknownWord(f"unknown word {line.strip()!r}; there are {PRINTER_WORDS}")
