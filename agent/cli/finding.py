"""What is plugged in, for people: what it probably is, the line for the settings, and who may use it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import language, progress
from agent.core.errors import Refused
from agent.settings import Settings

if TYPE_CHECKING:
    from drivers.discovery.access import Runner
    from drivers.discovery.found import Found
    from drivers.printer.profiles import PrinterProfile

SERVICE_USER = "storebox"
BAR_FROM_ADDRESSES = 256

DevOption = Annotated[Path, typer.Option(metavar="DIR", hidden=True, file_okay=False, help="Where device files are.")]
SysOption = Annotated[Path, typer.Option(metavar="DIR", hidden=True, file_okay=False, help="Where sysfs is.")]

Row = dict[str, Any]
Said = tuple[str, str]

SUGGESTIONS: dict[str, Said] = {
    "printer": ("打印机", "printer"),
    "scanner": ("扫码枪", "scanner"),
    "keyboard": (
        "键盘(其实是扫码枪的话:scanner = 下面的地址)",
        "keyboard (if it is a scanner in truth: scanner = the address below)",
    ),
    "unknown": ("不认识,打印机或扫码枪", "unknown, a printer or a scanner"),
}
NAMING: dict[str, Said] = {
    "identity": ("认设备:换口也对", "by its serial number: right in any port"),
    "port": ("认插口:换设备也对,换口要改", "by its port: right for whatever is plugged in there"),
    "node": (
        "没有固定名字:重插可能会变。装上 config/udev 的规则就有了",
        "no lasting name, a re-plug may change it: install the rules of config/udev",
    ),
    "network": ("认网络地址:请给打印机固定地址", "by its address: give the printer a fixed one"),
}
VERDICTS: dict[str, tuple[Said, Said]] = {
    "not_in_group": (
        ("{user} 不在 {group} 组,打不开", "{user} is not in the group {group} and may not open it"),
        (
            "usermod -aG {group} {user},然后 systemctl restart storebox",
            "usermod -aG {group} {user}, then systemctl restart storebox",
        ),
    ),
    "no_group": (
        ("{mode} {owner}:{group},{user} 打不开", "{mode} {owner}:{group}: {user} may not open it"),
        (
            "cp {rules} /etc/udev/rules.d/; udevadm control --reload; udevadm trigger",
            "cp {rules} /etc/udev/rules.d/; udevadm control --reload; udevadm trigger",
        ),
    ),
    "missing": (
        ("没有设备文件 {node}", "there is no device file {node}"),
        (
            "udev 没在跑,或刚拔掉:systemctl status systemd-udevd;重插",
            "udev does not run, or it has just gone: systemctl status systemd-udevd; replug",
        ),
    ),
}


def find(dev: Path, sys: Path) -> list["Found"]:
    """Return what is plugged in; libusb's addresses are proposed only where libusb is."""
    from drivers.discovery.find import find_devices
    from drivers.discovery.found import Roots
    from drivers.transport.usb_find import has_libusb

    return find_devices(Roots(dev, sys), libusb=has_libusb())


def find_in_network(network: str) -> list["Found"]:
    """Return who takes a connection on port 9100; refuses networks that are not local, or too large."""
    import time

    from drivers.base import DeviceError
    from drivers.discovery.network import hosts_of, listening, network_of, printer_at

    try:
        hosts = hosts_of(network_of(network))
    except DeviceError as error:
        raise Refused(error.code, network=network, detail=error.detail) from error
    if len(hosts) < BAR_FROM_ADDRESSES - 2:
        return [printer_at(host) for host in listening(hosts, time.monotonic)]
    with progress(network, len(hosts)) as advance:
        return [printer_at(host) for host in listening(hosts, time.monotonic, advance)]


def found_rows(settings: Settings, dev: Path, sys: Path, network: str = "") -> list[Row]:
    """Return what is found as plain rows."""
    profiles, user = profiles_shipped(), box_user()
    found = find(dev, sys) + (find_in_network(network) if network else [])
    return [row_of(one, settings, profiles, user) for one in found]


def row_of(one: "Found", settings: Settings, profiles: dict[str, "PrinterProfile"], user: "Runner") -> Row:
    """Return one found device as a row: `line` is for the settings, `access` says who may use it."""
    row: Row = {
        "suggestion": one.suggestion or "unknown",
        "product": one.title or one.device,
        "url": one.url,
        "device": one.device,
        "naming": one.naming.value,
        "alternatives": list(one.alternatives),
        "vendor_id": one.usb.vendor_id,
        "product_id": one.usb.product_id,
        "serial_number": one.serial_number,
        "port": one.usb.port,
        "mac": one.mac,
        "used_by": used_by(one, settings),
        "line": line_for(one, profiles),
    }
    return {**row, "access": access_of(one, user)}


def line_for(one: "Found", profiles: dict[str, "PrinterProfile"]) -> str:
    """Return the lines of a [[till]] for it. None for a keyboard: the box would take it away from whoever types."""
    from drivers.discovery.proposal import profiles_of_model

    if one.suggestion == "keyboard":
        return ""
    key = "scanner" if one.suggestion == "scanner" else "printer"
    line = f"{key} = {toml_text(one.url)}"
    if key == "printer":
        known = (one.device_id.get("MDL", ""), one.usb.product)
        fitting = next((names for model in known if (names := profiles_of_model(model, profiles))), [])
        return f"{line}\nprofile = {toml_text(fitting[0])}" if fitting else line
    return line


def used_by(one: "Found", settings: Settings) -> str | None:
    """Return the name of the device of the settings that this is, `receipt1` or `scanner1`."""
    from agent.daemon.named_devices import named_devices

    addresses = {one.url, *one.alternatives}
    for named in named_devices(settings):
        scheme, _, rest = named.url.partition(":")
        path = rest.partition("?")[0]
        if named.url in addresses or f"{scheme}:{path}" in addresses:
            return named.name
        if path.startswith("/") and Path(path).resolve() == Path(one.device).resolve():
            return named.name
    return None


def access_of(one: "Found", user: "Runner") -> Row:
    """Return whether the box's user may use it, and the remedy when not."""
    from drivers.discovery.access import READ, WRITE, Access, Verdict, access

    if not one.node:
        return _access_row(one, Access(Verdict.ALLOWED), user)
    reads_only = one.url.startswith("hid:") and "hidraw" not in one.device
    return _access_row(one, access(one.node, user, READ if reads_only else READ | WRITE), user)


def _access_row(one: "Found", seen: Any, user: "Runner") -> Row:
    values = {
        "user": user.name,
        "group": seen.group,
        "owner": seen.owner,
        "mode": seen.mode,
        "node": one.node,
        "rules": udev_rules(),
    }
    said, remedy = VERDICTS.get(seen.verdict.value, (("", ""), ("", "")))
    return {
        "allowed": seen.verdict.value == "allowed",
        "verdict": seen.verdict.value,
        **{key: values[key] for key in ("user", "group", "mode")},
        "said": {"zh": said[0].format_map(values), "en": said[1].format_map(values)},
        "remedy": {"zh": remedy[0].format_map(values), "en": remedy[1].format_map(values)},
    }


def show_found(found: list[Row]) -> None:
    """Print what is plugged in, each with its line and what to know about it."""
    chosen = "zh" if language() == "zh" else "en"
    for row in found:
        typer.echo()
        typer.secho(f"{SUGGESTIONS[row['suggestion']][chosen != 'zh']}: {row['product']}", bold=True, nl=False)
        typer.echo(f"  ({row['used_by']})" if row["used_by"] else "")
        for line in row["line"].splitlines() or [f"# {row['url']}"]:
            typer.echo(f"  {line}")
        typer.echo(f"  # {NAMING[row['naming']][chosen != 'zh']}" + (f", MAC {row['mac']}" if row["mac"] else ""))
        if not row["access"]["allowed"]:
            typer.secho(f"  ! {row['access']['said'][chosen]}", fg="yellow")
            typer.echo(f"    {row['access']['remedy'][chosen]}")


def box_user() -> "Runner":
    """Return the user that the box runs as: the service's where it is installed, else this one."""
    from drivers.discovery.access import runner

    try:
        return runner(SERVICE_USER)
    except KeyError:
        return runner()


def profiles_shipped() -> dict[str, "PrinterProfile"]:
    """Return every printer profile by name."""
    from agent.settings import shipped
    from drivers.printer.profiles import load_profiles

    return load_profiles(shipped("devices"))


def udev_rules() -> str:
    """Return where the udev rules that came with storebox are."""
    from agent.settings import shipped

    return str(shipped("udev/70-storebox.rules"))


def toml_text(text: str) -> str:
    """Return a text as TOML writes it: a basic string has JSON's escapes."""
    return json.dumps(text, ensure_ascii=False)
