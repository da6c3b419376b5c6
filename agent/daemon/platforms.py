"""The payment platforms of a box, by the name under which tenders know them.

A merchant's file is `STATE/platforms/NAME.toml` or `NAME.json`, NAME being the platform's in tenders.toml (`wechat`,
`alipay`); its settings are in docs/platforms.md. A file that is wrong takes that one platform away, never the shop.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.core.errors import Refused, StoreboxError
from agent.core.payment import Platform
from agent.core.ports import Entropy
from sync.platforms.base import open_platform
from sync.platforms.files import FOLDER, merchant_files, settings_in

SIMULATED_NAMES = ("wechat", "alipay")


def simulated(
    settings: Mapping[str, str], entropy: Entropy, names: Iterable[str] = SIMULATED_NAMES
) -> dict[str, Platform]:
    """Return the simulated wallet standing in for each of `names`: practice and replays take no real money.

    `settings` are `url`, `merchant` and `secret` of the simulator.
    """
    platforms: dict[str, Platform] = {}
    for name in names:
        platform = open_platform("wallet", settings, entropy)
        platform.name = name
        platforms[name] = platform
    return platforms


def practised(folder: Path, url: str, entropy: Entropy) -> dict[str, Platform]:
    """Return the platforms as the simulator's merchants have them, reached at `url`; none without merchants."""
    found: dict[str, Platform] = {}
    for name in SIMULATED_NAMES:
        file = folder / "merchants" / f"{name}.json"
        if file.is_file():
            address = {"url": url} if name == "wechat" else {"gateway": f"{url}/gateway.do"}
            found[name] = open_platform(name, {**settings_in(file), **address}, entropy)
    return found


def from_folder(state: Path, entropy: Entropy) -> tuple[dict[str, Platform], list[StoreboxError]]:
    """Return the platforms whose merchants' files lie in a state folder, and what is wrong with the other files."""
    platforms: dict[str, Platform] = {}
    problems: list[StoreboxError] = []
    for file in merchant_files(state / FOLDER):
        try:
            settings = settings_in(file)
            platform = open_platform(settings.get("platform") or file.stem, settings, entropy)
        except StoreboxError as error:
            problems.append(_naming(file, error))
            continue
        platform.name = file.stem
        platforms[file.stem] = platform
    return platforms, problems


def _naming(file: Path, error: StoreboxError) -> StoreboxError:
    """Return an error about a setting that says in which file it stands."""
    if "setting" not in error.values:
        return error
    return Refused(error.code, **{**error.values, "setting": f"{file.name}: {error.values['setting']}"})
