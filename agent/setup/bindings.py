"""Which printer and scanner are whose, as setup found out: `STATE/setup/devices.toml`, read over the settings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.disk import write_private
from agent.settings import OVERLAY

_HEAD = "# Written by setup: what was proved by scanning. The settings' own lines win over these.\n"


@dataclass(frozen=True, slots=True)
class Binding:
    """The devices of one till; empty where it has none."""

    till: str
    printer: str = ""
    profile: str = "pos80"
    chinese: str = ""
    scanner: str = ""
    scanner_model: str = ""


def save_bindings(state: Path, bindings: Sequence[Binding]) -> None:
    """Write them, whole or not at all."""
    path = state / OVERLAY
    write_private(path, (_HEAD + "".join(_till(one) for one in bindings)).encode())


def _till(one: Binding) -> str:
    lines = [f"till = {_text(one.till)}"]
    if one.printer:
        lines += [f"printer = {_text(one.printer)}", f"profile = {_text(one.profile)}"]
    if one.printer and one.chinese:
        lines.append(f"chinese = {_text(one.chinese)}")
    if one.scanner:
        lines.append(f"scanner = {_text(one.scanner)}")
    if one.scanner_model:
        lines.append(f"scanner_model = {_text(one.scanner_model)}")
    return "\n[[till]]\n" + "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """Write a text as TOML does: a basic string has JSON's escapes."""
    return json.dumps(value, ensure_ascii=False)
