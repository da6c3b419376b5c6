"""Scanners that are HID devices: keyboards (evdev), and HID-POS devices that have no keys (hidraw)."""

from __future__ import annotations

from pathlib import Path

from drivers.discovery.found import Found, Naming, Roots, UsbFacts
from drivers.discovery.makers import suggest
from drivers.discovery.sysfs import identity, links, raw, text, twins, usb_above
from drivers.discovery.usb import NAMES_BY_RULE
from drivers.transport.hid_report import scan_report

_KEYS_OF_A_KEYBOARD = (1 << 2) | (1 << 11) | (1 << 28) | (1 << 30)
"""1, 0, Enter and A (linux/input-event-codes.h): a mouse, a power button or a pedal lacks them."""


def keyboard_candidates(roots: Roots) -> list[Found]:
    """Every input device that types, by event number: `scanner` where maker or name tells, else `keyboard`.

    A scanner that says no more than that it is a keyboard cannot be told from one; a person has to.
    """
    by_id, by_path = links(roots.dev / "input/by-id"), links(roots.dev / "input/by-path")
    shared = twins(roots)
    found = []
    for event in sorted((roots.sys / "class/input").glob("event*"), key=_number):
        device = event / "device"
        if not _types(text(device / "capabilities/key")):
            continue
        usb, name = usb_above(device, roots), text(device / "name")
        path, naming = _name(event.name, usb, by_id, by_path, roots.dev / "input", shared)
        found.append(
            Found(
                device=str(roots.dev / "input" / event.name),
                url=f"hid:{path}",
                naming=naming,
                suggestion=suggest(usb, name) if suggest(usb, name) == "scanner" else "keyboard",
                title=name or usb.title,
                usb=usb,
                by_id=by_id.get(event.name, ""),
                by_path=by_path.get(event.name, ""),
            )
        )
    return found


def hidraw_candidates(roots: Roots) -> list[Found]:
    """Every HID-POS scanner; other hidraw devices are not scanners and are not listed."""
    by_rule, shared = links(roots.dev / NAMES_BY_RULE), twins(roots)
    found = []
    for node in sorted((roots.sys / "class/hidraw").glob("hidraw*"), key=_number):
        device = node / "device"
        if scan_report(raw(device / "report_descriptor")) is None:
            continue
        usb = usb_above(device, roots)
        path, naming = _name(node.name, usb, {}, by_rule, roots.dev, shared)
        facts = dict(
            line.split("=", 1) for line in raw(device / "uevent").decode("utf-8", "replace").splitlines() if "=" in line
        )
        found.append(
            Found(
                device=str(roots.dev / node.name),
                url=f"hid:{path}",
                naming=naming,
                suggestion="scanner",
                title=facts.get("HID_NAME", "") or usb.title,
                usb=usb,
                by_path=by_rule.get(node.name, ""),
            )
        )
    return found


def _types(keys: str) -> bool:
    """Whether a key bitmap, words of the machine with the lowest last, has what a keyboard has."""
    *_, lowest = keys.split() or ["0"]
    try:
        return int(lowest, 16) & _KEYS_OF_A_KEYBOARD == _KEYS_OF_A_KEYBOARD
    except ValueError:
        return False


def _name(
    node: str,
    usb: UsbFacts,
    by_id: dict[str, str],
    by_path: dict[str, str],
    directory: Path,
    shared: frozenset[tuple[str, str, str]],
) -> tuple[str, Naming]:
    if node in by_id and usb.serial_number and identity(usb) not in shared:
        return by_id[node], Naming.IDENTITY
    if node in by_path:
        return by_path[node], Naming.PORT
    return by_id.get(node, str(directory / node)), Naming.NODE


def _number(path: Path) -> tuple[int, str]:
    digits = path.name.lstrip("abcdefghijklmnopqrstuvwxyz")
    return (int(digits) if digits.isdigit() else 0), path.name
