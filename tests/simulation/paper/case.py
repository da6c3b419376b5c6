"""One case of the grid, from a number: a printer, slips on their way, a fault at a byte, people who put it right."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.emulators.profiles import Profile, profile_for
from drivers.printer.profiles import PrinterProfile, load_profiles
from tests.simulation.paper.line import Cable

PROFILES = load_profiles(Path(__file__).parents[3] / "config/devices")


@dataclass(frozen=True)
class Model:
    """A printer as our driver knows it, and as the emulator is it."""

    name: str
    profile: PrinterProfile
    emulated: Profile


MODELS = (
    Model("epson 80 mm", PROFILES["tm-t88"], profile_for("epson", 80)),
    Model("clone 80 mm", PROFILES["pos80"], profile_for("clone", 80)),
    Model("clone 58 mm", PROFILES["pos58"], profile_for("clone", 58)),
    Model("epson 58 mm", dataclasses.replace(PROFILES["tm-t20"], dots=384), profile_for("epson", 58)),
    Model("epson 80 mm, XON/XOFF", PROFILES["tm-t20"], profile_for("epson", 80, "xonxoff")),
    Model("write-only 58 mm", PROFILES["write-only"], profile_for("write-only", 58)),
    Model("clone 80 mm, no flow control", PROFILES["pos80"], profile_for("clone", 80, "drop")),
)


@dataclass(frozen=True)
class Fault:
    """What happens to the printer, after how many bytes, and what people do about it so much later."""

    word: str
    at_byte: int
    cure: tuple[str, ...]
    cured_after_s: float

    def __str__(self) -> str:
        return f"{self.word} at {self.at_byte}, {' + '.join(self.cure)} after {self.cured_after_s} s"


KINDS: dict[str, tuple[str, tuple[str, ...], float, float]] = {
    "unplug": ("unplug", ("plug",), 0.05, 6.0),
    "power": ("power off", ("power on",), 1.5, 8.0),
    "paper": ("paper out", ("paper ok",), 0.3, 9.0),
    "cover": ("cover open", ("cover closed",), 0.3, 9.0),
    "jam": ("jam", ("cover open", "cover closed"), 3.0, 12.0),
    "silence": ("silence", ("clear",), 0.5, 15.0),
    "garbage": ("garbage", ("clear",), 0.5, 15.0),
    "late": ("late", ("clear",), 5.0, 20.0),
    "xoff": ("xoff", ("clear",), 0.5, 20.0),
}
KILL = "kill"
FAULTS = (*KINDS, KILL)
LATE_MS = (80, 300, 700, 950, 1400, 3000)


@dataclass(frozen=True)
class Case:
    """Everything that happens in one case."""

    number: int
    model: Model
    cable: Cable
    line_ms: float
    lengths: tuple[str, ...]
    faults: tuple[Fault, ...]
    kill_at: int | None
    restart_after_s: float
    third_sale_after_s: float

    def __str__(self) -> str:
        kill = (f"kill -9 at step {self.kill_at}, restart after {self.restart_after_s} s",) if self.kill_at else ()
        happens = "; ".join((*map(str, self.faults), *kill))
        return (
            f"case {self.number}: {self.model.name}, {self.cable}, {self.line_ms} ms a line, slips {self.lengths},"
            f" third sale after {self.third_sale_after_s} s: {happens}"
        )


def case_of(seed: int, number: int) -> Case:
    """Draw a case: printers and faults in turn, the byte anywhere on the first slips, the rest by chance."""
    chance = random.Random(f"{seed}/{number}")
    model = MODELS[number % len(MODELS)]
    first = FAULTS[number // len(MODELS) % len(FAULTS)]
    kinds = [first]
    if chance.random() < 0.4:
        kinds.append(chance.choice([kind for kind in FAULTS if kind != first]))
    lengths = tuple(chance.choices(("short", "usual", "coded", "long"), (55, 30, 12, 3), k=3))
    reach = 1_100 if "long" not in lengths[:2] else 7_000
    faults = tuple(_fault(kind, chance, reach) for kind in kinds if kind != KILL)
    return Case(
        number=number,
        model=model,
        cable=Cable(
            baud=chance.choice((None, None, 9_600, 19_200, 115_200)),
            kernel_bytes=chance.choice((4_096, 12_288, 90_112)),
            xonxoff=model.emulated.flow == "xonxoff",
            claims_rate=chance.random() < 0.8,
            keeps_after_close=chance.random() < 0.7,
        ),
        line_ms=chance.choice((0, 0, 0, 10, 35)),
        lengths=lengths,
        faults=faults,
        kill_at=chance.randrange(1, 45) if KILL in kinds else None,
        restart_after_s=round(chance.uniform(0.1, 4.0), 2),
        third_sale_after_s=round(chance.uniform(0.0, 8.0), 2),
    )


def _fault(kind: str, chance: random.Random, reach: int) -> Fault:
    word, cure, soonest_s, latest_s = KINDS[kind]
    if kind == "late":
        word = f"late {chance.choice(LATE_MS)}"
    return Fault(word, chance.randrange(1, reach), cure, round(chance.uniform(soonest_s, latest_s), 2))


def document_of(slip: str, length: str) -> dict[str, Any]:
    """A slip that says its name in its first and last line."""
    blocks: list[dict[str, Any]] = [
        {"kind": "text", "text": f"单号 {slip} 起", "align": "center", "size": "double"},
        {"kind": "rule", "char": "="},
    ]
    for number in range({"short": 2, "usual": 6, "coded": 3, "long": 90}[length]):
        blocks.append(
            {"kind": "item", "name": f"小炒黄牛肉{number}", "quantity": "1", "price": "58.00", "amount": "58.00"}
        )
    if length == "coded":
        blocks.append({"kind": "qr", "data": f"HTTPS://SHOP.EXAMPLE/R1{slip}", "millimetres": 20})
    blocks += [
        {"kind": "pair", "left": "应收", "right": "￥151.00", "size": "tall"},
        {"kind": "text", "text": f"单号 {slip} 讫"},
        {"kind": "cut"},
    ]
    return {"title": "小票", "language": "zh-CN", "blocks": blocks}
