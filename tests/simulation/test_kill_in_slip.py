"""`kill -9` of the real box at a byte of a slip, over a pty: no receipt is ever on paper twice without saying so.

The printer lives on, as it does in a shop, and prints what the kernel still holds. Bytes come from a seed.
"""

import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.store.connection import open_reader
from tests.integration.running import wait_for
from tests.scenarios.stage import Stage, awaited, make_template

SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261003"))
BAUD = "38400"
ARTICLES = [*(f"D{number:03d}" for number in range(1, 25)), *(f"G{number}" for number in range(101, 113))]
"""So many that a receipt is longer than what may be on its way unanswered: part of it dies with the box."""
SLIP_BYTES = 3_300
"""A little more than such a receipt takes, its last status included."""
UNHURT = -1
"""Of a sale whose slip nobody killed the box for."""
COPY, VOID = "重印", "作废"
ENDED = ("printed", "printed_unverified", "unconfirmed", "not_printed")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("shop"))


def received(stage: Stage) -> int:
    """How many bytes the printer has had from the box."""
    import json

    return int(json.loads(stage.printer.obey("state"))["bytes_received"])


def sell(stage: Stage) -> str:
    """Sell many things for cash; returns the sale's number."""
    for code in ARTICLES:
        stage.post("/scan", {"text": code})
    return str(stage.post("/basket/tenders", {"kind": "cash"})["completed"]["sale"])


def on_disk(stage: Stage, query: str) -> list[Any]:
    """What the box's file says to anybody who reads it."""
    connection = open_reader(stage.state / "journal.db")
    try:
        return list(connection.execute(query).fetchall())
    finally:
        connection.close()


def states_of(stage: Stage) -> dict[str, str]:
    """State of every slip by name."""
    return dict(on_disk(stage, "SELECT slip, state FROM spool"))


def drained(stage: Stage) -> None:
    """Wait until no slip is on its way, so that the next bytes are the next slip's."""
    wait_for(lambda: all(state in ENDED for state in states_of(stage).values()), 60)


def killed_at(stage: Stage, byte: int) -> str:
    """Sell, and kill the box when the printer has had so many bytes of the slip, or when the slip has ended."""
    drained(stage)
    before = received(stage)
    sale = sell(stage)
    ends_s = time.monotonic() + 5
    while received(stage) - before < byte and states_of(stage)[f"{sale}-P0"] not in ENDED:
        assert time.monotonic() < ends_s, f"{sale} does not get to byte {byte}"
    stage.kill()
    stage.start()
    return sale


def receipts_on_paper(stage: Stage) -> tuple[Counter[str], Counter[str]]:
    """Whole originals and copies by sale."""
    originals: Counter[str] = Counter()
    copies: Counter[str] = Counter()
    for slip in stage.slips():
        numbers = [text.split()[1] for text in slip if text.startswith("单号 ")]
        assert len(numbers) <= 1, f"two receipts on one slip: {slip}"
        if numbers and not any(VOID in text for text in slip):
            (copies if any(COPY in text for text in slip) else originals)[numbers[0]] += 1
    return originals, copies


def play(stage: Stage, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    stage.log_in("01")
    stage.post("/day/open", {})
    stage.post("/shift/open", {"float_fen": 0})
    awaited(lambda: stage.look()["lamps"]["printer"]["state"], lambda lamp: lamp == "ok")
    sales = {}
    for _ in range(kills):
        if chance.random() < 0.5:
            # A slip after an interrupted one begins by ending that one; half of the kills meet a slip that need not.
            sales[sell(stage)] = UNHURT
            drained(stage)
        byte = chance.randrange(SLIP_BYTES)
        sales[killed_at(stage, byte)] = byte
    sales[sell(stage)] = UNHURT
    drained(stage)
    check(stage, sales)
    settle(stage)


def check(stage: Stage, sales: dict[str, int]) -> None:
    """Every sale is in the journal; every slip is printed and once on paper, or offered, and at most once on paper."""
    told = f"seed {SEED}, killed at bytes {sales}"
    assert {sale for (sale,) in on_disk(stage, "SELECT sale FROM view_sale")} == set(sales), told
    originals, copies = receipts_on_paper(stage)
    assert not copies, told
    offered = {one["slip"] for one in stage.look()["unconfirmed"]}
    for slip, state in states_of(stage).items():
        sale = slip.removesuffix("-P0")
        assert state in ("printed", "unconfirmed"), f"{slip} is {state}; {told}"
        assert originals[sale] == 1 or (state == "unconfirmed" and originals[sale] == 0), f"{slip} {state}; {told}"
        assert (slip in offered) == (state == "unconfirmed"), f"{slip} {state}; {told}"
    assert len(offered) < len(sales), told
    kills = sum(byte != UNHURT for byte in sales.values())
    print({"kills": kills, "unconfirmed": len(offered), "of them on paper": len(offered & paper(originals))})


def paper(sales: Counter[str]) -> set[str]:
    """The slips of these sales."""
    return {f"{sale}-P0" for sale in sales}


def settle(stage: Stage) -> None:
    """The cashier looks at the paper and answers; what is missing comes once more and says that it is a copy."""
    originals, _ = receipts_on_paper(stage)
    missing = set()
    for shown in stage.look()["unconfirmed"]:
        sale = shown["slip"].removesuffix("-P0")
        stage.post(f"/slips/{shown['slip']}/confirm", {"printed": bool(originals[sale])})
        missing |= set() if originals[sale] else {sale}
    drained(stage)
    awaited(lambda: set(receipts_on_paper(stage)[1]), lambda copies: copies == missing)
    now, copies = receipts_on_paper(stage)
    assert copies == Counter(missing)
    assert now == originals
    assert not stage.look()["unconfirmed"]


@pytest.mark.slow
def test_five_kills(template: Path, tmp_path: Path) -> None:
    with Stage(tmp_path, template, "--baud", BAUD) as stage:
        play(stage, 5, SEED)


@pytest.mark.torture
def test_a_hundred_kills(template: Path, tmp_path: Path) -> None:
    with Stage(tmp_path, template, "--baud", BAUD) as stage:
        play(stage, 100, SEED)
