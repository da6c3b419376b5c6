"""Everything dies at random moments of upgrades: the box ends on one good release, trades, and has every sale.

STOREBOX_NSPAWN_CUTS says how many moments, 100 for the whole; STOREBOX_TEST_SEED draws others.
"""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from tests.integration.running import wait_for
from tests.nspawn.bundles import Bundles
from tests.nspawn.buying import Customer
from tests.nspawn.conftest import PYTHON, REPORT, Shop
from tests.nspawn.cutting import CUT, ENDING, Moment, Plan, plans, reached
from tests.nspawn.machine import ROOT

pytestmark = [pytest.mark.nspawn, pytest.mark.slow]

SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261127"))
CUTS = int(os.environ.get("STOREBOX_NSPAWN_CUTS", "4"))
PLANS = plans(SEED, CUTS)
TRADES_WITHIN_S = 20.0
ENDS_WITHIN_S = 120.0
AIMED_WITHIN_S = 45.0
LOOK_S = 0.001
REALLY_WAITS_S = 1.0
HURRIED = """[Service]
ExecStart=
ExecStart=/usr/bin/python3 -I /opt/storebox/upgrade/guard.py /opt/storebox carry-out --wait-s 0.5 --quiet-s 3 \
--probation-s 3 --every-s 0.2 --deaf-s 5
"""
STORIES = ROOT.with_name("cuts.log")
"""What happened in each upgrade, for whoever wants to look."""
UNITS = ("storebox.service", "storebox-upgrade.service", "storebox-guard.service")
KNOWN = """
import json, sys
from pathlib import Path
from agent.store.connection import open_reader
connection = open_reader(Path("/var/lib/storebox/journal.db"))
print(json.dumps([row[0] for row in connection.execute("SELECT reference FROM view_sale WHERE reference IS NOT NULL")]))
"""


class Cut:
    """The shop whose upgrades are broken off; what is looked at lies in the root, which this side sees too."""

    def __init__(self, shop: Shop, bundles: Bundles) -> None:
        self.machine, self.bundles = shop.machine, bundles
        self.home = self.machine.root / "opt/storebox"
        self.customer = Customer(self.machine)
        self.hit: Counter[str] = Counter()
        self.after_s: dict[str, list[float]] = {}
        self.ends: Counter[str] = Counter()
        self.story: list[str] = []
        self.deaths_s: list[float] = []
        self.longest_s = 0.0
        self.began_s = 0.0
        self.waits_since_s: float | None = None
        self.person: subprocess.Popen[bytes] | None = None

    # What is seen from outside

    def running(self) -> str:
        return os.readlink(self.home / "current").rpartition("/")[2]

    def pending(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.home / "upgrade/pending.json").read_bytes())
        except FileNotFoundError:
            return None
        return found

    def ends_known(self) -> list[dict[str, Any]]:
        """Return the history of upgrades that ended."""
        try:
            text = (self.machine.root / "var/lib/storebox/upgrade/history.jsonl").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines()]

    def state(self) -> str:
        """Return where the upgrade stands; its end stands in the history while it is being tidied up."""
        pending = self.pending()
        known = self.ends_known()
        if pending is None:
            return "nothing pending"
        ended = bool(known) and known[-1]["id"] == pending["id"]
        return str(known[-1]["end"] if ended else pending["state"])

    # What is done

    def begin(self, plan: Plan) -> tuple[str, ...]:
        """Ask for an upgrade; returns the versions that the box may end on."""
        self.began_s = time.monotonic()
        running, good = self.running(), self.bundles.version("good")
        if plan.kind == "good" and running == good:
            self.machine.run("storebox", "upgrade", "return")
            return running, self.bundles.old
        hurry = ("--now",) if plan.hurry else ()
        self.machine.run("storebox", "upgrade", "import", self.bundles.path(plan.kind), *hurry)
        return (running, good) if plan.kind == "good" else (running,)

    def happens(self, moment: Moment, ended: int) -> None:
        """Let everything die at a moment, and see the shop trade again."""
        self._await(moment, ended)
        if moment.how == CUT:
            self.machine.cut_power()
            died = ["everything"]
        else:
            died = self.machine.kill_units(*UNITS)
        died_s = time.monotonic()
        self.deaths_s.append(died_s)
        state = self.state()
        self.hit[state] += 1
        if moment.how == CUT:
            self.machine.boot()
        self.story.append(
            f"{moment.how} of {', '.join(died)} in {state} (looked for {moment.aim}, {moment.delay_s:.2f} s)"
        )
        wait_for(lambda: self.customer.waited_since(died_s) is not None, 3 * TRADES_WITHIN_S)
        took_s = self.customer.waited_since(died_s)
        assert took_s is not None
        self.story[-1] += f", trades after {took_s:.1f} s"
        self.after_s.setdefault(moment.how, []).append(took_s)
        assert took_s < TRADES_WITHIN_S

    def _await(self, moment: Moment, ended: int) -> None:
        """Wait for the state that a moment is looked for in, or the end of the upgrade, whichever comes first."""
        ends_s = time.monotonic() + AIMED_WITHIN_S
        while moment.aim is not None and time.monotonic() < ends_s and self.pending() is not None:
            state = self.state()
            if reached(state, moment.aim) or (moment.aim == ENDING and len(self.ends_known()) > ended):
                break
            if moment.aim in ("switched", "probation", "returning", ENDING):
                self._hurry_what_waits(state)
            time.sleep(LOOK_S)
        time.sleep(moment.delay_s)  # the moment itself is what is random: no event may choose it

    def _is_over(self) -> bool:
        self._hurry_what_waits(self.state())
        return self.pending() is None

    def _hurry_what_waits(self, state: str) -> None:
        """A person says `now` to what really waits; every upgrade passes that state, the command waits for steps."""
        now_s = time.monotonic()
        if state != "waiting":
            self.waits_since_s = None
        elif self.waits_since_s is None:
            self.waits_since_s = now_s
        elif now_s - self.waits_since_s > REALLY_WAITS_S and (self.person is None or self.person.poll() is not None):
            self.person = self.machine.begin("storebox", "upgrade", "now")

    def ends_well(self, ended: int, versions: tuple[str, ...]) -> str:
        """Wait for the end of an upgrade and look at everything that must hold; returns how it ended."""
        wait_for(self._is_over, ENDS_WITHIN_S)
        now_s = time.monotonic()
        wait_for(lambda: self.customer.waited_since(now_s) is not None, TRADES_WITHIN_S)
        waited_s = self.customer.longest_wait_s(self.began_s, self.deaths_s)
        self.longest_s = max(self.longest_s, waited_s)
        assert waited_s < TRADES_WITHIN_S
        running = self.running()
        assert running in versions, f"{running} runs, not one of {versions}"
        health = self.machine.run("/usr/bin/python3", "-c", HEALTH)
        assert json.loads(health)["version"] == running
        self.is_whole(running)
        assert not list((self.home / "releases").glob(".*"))
        assert self.machine.json("storebox", "ledger", "verify", "--json")["holds"]
        bought = [one["reference"] for one in self.customer.acknowledged()]
        known = json.loads(self.machine.run("runuser", "-u", "storebox", "--", PYTHON, "-c", KNOWN))
        assert not set(bought) - set(known), "a sale that was acknowledged is lost"
        assert len(set(known)) == len(known), "a sale is there twice"
        found = self.ends_known()[ended:]
        assert len({one["id"] for one in found}) == len(found) <= 1, found
        return str(found[0]["end"]) if found else "nothing was taken in"

    def is_whole(self, version: str) -> None:
        """Compare each file with what was signed, or what the package brought."""
        folder = self.home / "releases" / version
        if version == self.bundles.old:
            assert self.machine.run("dpkg", "--verify", "storebox", check=False) == ""
            return
        for row in json.loads((folder / "release.json").read_bytes())["files"]:
            assert sha256((folder / row["path"]).read_bytes()).hexdigest() == row["sha256"], row


HEALTH = (
    "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=20).read().decode())"
)


@pytest.fixture(scope="module")
def cut(shop: Shop, bundles: Bundles) -> Iterator[Cut]:
    machine, made = shop.machine, Cut(shop, bundles)
    drop_in = machine.root / "etc/systemd/system/storebox-upgrade.service.d/hurried.conf"
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text(HURRIED, encoding="utf-8")
    machine.run("systemctl", "daemon-reload")
    yield made
    made.customer.ends()
    drop_in.unlink()
    machine.run("systemctl", "daemon-reload")
    for how, after_s in sorted(made.after_s.items()):
        REPORT.append(f"{how}: {len(after_s)} moments, trade again after {max(after_s):.1f} s at the most")
    REPORT.append(f"the longest time without trade: {made.longest_s:.1f} s")
    REPORT.append(f"died in: {', '.join(f'{state} {count}' for state, count in sorted(made.hit.items()))}")
    REPORT.append(f"ended: {', '.join(f'{end} {count}' for end, count in sorted(made.ends.items()))}")


@pytest.mark.parametrize("number", range(len(PLANS)))
def test_whenever_everything_dies_the_box_ends_on_one_good_release(number: int, cut: Cut) -> None:
    plan = PLANS[number]
    cut.story = [f"seed {SEED}, upgrade {number}: {plan.kind} over {cut.running()}"]
    ended = len(cut.ends_known())
    try:
        versions = cut.begin(plan)
        for moment in plan.moments:
            if cut.pending() is None:  # over before its moments were: the same once more
                cut.ends[f"{plan.kind} {cut.ends_well(ended, versions)}"] += 1
                ended, versions = len(cut.ends_known()), cut.begin(plan)
            cut.happens(moment, ended)
        cut.ends[f"{plan.kind} {cut.ends_well(ended, versions)}"] += 1
        cut.story.append(f"ended on {cut.running()}, {time.monotonic() - cut.began_s:.0f} s")
    except (AssertionError, subprocess.SubprocessError) as error:
        said = "\n".join(cut.machine.journal(unit) for unit in ("storebox-upgrade.service", "storebox.service"))
        raise AssertionError(f"{error}\n{cut.story}\n{cut.pending()}\n{said}") from error
    finally:
        with STORIES.open("a", encoding="utf-8") as file:
            file.write("\n  ".join(cut.story) + "\n")
