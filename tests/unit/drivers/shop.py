"""What the driver tests share: documents, profiles, and a printer device that somebody watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from drivers.base import DeviceEvent
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintResult
from drivers.printer.profiles import PrinterProfile, load_profiles

PROFILES: dict[str, PrinterProfile] = load_profiles(Path(__file__).parents[3] / "config/devices")


def slip(items: int = 5) -> dict[str, object]:
    """A sale's receipt."""
    blocks: list[dict[str, object]] = [
        {"kind": "text", "text": "湘味小馆", "align": "center", "size": "double"},
        {"kind": "rule", "char": "="},
    ]
    for number in range(items):
        item: dict[str, object] = {
            "kind": "item",
            "name": f"小炒黄牛肉{number}",
            "quantity": "1",
            "price": "58.00",
            "amount": "58.00",
        }
        blocks.append(item)
    blocks += [
        {"kind": "pair", "left": "应收", "right": "￥151.00", "size": "tall"},
        {"kind": "text", "text": "本小票是购物凭证,不是发票。"},
        {"kind": "cut"},
    ]
    return {"title": "小票", "language": "zh-CN", "blocks": blocks}


def wait_until(condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.002)


class Watched:
    """A printer device with its events, and prints that run beside the test."""

    def __init__(self, url: str, profile: PrinterProfile, *, patience_s: float, ask_every_s: float) -> None:
        self.events: list[DeviceEvent] = []
        self.device = PrinterDevice(
            "till-1", url, profile, self.events.append, patience_s=patience_s, ask_every_s=ask_every_s
        )

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events]

    def wait_for(self, code: str, count: int = 1) -> None:
        wait_until(lambda: self.codes.count(code) >= count)

    def printing(self, document: dict[str, object], mark: str) -> Future[PrintResult]:
        """Print in a thread of its own."""
        future: Future[PrintResult] = Future()
        threading.Thread(target=lambda: future.set_result(self.device.print(document, mark)), daemon=True).start()
        return future


@contextmanager
def watched(
    url: str, profile: PrinterProfile, *, patience_s: float = 1.0, ask_every_s: float = 0.1, connect: bool = True
) -> Iterator[Watched]:
    """A started device, connected on entry and stopped on exit."""
    shop = Watched(url, profile, patience_s=patience_s, ask_every_s=ask_every_s)
    shop.device.start()
    try:
        if connect:
            wait_until(lambda: bool(shop.events) and shop.events[-1].state.value in ("ready", "degraded"))
        yield shop
    finally:
        shop.device.stop()
