"""The installed box, booted: it sells, restarts unseen, opens its devices and no others, keeps its key sealed, and is
started anew when it hangs. `make nspawn`.
"""

import json
from typing import Any

import pytest

from tests.integration.running import wait_for
from tests.nspawn.conftest import STATE, Shop

pytestmark = [pytest.mark.nspawn, pytest.mark.slow]

UNIT = "storebox.service"
CREDENTIAL = "/etc/credstore.encrypted/storebox.device.key"
OPEN_KEY = f"{STATE}/keys/device-1.key"
NODES = {
    # ttyUSB, ttyACM, usblp, /dev/bus/usb, input
    "tty-usb": ("c", 188, 0, "dialout"),
    "tty-acm": ("c", 166, 0, "dialout"),
    "usb-lp": ("c", 180, 0, "lp"),
    "usb-bus": ("c", 189, 200, "lp"),
    "event": ("c", 13, 200, "input"),
    # memory, the kernel's log, a disk, a tunnel: nothing of a shop's
    "mem": ("c", 1, 1, "storebox"),
    "kmsg": ("c", 1, 11, "storebox"),
    "disk": ("b", 8, 0, "storebox"),
    "tun": ("c", 10, 200, "storebox"),
}
REFUSED = {"mem", "kmsg", "disk", "tun"}


def exists(shop: Shop, path: str) -> bool:
    """Say whether there is a file inside."""
    return shop.machine.run("sh", "-c", f"test -e {path} && echo yes || echo no").strip() == "yes"


def restart(shop: Shop) -> None:
    shop.machine.run("systemctl", "restart", UNIT)


def seal(shop: Shop) -> None:
    """Bring the box to where its key is sealed and the open one gone."""
    wait_for(lambda: exists(shop, CREDENTIAL), 30)
    if exists(shop, OPEN_KEY):
        restart(shop)


def test_it_is_installed_in_seconds_and_set_up_by_three_inputs(shop: Shop) -> None:
    """Without network or compiler; machine time only, since no hand is waited for."""
    print(f"installed in {shop.installed_s:.1f} s; since power on: {shop.set_up_s}")
    assert shop.installed_s < 30
    assert shop.set_up_s["trading"] < 60, shop.set_up_s


def test_every_unit_is_up_and_none_complains(shop: Shop) -> None:
    failed = shop.machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend", "storebox*")
    assert not failed.strip(), shop.machine.journal("storebox*")
    for unit in ("storebox.socket", UNIT, "storebox-seal.path", "storebox-backup.timer", "storebox-hq.service"):
        assert shop.machine.facts(unit, "ActiveState") == {"ActiveState": "active"}, shop.machine.journal(unit)


def test_a_sale_is_printed_and_reaches_headquarters(shop: Shop) -> None:
    before = shop.counter("sales")
    sold = shop.counter("sell", "D001")
    assert sold["total_fen"] == int(str(before["total_fen"])) + 8800
    shop.printed("剁椒鱼头")
    assert wait_for(lambda: shop.machine.json("storebox", "sync", "status", "--json")["unsent"] == 0, 30)


def test_a_restart_refuses_nobody_and_keeps_the_sale(shop: Shop) -> None:
    sold = shop.counter("sell", "6900000030851")
    heard: Any = shop.counter("restart", UNIT)
    assert heard["refused"] == [] and heard["answered"] > 10
    assert shop.counter("sales") == sold


def test_the_unit_opens_the_shops_devices_and_no_others(shop: Shop) -> None:
    """In the box's own sandbox: nodes without a device behind them, and the libraries that drive devices."""
    machine = shop.machine
    machine.run("mkdir", "-p", "/dev/probe")
    for name, (kind, major, minor, group) in NODES.items():
        machine.run("sh", "-c", f"rm -f /dev/probe/{name}; mknod -m 660 /dev/probe/{name} {kind} {major} {minor}")
        machine.run("chgrp", group, f"/dev/probe/{name}")
    found = probed(shop, *(f"/dev/probe/{name}" for name in NODES))
    wanted = {f"/dev/probe/{name}": "refused" if name in REFUSED else "allowed" for name in NODES}
    assert found["nodes"] == wanted
    assert found["modules"] == "evdev pyudev serial usb.core"
    assert found["libusb_init"] == 0
    assert found["backend"] == "_LibUSB"
    assert found["inet"] is None
    assert "97" in found["packet"], "no family but those of the unit"
    assert "PermissionError" in found["executed_in_state"]
    assert found["read_only"] == ["/usr", "/etc", "/opt"]
    assert found["routes"], "whether the shop has a network is read there"
    groups = {line.split(":")[0]: int(line.split(":")[2]) for line in machine.run("cat", "/etc/group").splitlines()}
    assert {groups[name] for name in ("dialout", "lp", "input")} <= set(found["groups"])


def probed(shop: Shop, *nodes: str) -> dict[str, Any]:
    """Run guest/probe.py under the box's unit, all of it but what makes it a daemon."""
    machine = shop.machine
    text = machine.run("cat", f"/lib/systemd/system/{UNIT}")
    left_out = ("ExecStart=", "Type=", "NotifyAccess=", "Restart", "WatchdogSec=", "RuntimeDirectory=")
    lines = [line for line in text.splitlines() if not line.startswith((*left_out, "Requires=", "After=", "[Install]"))]
    at = lines.index("[Service]") + 1
    python = "/opt/storebox/current/bin/python"
    lines[at:at] = [
        "Type=oneshot",
        f"ExecStart={python} /opt/guest/probe.py {' '.join(nodes)}",
        "StandardOutput=truncate:/run/probe.json",
    ]
    lines.remove("WantedBy=multi-user.target")
    (machine.root / "etc/systemd/system/storebox-probe.service").write_text("\n".join(lines), encoding="utf-8")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "storebox-probe.service")
    found: dict[str, Any] = json.loads(machine.run("cat", "/run/probe.json"))
    return found


def test_the_key_is_sealed_and_the_open_one_goes(shop: Shop) -> None:
    seal(shop)
    assert not exists(shop, OPEN_KEY)
    assert exists(shop, f"{STATE}/keys/device-1.pub")
    assert "PRIVATE" not in shop.machine.run("cat", CREDENTIAL)
    sold = shop.counter("sell", "6900000030851")
    assert wait_for(lambda: shop.machine.json("storebox", "sync", "status", "--json")["unsent"] == 0, 30), (
        "signed by the sealed key"
    )
    assert shop.counter("sales") == sold


@pytest.mark.parametrize("loss", ["missing", "damaged", "of another machine"])
def test_a_lost_seal_is_no_dead_shop(shop: Shop, loss: str) -> None:
    """The box starts, sells, and says that it must be enrolled again; with the seal back all is well."""
    machine = shop.machine
    seal(shop)
    machine.run("cp", "-a", CREDENTIAL, "/root/kept")
    try:
        if loss == "missing":
            machine.run("rm", CREDENTIAL)
        elif loss == "damaged":
            machine.run("truncate", "--size=40", CREDENTIAL)
        else:
            machine.run("mv", "/var/lib/systemd/credential.secret", "/root/secret")
        restart(shop)
        shop.counter("sell", "6900000030851")
        assert "key.seal_lost" in machine.journal(UNIT)
    finally:
        machine.run("sh", "-c", "[ ! -e /root/secret ] || mv /root/secret /var/lib/systemd/credential.secret")
        machine.run("mv", "/root/kept", CREDENTIAL)
        restart(shop)
    assert wait_for(lambda: machine.json("storebox", "sync", "status", "--json")["unsent"] == 0, 30)


def test_a_box_that_hangs_is_started_anew(shop: Shop) -> None:
    machine = shop.machine
    sold = shop.counter("sell", "6900000030851")
    machine.run("mkdir", "-p", f"/run/systemd/system/{UNIT}.d")
    quick = f"/run/systemd/system/{UNIT}.d/quick.conf"
    machine.run("sh", "-c", f"printf '[Service]\\nWatchdogSec=4s\\n' >{quick}")
    try:
        machine.run("systemctl", "daemon-reload")
        restart(shop)
        before = machine.facts(UNIT, "MainPID", "NRestarts")
        machine.run("systemctl", "kill", "--signal=STOP", "--kill-who=main", UNIT)
        wait_for(lambda: machine.facts(UNIT, "NRestarts") != {"NRestarts": before["NRestarts"]}, 30)
        wait_for(lambda: machine.facts(UNIT, "ActiveState") == {"ActiveState": "active"}, 30)
        assert machine.facts(UNIT, "MainPID")["MainPID"] not in ("0", before["MainPID"])
        assert "Watchdog timeout" in machine.journal(UNIT)
    finally:
        machine.run("rm", quick)
        machine.run("systemctl", "daemon-reload")
    assert shop.counter("sales") == sold


@pytest.mark.parametrize("job", ["backup", "verify", "bills"])
def test_nightly_work_is_done_in_its_own_unit(shop: Shop, job: str) -> None:
    machine = shop.machine
    machine.run("systemctl", "start", f"storebox-{job}.service")
    facts = machine.facts(f"storebox-{job}.service", "Result", "ExecMainStatus")
    assert facts["Result"] == "success", machine.journal(f"storebox-{job}.service")
    if job == "backup":
        assert machine.run("sh", "-c", f"ls {STATE}/backup-*.db")
    if job == "verify":
        assert json.loads(machine.run("cat", f"{STATE}/verified.json"))["fault"] is None


def test_power_that_is_cut_takes_no_sale_away(shop: Shop) -> None:
    sold = shop.counter("sell", "D001")
    shop.machine.cut_power()
    shop.machine.boot()
    shop.plug_devices_in()
    assert wait_for(lambda: shop.machine.facts(UNIT, "ActiveState") == {"ActiveState": "active"}, 60)
    assert shop.counter("sales") == sold
    assert shop.machine.json("storebox", "ledger", "verify", "--json")["holds"]
