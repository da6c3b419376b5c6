"""The settings of one box: models over TOML, defaults for every key, an error for every key that nobody reads.

Separate from the daemon so that the command line can check a file without starting anything. Nothing needs a file:
a box without one trades. What the store sells and who may what is data of its own (`shipped`).
"""

import difflib
import os
import sys
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from agent.core.errors import Broken, Refused

SYSTEM_FOLDER = Path("/etc/storebox")
FILE_NAME = "storebox.toml"
OVERLAY = Path("setup") / "devices.toml"
"""Below the state folder: the devices that setup bound to tills."""
MAX_TILLS = 16
MAX_PRINTERS = 16
MAX_ROUTES = 64

ID = r"^[A-Z0-9]{1,10}$"
DEVICE_URL = r"^([a-z][a-z0-9+-]*:.+)?$"
HTTP_URL = r"^(https?://[^\s/]+.*)?$"
LOCAL_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
PROFILE = r"^[a-z0-9-]{1,40}$"
PRINTER = r"^[a-z][a-z0-9-]{0,31}$"
PAY_PAGE = r"^(https?://[A-Za-z0-9.:\[\]-]+/?)?$"
FOLDER = r"^(/.*)?$"
PLATFORM = r"^[a-z][a-z0-9_-]{0,31}$"
DEPUTY = r"^([a-z][a-zA-Z0-9-]{0,31})?$"
FINGERPRINT = r"^([0-9a-f]{32})?$"
IN_WORDS = {
    ID: "1 to 10 of A-Z and 0-9",
    DEVICE_URL: "a device URL such as tcp:192.168.1.50:9100, or empty",
    HTTP_URL: "an http:// or https:// URL, or empty",
    LOCAL_TIME: "a time such as 05:00",
    PROFILE: "the name of a file in config/devices, without .toml",
    PRINTER: "a printer's name: a letter, then up to 31 of a-z, 0-9 and -",
    PAY_PAGE: "an address without a path: https://pay.example.com",
    FOLDER: "a folder's whole path: /media/copy, or empty",
    PLATFORM: "a platform's name, as tenders.toml says it: wechat",
    DEPUTY: "a printer's name, or empty",
    FINGERPRINT: "32 hexadecimal digits in lower case, or empty",
}
"""What each pattern asks for, as a person is told."""

Id = Annotated[str, Field(pattern=ID)]
DeviceUrl = Annotated[str, Field(pattern=DEVICE_URL, max_length=300)]
HttpUrl = Annotated[str, Field(pattern=HTTP_URL, max_length=300)]
LocalTime = Annotated[str, Field(pattern=LOCAL_TIME)]
PrinterName = Annotated[str, Field(pattern=PRINTER)]
Deputy = Annotated[str, Field(pattern=DEPUTY)]
Short = Annotated[str, Field(max_length=100)]


class Section(BaseModel):
    """A table of the file: read once, never changed, no key unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class Store(Section):
    """What stands on slips until headquarters' directive about the store says otherwise."""

    name: Short = "storebox"
    branch: Short = ""
    address: Short = ""
    phone: Short = ""
    complaints: Short = "12315"
    logo: Annotated[str, Field(max_length=300)] = ""
    entity: Short = ""
    one_touch: bool = False
    cash_rounding: bool = False
    own_hosts: Annotated[tuple[Short, ...], Field(strict=False, max_length=20)] = ()


class Web(Section):
    """Where tills reach the box; further host names must be listed, others are refused."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    allowed_hosts: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Headquarters(Section):
    """Where the box reports to; without a URL it trades alone. `root` is the only root key that may enrol it."""

    url: HttpUrl = ""
    root: Annotated[str, Field(pattern=FINGERPRINT)] = ""


class Payments(Section):
    """Who holds the merchants' keys: the box itself, or headquarters, reached at up to two addresses.

    `page` is where customers' own phones pay, at headquarters. `abandoned` says what becomes of a payment whose sale no
    longer wants it.
    """

    custody: Literal["direct", "hq"] = "direct"
    pay_urls: Annotated[tuple[HttpUrl, ...], Field(strict=False, max_length=2)] = ()
    platforms: Annotated[tuple[Annotated[str, Field(pattern=PLATFORM)], ...], Field(strict=False, max_length=10)] = (
        "wechat",
        "alipay",
    )
    page: Annotated[str, Field(pattern=PAY_PAGE, max_length=60)] = ""
    abandoned: Literal["refund", "offer"] = "refund"


class Printing(Section):
    """Whether receipts print by themselves: as the tender says, or one rule for all; when an open drawer is told of."""

    receipts: Literal["tender", "always", "ask", "never"] = "tender"
    drawer_open_s: int = Field(default=60, ge=0, le=3600)


class Rescue(Section):
    """Where unsent entries are copied to as they come: a folder on a second disk or stick; empty: nowhere."""

    copy_to: Annotated[str, Field(pattern=FOLDER, max_length=300)] = ""


class Till(Section):
    """One counter and its devices, named by URL; an empty URL means that there is none."""

    till: Id = "1"
    label: Short = ""
    printer: DeviceUrl = ""
    profile: Annotated[str, Field(pattern=PROFILE)] = "pos80"
    chinese: Literal["", "gb18030", "gbk", "gb2312", "none"] = ""
    deputy: Deputy = ""
    scanner: DeviceUrl = ""
    scanner_model: Literal["", "newland", "honeywell"] = ""
    display: DeviceUrl = ""
    display_charset: Literal["ascii", "gb2312", "gbk", "gb18030"] = "gbk"
    scale: DeviceUrl = ""
    scale_protocol: Literal["continuous", "toledo8217"] = "continuous"
    float_fen: int = Field(default=0, ge=0, le=10_000_000)


def receipt_printer(till: str) -> str:
    """Return the name of a till's own printer."""
    return f"receipt{till}"


class Printer(Section):
    """A printer beside those of the tills: kitchen, bar, labels."""

    name: PrinterName
    url: DeviceUrl = ""
    profile: Annotated[str, Field(pattern=PROFILE)] = "pos80"
    deputy: Deputy = ""


class Route(Section):
    """What a printer gets of each sale: one kitchen slip, or a label a piece, of these departments; empty: of all."""

    slip: Literal["kitchen", "label"]
    printer: Deputy
    departments: Annotated[tuple[Short, ...], Field(strict=False, max_length=100)] = ()


class Settings(Section):
    """All settings of a box, with their defaults."""

    state: Annotated[Path, Field(strict=False)] = Path("/var/lib/storebox")
    language: Literal["zh-CN", "en"] = "zh-CN"
    timezone: str = "Asia/Shanghai"
    day_starts: LocalTime = "05:00"
    store: Store = Store()
    web: Web = Web()
    hq: Headquarters = Headquarters()
    payments: Payments = Payments()
    printing: Printing = Printing()
    rescue: Rescue = Rescue()
    tills: Annotated[tuple[Till, ...], Field(alias="till", strict=False)] = (Till(),)
    printers: Annotated[tuple[Printer, ...], Field(alias="printer", strict=False, max_length=MAX_PRINTERS)] = ()
    routes: Annotated[tuple[Route, ...], Field(alias="route", strict=False, max_length=MAX_ROUTES)] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no such time zone; use a name such as Asia/Shanghai") from error
        return name

    @field_validator("tills")
    @classmethod
    def _different_tills(cls, tills: tuple[Till, ...]) -> tuple[Till, ...]:
        names = [till.till for till in tills]
        if not 1 <= len(names) <= MAX_TILLS:
            raise ValueError(f"a box has 1 to {MAX_TILLS} tills")
        if len(set(names)) < len(names):
            raise ValueError("two tills have the same number")
        return tills

    @model_validator(mode="after")
    def _known_printers(self) -> Self:
        names = [receipt_printer(till.till) for till in self.tills] + [printer.name for printer in self.printers]
        if len(set(names)) < len(names):
            raise ValueError("two printers have the same name; receiptN is the printer of till N")
        for name, deputy in self.deputies.items():
            if deputy == name or deputy not in names:
                raise ValueError(f"the deputy of {name} is another printer: {', '.join(names)}")
        for route in self.routes:
            if route.printer not in names:
                raise ValueError(f"a route leads to {route.printer!r}; the printers are {', '.join(names)}")
        return self

    @property
    def deputies(self) -> dict[str, str]:
        """Which printer stands in for which, by name."""
        tills = {receipt_printer(till.till): till.deputy for till in self.tills}
        others = {printer.name: printer.deputy for printer in self.printers}
        return {name: deputy for name, deputy in {**tills, **others}.items() if deputy}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the business day."""
        return ZoneInfo(self.timezone)

    @property
    def day_starts_at(self) -> time:
        """The local time before which a new day still has yesterday's date."""
        return time.fromisoformat(self.day_starts)


TABLES: dict[tuple[str, ...], type[Section]] = {
    (): Settings,
    ("store",): Store,
    ("web",): Web,
    ("hq",): Headquarters,
    ("payments",): Payments,
    ("printing",): Printing,
    ("till",): Till,
    ("printer",): Printer,
    ("route",): Route,
}
"""Which table of the file each model reads."""


def keys_of(table: type[Section]) -> list[str]:
    """Return the keys of a table as they stand in the file."""
    return [field.alias or name for name, field in table.model_fields.items()]


def read(text: str, file: str = FILE_NAME) -> tuple[Settings, list[Refused]]:
    """Return the settings in `text` and every problem found; with a problem, the settings are the defaults."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Settings(), [Refused("config.not_toml", file=file, reason=str(error))]
    try:
        return Settings.model_validate(values), []
    except ValidationError as error:
        return Settings(), [_problem(dict(problem), file) for problem in error.errors(include_url=False)]


def _problem(found: Mapping[str, Any], file: str) -> Refused:
    place = [str(part) for part in found["loc"]]
    key = ".".join(place)
    if found["type"] != "extra_forbidden":
        pattern = found.get("ctx", {}).get("pattern")
        rule = IN_WORDS.get(pattern) or str(found["msg"]).removeprefix("Value error, ")
        return Refused("config.wrong_value", file=file, key=key, value=str(found["input"])[:80], rule=rule)
    table = tuple(part for part in found["loc"][:-1] if isinstance(part, str))
    return Refused("config.unknown_key", file=file, key=key, nearest=_nearest(table, place[-1]))


def _nearest(table: tuple[str, ...], key: str) -> str:
    """Return the most similar key of the same table, or, when none is similar, of the whole file."""
    for known in difflib.get_close_matches(key, keys_of(TABLES[table]), n=1):
        return ".".join((*table, known))
    everywhere = {known: (*name, known) for name, model in TABLES.items() for known in keys_of(model)}
    return ".".join(everywhere[difflib.get_close_matches(key, everywhere, n=1, cutoff=0.0)[0]])


def load(path: Path) -> Settings:
    """Return the settings in a file; raise the first problem as `Refused`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("config.unreadable", file=str(path), reason=str(error)) from error
    settings, problems = read(text, str(path))
    if problems:
        raise problems[0]
    return settings


def chosen_state(state: Path | None = None) -> Path | None:
    """Return the state folder asked for: by option, by STOREBOX_STATE, or by systemd."""
    if state is not None:
        return state
    named = os.environ.get("STOREBOX_STATE") or os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(named) if named else None


def locate(state: Path | None = None) -> Path | None:
    """Return the settings file in force: STOREBOX_CONFIG, the state folder's own, the system's; None: defaults."""
    if named := os.environ.get("STOREBOX_CONFIG"):
        return Path(named)
    folders = [folder for folder in (chosen_state(state), SYSTEM_FOLDER) if folder is not None]
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)


def in_force(state: Path | None = None) -> Settings:
    """Return the settings of this box; a state folder chosen by option or environment overrides the file's."""
    path = locate(state)
    settings = load(path) if path else Settings()
    folder = chosen_state(state)
    return with_found_devices(settings.model_copy(update={"state": folder}) if folder else settings)


def with_found_devices(settings: Settings) -> Settings:
    """Return the settings with what setup bound to tills, where the settings name no printer or scanner themselves."""
    path = settings.state / OVERLAY
    if not path.is_file():
        return settings
    found = {till.till: till for till in load(path).tills}
    own = tuple(_completed(till, found.get(till.till)) for till in settings.tills)
    known = {till.till for till in own}
    further = tuple(till for till in found.values() if till.till not in known)
    return settings.model_copy(update={"tills": (*own, *further)[:MAX_TILLS]})


def _completed(till: Till, found: Till | None) -> Till:
    if found is None:
        return till
    update: dict[str, str] = {}
    if not till.printer and found.printer:
        update |= {"printer": found.printer, "profile": found.profile, "chinese": found.chinese}
    if not till.scanner and found.scanner:
        update |= {"scanner": found.scanner, "scanner_model": found.scanner_model}
    return till.model_copy(update=update)


def shipped(name: str) -> Path:
    """Return a file or folder of `config/`: the system's own version first, then the one that came with storebox."""
    source = Path(__file__).resolve().parents[1]
    candidates = [SYSTEM_FOLDER / name]
    if (source / "setup.cfg").is_file():
        candidates.append(source / "config" / name)
    candidates.append(Path(sys.prefix) / "share" / "storebox" / "config" / name)
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise Broken("config.not_shipped", name=name)
