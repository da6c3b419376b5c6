"""The installed box takes signed bundles: a good one, one that hangs, and back by hand. Nothing sold is lost."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.running import wait_for
from tests.nspawn.bundles import Bundles
from tests.nspawn.buying import Customer
from tests.nspawn.conftest import REPORT, Shop

pytestmark = [pytest.mark.nspawn, pytest.mark.slow]

SHORT_PROBATION = """[Service]
ExecStart=
ExecStart=/usr/bin/python3 -I /opt/storebox/upgrade/guard.py /opt/storebox carry-out --wait-s 1 --probation-s 2
"""
"""All other times are those in force on a box."""
UNIT = "storebox.service"
TRADES_WITHIN_S = 20.0


@pytest.fixture(autouse=True)
def short_probation(shop: Shop) -> Iterator[None]:
    machine = shop.machine
    drop_in = machine.root / "etc/systemd/system/storebox-upgrade.service.d/short.conf"
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text(SHORT_PROBATION, encoding="utf-8")
    machine.run("systemctl", "daemon-reload")
    yield
    drop_in.unlink()
    machine.run("systemctl", "daemon-reload")


def status(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.machine.json("storebox", "upgrade", "status", "--json")
    return found


def taken(shop: Shop, bundle: str) -> dict[str, Any]:
    """Take a bundle in and wait for its end, whatever it is; returns the row of history."""
    ends = len(status(shop)["rows"])
    shop.machine.run("storebox", "upgrade", "import", bundle, "--now")
    wait_for(lambda: status(shop)["pending"] is None and len(status(shop)["rows"]) > ends, 90)
    row: dict[str, Any] = status(shop)["rows"][-1]
    return row


def test_a_good_release_is_taken_and_given_back_by_hand(shop: Shop, bundles: Bundles) -> None:
    """From the package's release to a bundle's, and back; the tills trade on."""
    machine = shop.machine
    before = status(shop)["running"]["version"]
    sold = shop.counter("sell", "D001")
    row = taken(shop, bundles.path("good"))
    assert status(shop)["running"]["version"] == bundles.version("good"), (row, machine.journal("storebox-upgrade"))
    assert shop.counter("sales") == sold
    ends = len(status(shop)["rows"])
    machine.run("storebox", "upgrade", "return")
    wait_for(lambda: len(status(shop)["rows"]) > ends and status(shop)["pending"] is None, 90)
    assert status(shop)["running"]["version"] == before, machine.journal("storebox-upgrade.service")
    shop.counter("sell", "D001")
    assert json.loads(machine.run("storebox", "ledger", "verify", "--json"))["holds"]


def test_a_release_that_hangs_keeps_nobody_waiting_for_twenty_seconds(shop: Shop, bundles: Bundles) -> None:
    """It neither gets ready nor stops when it is asked to; the times are those of a box."""
    machine, bundle = shop.machine, bundles.path("stuck")
    before = status(shop)["running"]["version"]
    customer, began_s = Customer(machine), time.monotonic()
    try:
        row = taken(shop, bundle)
    finally:
        customer.ends()
    assert (row["end"], row["reason"]) == ("returned", "upgrade.no_good_answer"), row
    assert status(shop)["running"]["version"] == before
    assert machine.facts(UNIT, "ActiveState") == {"ActiveState": "active"}
    waited_s = customer.longest_wait_s(began_s)
    REPORT.append(f"a release that hangs, by the times of a box: {waited_s:.1f} s without trade")
    assert waited_s < TRADES_WITHIN_S, machine.journal("storebox-upgrade.service")
