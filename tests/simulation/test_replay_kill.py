"""`kill -9` of the box at any moment of a replay: after each restart it goes on, and nothing is there twice or missing.

Printer, headquarters and wallet live on. Moments come from a seed; what a machine does until then is its own.
"""

import os
import random
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.store import views
from agent.store.verify import verify
from tests.surroundings import Around, Replay, around, money_of, new_replay, running, same_entries, some_baskets

__all__ = ["around"]
SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261003"))
NUMBER = re.compile(r"单号 (\S+)")
VOID = "作废"
COPY = "重印"


class Killer:
    """Starts a replay and kills it, again and again."""

    def __init__(self, replay: Replay, chance: random.Random) -> None:
        self.replay = replay
        self.chance = chance
        self.kills = 0
        self.kills_while_selling = 0

    def one_life(self) -> bool:
        """Run until a random moment; False when the replay ended by itself before it."""
        entries = self._entries()
        process = self.replay.start()
        if self.chance.random() < 0.3:
            ended = self._lives(process, self.chance.uniform(0.05, 1.2))
        else:
            wanted = entries + 1 + self.chance.randrange(150)
            ended = self._sells(process, wanted) or self._lives(process, self.chance.uniform(0.0, 0.05))
        process.kill()
        _, err = process.communicate()
        if ended and process.returncode == 0:
            return False
        assert process.returncode == -9, err[-3000:]
        self.kills += 1
        self.kills_while_selling += self._entries() > entries
        return True

    def _lives(self, process: "subprocess.Popen[str]", seconds: float) -> bool:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _sells(self, process: "subprocess.Popen[str]", wanted: int) -> bool:
        """Wait until the journal has so many entries."""
        while running(process) and self._entries() < wanted:
            time.sleep(0.01)
        return not running(process)

    def _entries(self) -> int:
        if not self.replay.journal.exists():
            return 0
        try:
            return int(self.replay.one("SELECT count(*) FROM journal"))
        except Exception as error:  # noqa: BLE001 - the file may be in the making
            print(f"not readable yet: {error}")
            return 0


def check(replay: Replay, killer: Killer, baskets: list[dict[str, object]]) -> None:
    """Every basket once in the box, at headquarters and on paper; what is not known is said, once a kill at most."""
    summary = replay.finish(timeout_s=600)
    print({**summary, "kills": killer.kills, "while_selling": killer.kills_while_selling})
    assert summary["refused"] == []
    assert summary["completed"] + summary["refunded"] == len(baskets)
    assert summary["paid_fen"] == money_of(baskets)
    recorded = [
        number
        for (number,) in replay.query(
            "SELECT json_extract(body, '$.reference') FROM journal WHERE kind IN ('sale.completed', 'sale.refunded')"
        )
    ]
    assert sorted(recorded) == sorted(str(one["basket"]) for one in baskets)
    assert summary["slips_printed"] + summary["slips_unconfirmed"] == len(baskets)
    all_unconfirmed = replay.one("SELECT count(*) FROM view_slip WHERE state = 'unconfirmed'")
    assert all_unconfirmed <= killer.kills
    assert not list(same_entries(replay))
    assert verify(replay.journal, views).fault is None
    assert replay.one("SELECT count(*) FROM draft") == 0
    assert replay.one("SELECT count(*) FROM view_attempt WHERE state IN ('open', 'parked')") == 0
    assert replay.one("SELECT count(*) FROM view_platform_refund WHERE state = 'started'") == 0
    assert replay.one("SELECT sum(amount_fen) FROM view_account") == 0
    check_paper(replay)
    check_wallet(replay)


def check_wallet(replay: Replay) -> None:
    """What the wallet took and kept is what the journal says: nothing charged twice, nothing unrecorded."""
    books = sqlite3.connect(str(replay.around.wallet_state / "wallet.db"))
    own = f"{replay.store}_%"
    paid = dict(
        books.execute(
            "SELECT out_trade_no, amount_fen FROM trade_order o WHERE state = 'paid' AND out_trade_no LIKE ?"
            " AND NOT EXISTS(SELECT 1 FROM refund r WHERE r.out_trade_no = o.out_trade_no)",
            (own,),
        )
    )
    books.close()
    used = dict(replay.query("SELECT attempt, amount_fen FROM view_attempt WHERE state = 'paid' AND used"))
    assert paid == used
    assert sum(paid.values()) == replay.one(
        "SELECT coalesce(sum(json_extract(t.value, '$.amount_fen')), 0) FROM journal j,"
        " json_each(j.body, '$.tenders') t"
        " WHERE j.kind = 'sale.completed' AND json_extract(t.value, '$.attempt') IS NOT NULL"
    )
    assert paid


def check_paper(replay: Replay) -> None:
    """Every printed receipt is on paper once, and an unconfirmed one once at most; no slip lies on another."""
    states = dict(replay.query("SELECT subject, state FROM view_slip WHERE purpose = 'receipt' AND copy = 0"))
    on_paper: Counter[str] = Counter()
    for slip in replay.printer.slips():
        numbers = [found[1] for text in slip if (found := NUMBER.match(text))]
        voided = any(VOID in text for text in slip)
        assert len(numbers) <= 1, slip
        if numbers and not any(COPY in text for text in slip):
            on_paper[numbers[0]] += 1
            assert not (voided and states[numbers[0]] == "printed"), slip
    assert all(on_paper[sale] == 1 for sale, state in states.items() if state == "printed")
    assert all(on_paper[sale] <= 1 for sale in states)
    assert set(on_paper) <= set(states)


def killed_often(replay: Replay, kills: int, seed: int) -> Killer:
    """Kill so often, or until the baskets are through."""
    print(f"seed {seed}")
    killer = Killer(replay, random.Random(seed))
    while killer.kills < kills and killer.one_life():
        pass
    return killer


@pytest.mark.slow
def test_ten_kills(around: Around, tmp_path: Path) -> None:
    baskets = some_baskets(300)
    replay = new_replay(around, tmp_path, baskets)
    killer = killed_often(replay, 10, SEED)
    assert killer.kills == 10
    assert killer.kills_while_selling >= 4
    check(replay, killer, baskets)


@pytest.mark.torture
def test_two_hundred_kills(around: Around, tmp_path: Path) -> None:
    baskets = some_baskets(4_194)
    replay = new_replay(around, tmp_path, baskets)
    killer = killed_often(replay, 200, SEED)
    assert killer.kills == 200
    check(replay, killer, baskets)
