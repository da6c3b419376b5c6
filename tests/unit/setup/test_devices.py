"""The devices of setup mode as hands plug them: what is swapped is heard."""

import os
import pty
import queue
import tty
from contextlib import suppress
from pathlib import Path

from agent.settings import Settings
from agent.setup.devices import SetupDevices
from tests.plugged import Plugged

WITHIN_S, TRIES_MAX = 20.0, 40


def plug_scanner(counter: Plugged, port: str, serial: str) -> int:
    """Plug a serial scanner in at ttyACM0 and return the line on which it types."""
    scanner, line = pty.openpty()
    tty.setraw(line)
    counter.serial("ttyACM0", counter.usb(port, "1eab", "0c06", serial=serial, name="Scanner"))
    (counter.dev / "ttyACM0").unlink()
    (counter.dev / "ttyACM0").symlink_to(os.ttyname(line))
    os.close(line)
    return scanner


def is_heard(heard: "queue.SimpleQueue[str]", line: int, serial: str) -> bool:
    """Scan until it is heard of the scanner with that serial number, as people do."""
    for _ in range(TRIES_MAX):
        os.write(line, b"6901234567892\r")
        with suppress(queue.Empty):
            if serial in heard.get(timeout=0.25):
                return True
    return False


def test_another_scanner_with_the_number_of_the_one_before_is_heard(tmp_path: Path) -> None:
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    counter = Plugged(tmp_path)
    first = plug_scanner(counter, "1-1", "FIRST")
    devices = SetupDevices(
        Settings(state=tmp_path), counter.roots, lambda _: None, lambda scanner, _: heard.put(scanner.url)
    )
    devices.start()
    try:
        assert devices.looked.wait(WITHIN_S)
        assert is_heard(heard, first, "FIRST")
        counter.unplug("ttyACM0")
        os.close(first)
        second = plug_scanner(counter, "1-2", "SECOND")
        assert is_heard(heard, second, "SECOND")
    finally:
        devices.stop()
    os.close(second)
