"""Where the demo keeps its things, and what it puts there before it starts: settings, catalogue, people."""

import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.settings import FILE_NAME, shipped

STORE = "S001"
BOX = "B1"
_HEAD = "# Written by storebox demo at each start; changes here are lost. The catalogue beside it is yours.\n"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo's shop; the PIN is no secret here."""

    staff: str
    name: str
    role: str
    pin: str
    role_zh: str


PEOPLE = (
    Person("01", "李店长", "store_manager", "1111", "店长"),
    Person("02", "赵店长", "store_manager", "2222", "店长"),
    Person("03", "王领班", "shift_lead", "3333", "领班"),
    Person("07", "小周", "cashier", "7777", "收银员"),
    Person("08", "小林", "cashier", "8888", "收银员"),
)


OFFICE_PEOPLE = (("王会计", "lead_accountant", "主管会计"), ("小刘", "fleet", "设备管理"))
"""Who works at the demo's headquarters: name, role, and the role's name in Chinese."""
OFFICE_PASSWORD = "storebox-demo"


@dataclass(frozen=True, slots=True)
class DemoTill:
    """A counter of the demo: which printer stands there, as emulated and as the box drives it, and whether goods are
    weighed there before a customer who reads a pole display.
    """

    till: str
    width_mm: int
    emulated: str
    profile: str
    weighs: bool = False


TILLS = (DemoTill("1", 80, "epson", "tm-t20", weighs=True), DemoTill("2", 58, "clone", "pos58"))


@dataclass(frozen=True, slots=True)
class DemoPrinter:
    """An emulated printer and where it stands: at a till, with scanner and drawer, or elsewhere by itself (`till` "").

    `name` is the box's name for it. `device` is its link and socket below `STATE/run`; `tape` names its paper log and
    the folder of its pictures.
    """

    name: str
    label: str
    label_en: str
    width_mm: int
    emulated: str
    till: str = ""

    @property
    def device(self) -> str:
        """Return the name of its link."""
        return f"printer{self.till}" if self.till else self.name

    @property
    def tape(self) -> str:
        """Return the name of its paper."""
        return f"till{self.till}" if self.till else self.name


KITCHEN = DemoPrinter("kitchen", "后厨", "Kitchen", 80, "clone")
KITCHEN_PROFILE = "pos80"
KITCHEN_DEPARTMENTS = ["热菜", "凉菜", "素菜", "主食", "小吃"]
"""What is cooked: a sale with none of it prints nothing there."""

PRINTERS = (
    *(
        DemoPrinter(f"receipt{one.till}", f"{one.till}号台", f"Till {one.till}", one.width_mm, one.emulated, one.till)
        for one in TILLS
    ),
    KITCHEN,
)
"""Every printer of the demo, the first till's first. One more line here is one more paper on the desk."""


class DemoFolder:
    """The paths below the demo's state folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.run = self.root / "run"
        self.logs = self.root / "log"
        self.hq = self.root / "hq"
        self.wallet = self.root / "wallet"
        self.desk = self.run / "desk.sock"

    def paper(self, printer: DemoPrinter) -> Path:
        """Return a printer's paper log."""
        return self.root / "paper" / f"{printer.tape}.jsonl"

    def slips(self, printer: DemoPrinter) -> Path:
        """Return the folder of a printer's painted slips."""
        return self.root / "slips" / printer.tape

    def device(self, kind: str, till: str) -> Path:
        """Return the link to a till's printer or scanner."""
        return self.run / f"{kind}{till}"

    def is_enrolled(self) -> bool:
        """Tell whether an earlier demo enrolled the box."""
        return (self.root / "keys" / "enrolment.json").exists()

    def has_merchant(self) -> bool:
        """Tell whether an earlier demo made the merchants of the platforms."""
        made = (self.wallet / "merchants" / f"{name}.json" for name in ("wechat", "alipay"))
        return all(file.exists() for file in made)

    def give_merchants(self) -> None:
        """Let headquarters take money for the simulator's merchants, as its files say that they are reached today."""
        link = self.hq / "platforms"
        if not link.exists():
            link.symlink_to(self.wallet / "merchants")

    def prepare(self, language: str, pay_page: str, pay_url: str, custody: str = "direct") -> None:
        """Make the folders, the settings, and the catalogue unless there is one.

        `pay_page` is where telephones find headquarters' pay page, `pay_url` where the box finds its payments;
        `custody` says who holds the merchants' keys, as in the settings.
        """
        for folder in (self.root, self.run, self.logs, self.hq, self.wallet, self.root / "paper", self.root / "slips"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        catalogue = self.root / "catalogue.toml"
        if not catalogue.exists():
            shutil.copyfile(shipped("demo/catalogue.toml"), catalogue)
        payments = {"custody": custody, "page": pay_page, "pay_urls": [pay_url]}
        text = _HEAD + _toml({**self._settings(language), "payments": payments})
        (self.root / FILE_NAME).write_text(text, encoding="utf-8")

    def store_name(self) -> str:
        """Return the store's name as headquarters lists it."""
        facts = _facts()
        return f"{facts['name']} {facts['branch']}"

    def _settings(self, language: str) -> dict[str, Any]:
        facts = _facts()
        english = "_en" if language == "en" else ""
        labels = {till["till"]: till for till in facts["till"]}
        return {
            "language": language,
            "timezone": facts["timezone"],
            "day_starts": facts["day_starts"],
            "store": {
                "name": facts[f"name{english}"],
                "branch": facts[f"branch{english}"],
                "address": facts["address"],
                "phone": facts["phone"],
                "complaints": facts["complaints"],
                "entity": facts["legal_entity"]["name"],
            },
            "till": [
                {
                    "till": till.till,
                    "label": labels[till.till]["label"],
                    "printer": f"serial:{self.device('printer', till.till)}?baud=115200",
                    "profile": till.profile,
                    "scanner": f"serial:{self.device('scanner', till.till)}",
                    "float_fen": labels[till.till]["float_fen"],
                    **self._weighing(till),
                }
                for till in TILLS
            ],
            "printer": [
                {
                    "name": KITCHEN.name,
                    "url": f"serial:{self.run / KITCHEN.device}?baud=115200",
                    "profile": KITCHEN_PROFILE,
                    "deputy": PRINTERS[0].name,
                }
            ],
            "route": [{"slip": "kitchen", "departments": KITCHEN_DEPARTMENTS, "printer": KITCHEN.name}],
        }

    def _weighing(self, till: DemoTill) -> dict[str, str]:
        if not till.weighs:
            return {}
        return {kind: f"serial:{self.device(kind, till.till)}" for kind in ("display", "scale")}


def _facts() -> dict[str, Any]:
    return tomllib.loads(shipped("demo/store.toml").read_text(encoding="utf-8"))


def _toml(values: dict[str, Any]) -> str:
    plain = [_pair(key, value) for key, value in values.items() if not isinstance(value, dict | list)]
    for key, value in values.items():
        tables = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
        head = f"[[{key}]]" if isinstance(value, list) else f"[{key}]"
        for table in tables:
            plain += ["", head, *(_pair(inner, each) for inner, each in table.items())]
    return "\n".join(plain) + "\n"


def _pair(key: str, value: str | int | list[str]) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
