"""Runs in place of the box under the box's own unit, and prints as JSON what is possible there."""

import ctypes
import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTHING_BEHIND = {errno.ENXIO: "allowed", errno.ENODEV: "allowed", errno.EPERM: "refused"}
"""What opening a node without a device says: the kernel looked for the driver, or the list of devices forbade it."""


def opened(path: Path) -> str:
    """Say whether the list of devices lets a node through."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError as error:
        return NOTHING_BEHIND.get(error.errno or 0, errno.errorcode[error.errno or 0])
    return "allowed"


def tried(what: Callable[[], Any]) -> Any:
    """Return what a call gives, or the error that it raised."""
    try:
        return what()
    except Exception as error:  # noqa: BLE001 - whatever it is, the test reads it
        return repr(error)


def libusb() -> int:
    """Return what libusb's start says; 0 is good, -99 is a sandbox without netlink."""
    context = ctypes.c_void_p()
    return int(ctypes.CDLL("libusb-1.0.so.0").libusb_init(ctypes.byref(context)))


def our_usb() -> str:
    """Return how our own driver finds libusb."""
    from drivers.transport.usb_find import load_backend

    return type(load_backend()).__name__


def modules() -> str:
    """Import what drives devices."""
    import evdev
    import pyudev
    import serial
    import usb.core

    return " ".join(module.__name__ for module in (evdev, pyudev, serial, usb.core))


def executed_in_state() -> str:
    """Try to run a program from the state folder, where whoever breaks in could put one."""
    path = Path(os.environ["STATE_DIRECTORY"]) / "probe.sh"
    path.write_text("#!/bin/sh\necho ran\n")
    path.chmod(0o700)
    try:
        return tried(lambda: os.posix_spawn(path, [str(path)], {}))
    finally:
        path.unlink()


def main(*nodes: str) -> None:
    """Print everything."""
    credentials = Path(os.environ["CREDENTIALS_DIRECTORY"])
    print(
        json.dumps(
            {
                "nodes": {node: opened(Path(node)) for node in nodes},
                "modules": tried(modules),
                "libusb_init": tried(libusb),
                "backend": tried(our_usb),
                "inet": tried(lambda: socket.socket(socket.AF_INET).close()),
                "packet": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()),
                "groups": sorted(os.getgroups()),
                "uid": os.getuid(),
                "executed_in_state": executed_in_state(),
                "read_only": [path for path in ("/usr", "/etc", "/opt") if os.statvfs(path).f_flag & os.ST_RDONLY],
                "credentials": sorted(path.name for path in credentials.iterdir()),
                "routes": Path("/proc/self/net/route").exists(),
            },
            default=str,
        )
    )


main(*sys.argv[1:])
