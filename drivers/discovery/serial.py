"""Serial lines with hardware behind them: on the board, behind USB adapters, and devices that show as one (CDC-ACM)."""

from __future__ import annotations

from pathlib import Path

from drivers.discovery.found import Found, Naming, Roots, UsbFacts
from drivers.discovery.makers import suggest
from drivers.discovery.sysfs import identity, links, twins, usb_above

_TTY_PATTERNS = ("ttyUSB*", "ttyACM*", "ttyAMA*", "ttyS*")
_UNWIRED_8250 = "serial8250"
"""The driver of ports that a kernel prepares for whatever may be there."""


def serial_candidates(dev: Path = Path("/dev"), sys: Path = Path("/sys")) -> list[Found]:
    """Every serial line with hardware behind it, by name.

    Its address is by identity where the device has a serial number of its own, else by port: clones share their
    identity, and ttyACM0 is ttyACM1 after a re-plug. Without udev there is only the node.
    """
    roots = Roots(dev, sys)
    names = sorted({path.name for pattern in _TTY_PATTERNS for path in (sys / "class/tty").glob(pattern)})
    by_id, by_path = links(dev / "serial/by-id"), links(dev / "serial/by-path")
    shared = twins(roots)
    found = []
    for name in names:
        hardware = sys / "class/tty" / name / "device"
        if hardware.exists() and (hardware / "driver").resolve().name != _UNWIRED_8250:
            usb = usb_above(hardware, roots)
            alone = usb.serial_number != "" and identity(usb) not in shared
            found.append(_line(str(dev / name), usb, by_id.get(name, ""), by_path.get(name, ""), alone=alone))
    return found


def _line(device: str, usb: UsbFacts, by_id: str, by_path: str, *, alone: bool) -> Found:
    if alone and by_id:
        path, naming = by_id, Naming.IDENTITY
    elif by_path:
        path, naming = by_path, Naming.PORT
    elif usb.port:
        path, naming = by_id or device, Naming.NODE
    else:
        # A port of the board has its number for good.
        path, naming = device, Naming.PORT
    return Found(
        device=device,
        url=f"serial:{path}",
        naming=naming,
        suggestion=suggest(usb),
        title=usb.title,
        usb=usb,
        by_id=by_id,
        by_path=by_path,
    )
