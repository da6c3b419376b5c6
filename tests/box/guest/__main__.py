"""Runs the cases inside the emulated machine and reports each as a line of JSON on the second serial line.

Started by `init` with root's rights; BOX_CASES names the cases, comma-separated; empty means all.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import threading
import time
import traceback
import tty
from pathlib import Path
from typing import TextIO

from tests.box.guest import cases
from tests.box.guest.counter import Counter
from tests.box.guest.registry import Case
from tests.box.guest.rights import UNIT, groups_of_the_unit, open_the_way, ordinary_user

REPORTS = "/dev/ttyS1"
CASE_LIMIT_S = 90.0


class _Running(threading.Thread):
    """One case with the unit's rights, in a thread of its own, so that one that hangs is left behind."""

    def __init__(self, case: Case, counter: Counter) -> None:
        super().__init__(name=f"case {case.__name__}", daemon=True)
        self.outcome, self.detail = "failed", f"did not end within {CASE_LIMIT_S} s; the console shows where it hangs"
        self._case = case
        self._counter = counter

    def run(self) -> None:
        try:
            with ordinary_user(groups_of_the_unit()):
                self._case(self._counter)
        except Exception:  # noqa: BLE001 - whatever a case raises is its result
            self.detail = traceback.format_exc()
        else:
            self.outcome, self.detail = "passed", ""


def main() -> None:
    """Run what was asked for."""
    wanted = [name for name in os.environ.get("BOX_CASES", "").split(",") if name] or list(cases.CASES)
    descriptor = os.open(REPORTS, os.O_WRONLY | os.O_NOCTTY)
    tty.setraw(descriptor)
    with os.fdopen(descriptor, "w", encoding="ascii") as reports:
        open_the_way(Path(sys.executable), Path(sys.prefix, "lib"), Path(sys.base_prefix, "lib"), UNIT)
        _say("python is ready")
        counter = Counter()
        for name in wanted:
            _run_one(name, counter, reports)
        _say("all cases have run")
        counter.close()


def _run_one(name: str, counter: Counter, reports: TextIO) -> None:
    _say(name)
    began_s = time.monotonic()
    try:
        counter.set_right()
    except Exception:  # noqa: BLE001 - a counter that an earlier case broke fails this one, and the next may mend it
        outcome, detail = "failed", f"the counter is not in order:\n{traceback.format_exc()}"
    else:
        running = _Running(cases.CASES[name], counter)
        running.start()
        running.join(CASE_LIMIT_S)
        if running.is_alive():
            faulthandler.dump_traceback(sys.stderr)
        outcome, detail = running.outcome, running.detail
    seconds = round(time.monotonic() - began_s, 2)
    _say(f"{name} {outcome} after {seconds} s")
    reports.write(json.dumps({"case": name, "outcome": outcome, "seconds": seconds, "detail": detail}) + "\n")
    reports.flush()


def _say(text: str) -> None:
    """A line on the console, with the machine's age."""
    with open("/proc/uptime", encoding="ascii") as uptime:
        age_s = uptime.read().split()[0]
    print(f"guest: {age_s} s: {text}", flush=True)


if __name__ == "__main__":
    main()
