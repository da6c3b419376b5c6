"""The scenarios in `*.txt`, each played at a real box, printer and scanner. README.md says what a line may be."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.stage import Refusal, Stage, awaited, make_template

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.txt"))
Step = Callable[[Stage, re.Match[str]], Any]
STEPS: list[tuple[re.Pattern[str], Step]] = []


def step(pattern: str) -> Callable[[Step], Step]:
    """Register what is done for lines that match."""

    def register(act: Step) -> Step:
        STEPS.append((re.compile(pattern), act))
        return act

    return register


def expect(stage: Stage, what: Callable[[], Any], wanted: Any) -> None:
    """Wait until something is as it should be."""
    found = awaited(what, lambda value: bool(value == wanted))
    assert found == wanted, f"{found!r} instead of {wanted!r}"


@step(r"log in (\d+)")
def _log_in(stage: Stage, found: re.Match[str]) -> None:
    stage.log_in(found[1])


@step(r"open day")
def _open_day(stage: Stage, found: re.Match[str]) -> None:
    stage.post("/day/open", {})


@step(r"open shift (\d+)")
def _open_shift(stage: Stage, found: re.Match[str]) -> None:
    stage.post("/shift/open", {"float_fen": int(found[1])})


@step(r"close shift (\d+)")
def _close_shift(stage: Stage, found: re.Match[str]) -> None:
    stage.post("/shift/close", {"denominations": {"1": int(found[1])}})


@step(r"scan (\S+)")
def _scan(stage: Stage, found: re.Match[str]) -> None:
    stage.scan(found[1])


@step(r"type (\S+)")
def _type(stage: Stage, found: re.Match[str]) -> None:
    stage.post("/scan", {"text": found[1]})


@step(r"pay cash(?: (\d+))?")
def _pay_cash(stage: Stage, found: re.Match[str]) -> None:
    given = {} if found[1] is None else {"given_fen": int(found[1])}
    stage.post("/basket/tenders", {"kind": "cash", **given})


@step(r"post (\S+) (\{.*\})")
def _post(stage: Stage, found: re.Match[str]) -> None:
    stage.post(found[1], json.loads(found[2]))


@step(r"refund the last sale")
def _refund(stage: Stage, found: re.Match[str]) -> None:
    stage.post(f"/sales/{stage.sales()[0]['sale']}/refunds", {"lines": None, "reason": "坏的"})


@step(r"say that the slip is (there|missing)")
def _say(stage: Stage, found: re.Match[str]) -> None:
    slip = stage.look()["unconfirmed"][0]["slip"]
    stage.post(f"/slips/{slip}/confirm", {"printed": found[1] == "there"})


@step(r"(printer|scanner) (.+)")
def _device(stage: Stage, found: re.Match[str]) -> None:
    if found[1] == "printer":
        assert stage.printer.obey(found[2]) == "ok"
    else:
        stage.scan(f"!{found[2]}")


@step(r"kill the box")
def _kill(stage: Stage, found: re.Match[str]) -> None:
    stage.kill()


@step(r"start the box")
def _start(stage: Stage, found: re.Match[str]) -> None:
    stage.start()


@step(r"expect total (\d+)")
def _total(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: (stage.look()["basket"] or {}).get("total_fen"), int(found[1]))


@step(r"expect lines (\d+)")
def _lines(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: len((stage.look()["basket"] or {"lines": []})["lines"]), int(found[1]))


@step(r"expect no basket")
def _no_basket(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: stage.look()["basket"], None)


@step(r"expect held (\d+)")
def _held(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: stage.look()["held"], int(found[1]))


@step(r"expect sales (\d+)(?: worth (\d+))?")
def _sales(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: len(stage.sales()), int(found[1]))
    if found[2]:
        assert sum(one["total_fen"] for one in stage.sales()) == int(found[2])


@step(r"expect lamp (\w+) (\w+)(?: (\S+))?")
def _lamp(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: stage.look()["lamps"][found[1]]["state"], found[2])
    if found[3]:
        expect(stage, lambda: stage.look()["lamps"][found[1]]["code"], found[3])


@step(r"expect unconfirmed (\d+)")
def _unconfirmed(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: len(stage.look()["unconfirmed"]), int(found[1]))


@step(r"expect slips (\d+)")
def _slips(stage: Stage, found: re.Match[str]) -> None:
    expect(stage, lambda: len(stage.slips()), int(found[1]))


@step(r"expect slip (contains|lacks) (.+)")
def _slip(stage: Stage, found: re.Match[str]) -> None:
    wanted = found[1] == "contains"

    def has() -> bool:
        slips = stage.slips()
        return bool(slips) and any(found[2] in text for text in slips[-1])

    assert awaited(has, lambda value: bool(value == wanted)) == wanted, stage.slips()[-1:]


@step(r"expect every receipt once")
def _once(stage: Stage, found: re.Match[str]) -> None:
    def missing_or_double() -> set[str]:
        on_paper = Counter(
            text.split()[1]
            for slip in stage.slips()
            if not any("重印" in text for text in slip)
            for text in slip
            if text.startswith("单号 ")
        )
        sold = Counter(one["sale"] for one in stage.sales())
        return set(on_paper - sold) | set(sold - on_paper)

    expect(stage, missing_or_double, set())


def play(stage: Stage, line: str) -> None:
    """Do what a line says; `refused CODE: …` expects that it is refused so."""
    refused = re.fullmatch(r"refused (\S+): (.+)", line)
    text = refused[2] if refused else line
    for pattern, act in STEPS:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        if refused is None:
            act(stage, found)
            return
        with pytest.raises(Refusal) as told:
            act(stage, found)
        assert told.value.code == refused[1]
        return
    raise AssertionError("no step is written like this; see README.md")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("shop"))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scenario(file: Path, template: Path, tmp_path: Path) -> None:
    with Stage(tmp_path, template) as stage:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            text = line.split("#")[0].strip()
            if not text:
                continue
            try:
                play(stage, text)
            except Exception as error:
                error.add_note(f"{file.name}:{number}: {text}")
                raise


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 6
