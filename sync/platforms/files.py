"""Merchants' files: one a merchant, `NAME.toml` or `NAME.json`; what they name is a credential or lies beside them.

A file that a setting names (`private_key_file = "wechat-key.pem"`) is looked for among the unit's systemd credentials
first, which no other program reads and which are gone when the unit stops; `%d/NAME` is a credential and nothing else.
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.core.errors import Refused
from sync.credentials import credentials_folder

FOLDER = "platforms"
SECRETS = ("private_key", "api_v3_key", "api_v2_key", "app_auth_token")
_CREDENTIAL = "%d/"


def merchant_files(folder: Path) -> Iterator[Path]:
    """Yield the merchants' files of a folder by name; none when there is no folder."""
    for file in sorted(folder.glob("*")):
        if file.suffix in (".toml", ".json") and not file.name.startswith("."):
            yield file


def settings_in(file: Path, credentials: Path | None = None) -> dict[str, str]:
    """Return a merchant's settings; files that they name become paths, to credentials first.

    `credentials` is their folder, by default the unit's. Refuses with `config.unreadable`, `config.not_toml`,
    `platform.setting_wrong`, or `platform.setting_unreadable` for a credential that there is not.
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
        is_file = name.endswith("_file") and value
        settings[name] = str(_place(name, value, file.parent, credentials)) if is_file else value
    return settings


def _place(setting: str, value: str, beside: Path, credentials: Path | None) -> Path:
    folder = credentials if credentials is not None else credentials_folder()
    if value.startswith(_CREDENTIAL):
        if folder is None:
            raise Refused("platform.setting_unreadable", setting=setting, file=value[-120:])
        return folder / value.removeprefix(_CREDENTIAL)
    if folder is not None and "/" not in value and (folder / value).is_file():
        return folder / value
    return beside / value
