"""Merchants' files: one a merchant, `NAME.toml` or `NAME.json`; what they name lies beside them."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.core.errors import Refused

FOLDER = "platforms"


def merchant_files(folder: Path) -> Iterator[Path]:
    """Yield the merchants' files of a folder by name; none when there is no folder."""
    for file in sorted(folder.glob("*")):
        if file.suffix in (".toml", ".json") and not file.name.startswith("."):
            yield file


def settings_in(file: Path) -> dict[str, str]:
    """Return a merchant's settings; files that they name are looked for beside the merchant's own.

    Refuses with `config.unreadable`, `config.not_toml` or `platform.setting_wrong`.
    """
    try:
        text = file.read_text(encoding="utf-8")
        values: Any = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("config.unreadable", file=str(file), reason=type(error).__name__) from error
    except ValueError as error:
        raise Refused("config.not_toml", file=str(file), reason=type(error).__name__) from error
    if not isinstance(values, dict):
        raise Refused("config.not_toml", file=str(file), reason="no table")
    settings = {}
    for name, value in values.items():
        if not isinstance(value, str):
            raise Refused("platform.setting_wrong", setting=name)
        settings[name] = str(file.parent / value) if name.endswith("_file") and value else value
    return settings
