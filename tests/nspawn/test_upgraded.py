"""The installed box takes signed bundles: a good one, one that crashes, and back by hand. Nothing sold is lost."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.canonical import canonical_bytes
from tests.integration.running import wait_for
from tests.nspawn.conftest import Shop
from tests.releases import make_bundles

pytestmark = [pytest.mark.nspawn, pytest.mark.slow]

HURRIED = """[Service]
ExecStart=
ExecStart=/usr/bin/python3 -I /opt/storebox/upgrade/guard.py /opt/storebox carry-out --wait-s 1 --quiet-s 0 \
--gate-s 20 --probation-s 2 --every-s 0.2 --deaf-s 5
"""
GOOD, CRASHING = "9.0.1", "9.0.2"
UNIT = "storebox.service"


@pytest.fixture(scope="module")
def bundles(shop: Shop) -> Iterator[dict[str, Path]]:
    """Bundles of the installed release under other versions, in the machine; their keys are trusted there."""
    machine = shop.machine
    releases = machine.root / "opt/storebox/releases"
    (old,) = (path.name for path in releases.iterdir() if not path.name.startswith("9."))
    folder = machine.root / "root/bundles"
    folder.mkdir()
    versions = {GOOD: "good", CRASHING: "crash"}
    keys, made = make_bundles(releases / old, folder, old, versions)
    (machine.root / "opt/storebox/upgrade/release-keys.json").write_bytes(canonical_bytes(keys))
    drop_in = machine.root / "etc/systemd/system/storebox-upgrade.service.d/hurried.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(HURRIED, encoding="utf-8")
    machine.run("systemctl", "daemon-reload")
    yield made
    shutil.rmtree(folder)


def status(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.machine.json("storebox", "upgrade", "status", "--json")
    return found


def taken(shop: Shop, bundle: Path) -> dict[str, Any]:
    """Take a bundle in and wait for its end, whatever it is; returns the row of history."""
    ends = len(status(shop)["rows"])
    shop.machine.run("storebox", "upgrade", "import", f"/root/bundles/{bundle.name}", "--now")
    wait_for(lambda: status(shop)["pending"] is None and len(status(shop)["rows"]) > ends, 90)
    row: dict[str, Any] = status(shop)["rows"][-1]
    return row


def test_a_good_release_is_taken_a_bad_one_goes_back(shop: Shop, bundles: dict[str, Path]) -> None:
    """From the package's release to a bundle's, then one that is no good, then back by hand; the tills trade on."""
    machine = shop.machine
    before = status(shop)["running"]["version"]
    sold = shop.counter("sell", "D001")
    row = taken(shop, bundles[GOOD])
    assert status(shop)["running"]["version"] == GOOD, (row, machine.journal("storebox-upgrade.service"))
    assert shop.counter("sales") == sold
    row = taken(shop, bundles[CRASHING])
    assert status(shop)["running"]["version"] == GOOD, row
    wait_for(lambda: machine.facts(UNIT, "ActiveState") == {"ActiveState": "active"}, 30)
    assert shop.counter("sales") == sold
    ends = len(status(shop)["rows"])
    machine.run("storebox", "upgrade", "return")
    wait_for(lambda: len(status(shop)["rows"]) > ends and status(shop)["pending"] is None, 90)
    assert status(shop)["running"]["version"] == before, machine.journal("storebox-upgrade.service")
    sold = shop.counter("sell", "D001")
    assert json.loads(machine.run("storebox", "ledger", "verify", "--json"))["holds"]
