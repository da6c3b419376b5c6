"""The payment platforms of a box, by the name under which tenders know them.

A merchant's file is `STATE/platforms/NAME.toml` or `NAME.json`, NAME being the platform's in tenders.toml (`wechat`,
`alipay`); its settings are in docs/platforms.md. A file that is wrong takes that one platform away, never the shop.
With custody at headquarters there are no files: the platforms are reached through its payments' process.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from agent.core.errors import Refused, StoreboxError
from agent.core.payment import Platform
from agent.core.ports import Entropy
from agent.services.phone_orders import PLATFORM as PHONE
from agent.services.platform_health import PlatformHealth
from agent.settings import Settings
from sync.enrol import device_key, load_enrolment
from sync.pins import pins_of
from sync.platforms.base import Outcome, open_platform
from sync.platforms.files import FOLDER, merchant_files, settings_in
from sync.wishes import HqCustody, HqPlatform, addresses_of

PAY_PORT = 8091
SIMULATED_NAMES = ("wechat", "alipay")


def simulated(
    settings: Mapping[str, str],
    entropy: Entropy,
    names: Iterable[str] = SIMULATED_NAMES,
    health: PlatformHealth | None = None,
) -> dict[str, Platform]:
    """Return the simulated wallet standing in for each of `names`: practice and replays take no real money.

    `settings` are `url`, `merchant` and `secret` of the simulator.
    """
    platforms: dict[str, Platform] = {}
    for name in names:
        platform = open_platform("wallet", settings, entropy, _listener(health, name))
        platform.name = name
        platforms[name] = platform
    return platforms


def practised(folder: Path, url: str, entropy: Entropy, health: PlatformHealth | None = None) -> dict[str, Platform]:
    """Return the platforms as the simulator's merchants have them, reached at `url`; none without merchants."""
    found: dict[str, Platform] = {}
    for name in SIMULATED_NAMES:
        file = folder / "merchants" / f"{name}.json"
        if file.is_file():
            address = {"url": url} if name == "wechat" else {"gateway": f"{url}/gateway.do"}
            found[name] = open_platform(name, {**settings_in(file), **address}, entropy, _listener(health, name))
    return found


def from_folder(
    state: Path, entropy: Entropy, health: PlatformHealth | None = None
) -> tuple[dict[str, Platform], list[StoreboxError]]:
    """Return the platforms whose merchants' files lie in a state folder, and what is wrong with the other files."""
    platforms: dict[str, Platform] = {}
    problems: list[StoreboxError] = []
    for file in merchant_files(state / FOLDER):
        try:
            settings = settings_in(file)
            heard = _listener(health, file.stem)
            platform = open_platform(settings.get("platform") or file.stem, settings, entropy, heard)
        except StoreboxError as error:
            problems.append(_naming(file, error))
            continue
        platform.name = file.stem
        platforms[file.stem] = platform
    return platforms, problems


def through_headquarters(
    settings: Settings, entropy: Entropy, hq_url: str | None = None, health: PlatformHealth | None = None
) -> tuple[dict[str, Platform], list[StoreboxError]]:
    """Return the platforms whose keys headquarters hold, and what is wrong: without headquarters there are none.

    `hq_url` is headquarters' own URL where a parent gives it instead of the settings.
    """
    try:
        custody = _custody(settings, entropy, hq_url)
    except StoreboxError as error:
        return {}, [error]
    return {name: HqPlatform(name, custody, _listener(health, name)) for name in settings.payments.platforms}, []


def own_phones(
    settings: Settings, entropy: Entropy, hq_url: str | None = None
) -> tuple[dict[str, Platform], list[StoreboxError]]:
    """Return the platform by which headquarters are asked about orders on customers' own phones, whoever has the keys.

    None without a pay page; what is wrong otherwise.
    """
    if not settings.payments.page:
        return {}, []
    try:
        return {PHONE: HqPlatform(PHONE, _custody(settings, entropy, hq_url))}, []
    except StoreboxError as error:
        return {}, [error]


def _custody(settings: Settings, entropy: Entropy, hq_url: str | None) -> HqCustody:
    enrolment = load_enrolment(settings.state)
    keys = None if enrolment is None else enrolment.key_ring()
    if enrolment is None or keys is None:
        raise Refused("payments.no_headquarters")
    addresses = addresses_of(pay_urls(settings, hq_url or enrolment.hq_url), pins=pins_of(settings.state))
    return HqCustody(enrolment.identity, device_key(settings.state, enrolment), keys, addresses, entropy)


def pay_urls(settings: Settings, hq_url: str | None = None) -> list[str]:
    """Return headquarters' addresses for payments, the first first.

    Without any in the settings it is the URL of headquarters: behind https a proxy leads wishes to their process; plain
    http, as on one machine, has it on a port of its own.
    """
    if settings.payments.pay_urls:
        return list(settings.payments.pay_urls)
    parts = urlsplit(settings.hq.url or hq_url or "")
    if parts.scheme == "http" and parts.hostname:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return [f"http://{host}:{PAY_PORT}"]
    if not parts.hostname:
        raise Refused("payments.no_headquarters")
    return [f"{parts.scheme}://{parts.netloc}"]


def hurried(platforms: Mapping[str, Platform], divisor: float) -> None:
    """Divide every platform's timing, for practice against the simulator: a real platform keeps its pace."""
    for platform in platforms.values():
        platform.timing = platform.timing.scaled(divisor)


def _listener(health: PlatformHealth | None, name: str) -> Outcome | None:
    return None if health is None else health.listener(name)


def _naming(file: Path, error: StoreboxError) -> StoreboxError:
    """Return an error about a setting that says in which file it stands."""
    if "setting" not in error.values:
        return error
    return Refused(error.code, **{**error.values, "setting": f"{file.name}: {error.values['setting']}"})
