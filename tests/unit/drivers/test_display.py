"""A customer display: rows by cells, what is cut and what never is, and a screen that comes back after anything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceEvent, DeviceState
from drivers.display.device import DisplayDevice
from drivers.display.protocol import BEGIN, CELLS, CHARSETS, EMPTY, Row, Screen, cells_of, encode
from drivers.emulators.display import DisplayCells, pty_display
from drivers.emulators.station import Served
from drivers.transport.base import Monotonic, Transport
from drivers.transport.memory import memory_line
from tests.unit.drivers.shop import wait_until

GBK = CHARSETS["gbk"]
WORDS = st.text(max_size=40)


def shown(screen: Screen, charset: str = "gbk") -> list[str]:
    glass = DisplayCells()
    glass.feed(BEGIN + encode(screen, CHARSETS[charset]))
    assert glass.unknown == 0
    return glass.rows()


def test_a_row_has_the_name_left_and_the_amount_right() -> None:
    assert shown((Row("剁椒鱼头", "88.00"), Row("合计", "￥188.00"))) == [
        "剁椒鱼头       88.00",
        "合计        ￥188.00",
    ]


def test_a_name_is_cut_at_a_character_and_says_so() -> None:
    rows = shown((Row("湘西土匪猪肝特色小炒", "128.00"), Row("Coca-Cola 330ml sugar free", "3.50")))
    assert rows == ["湘西土匪猪肝. 128.00", "Coca-Cola 330m. 3.50"]


def test_an_amount_is_never_cut_at_its_end() -> None:
    assert cells_of(Row("x", "￥" + "9" * 30), GBK) == "9" * CELLS
    assert cells_of(Row("name", "1234567890123456789"), GBK) == " 1234567890123456789"


def test_a_display_without_chinese_shows_marks_not_rubbish() -> None:
    assert shown((Row("可乐 Cola", "3.50"), Row("")), "ascii") == ["?? Cola         3.50", ""]


@given(WORDS, WORDS, WORDS, WORDS, st.sampled_from(sorted(CHARSETS)), st.lists(st.integers(1, 30), max_size=20))
def test_any_text_fills_both_rows_exactly(a: str, b: str, c: str, d: str, charset: str, pieces: list[int]) -> None:
    screen = (Row(a, b), Row(c, d))
    assert all(CHARSETS[charset].width(cells_of(row, CHARSETS[charset])) == CELLS for row in screen)
    whole, cut = DisplayCells(), DisplayCells()
    data = BEGIN + encode(screen, CHARSETS[charset])
    whole.feed(data)
    for piece in pieces:
        cut.feed(data[:piece])
        data = data[piece:]
    cut.feed(data)
    assert (cut.rows(), cut.unknown) == (whole.rows(), 0)


@given(st.binary(max_size=500))
def test_the_emulator_survives_noise(noise: bytes) -> None:
    glass = DisplayCells()
    glass.feed(noise)
    assert len(glass.rows()) == 2


class Pole:
    """A display device and what it told."""

    def __init__(self, link: Path, again_s: float = 15.0) -> None:
        self.events: list[DeviceEvent] = []
        self.device = DisplayDevice("display1", f"serial:{link}", self.events.append, again_s=again_s)


@pytest.fixture
def pole(tmp_path: Path) -> Iterator[Pole]:
    pole = Pole(tmp_path / "display", again_s=0.2)
    pole.device.start()
    yield pole
    pole.device.stop()


def rows(display: Served) -> list[str]:
    found: list[str] = json.loads(display.word("state"))["rows"]
    return found


TEA: Screen = (Row("Tea", "5.00"), Row("合计", "5.00"))


def test_the_newest_screen_is_shown(pole: Pole, tmp_path: Path) -> None:
    pole.device.show((Row("before it was plugged in"), Row("")))
    with pty_display(tmp_path / "display") as display:
        wait_until(lambda: rows(display)[0].startswith("before"))
        for number in range(50):
            pole.device.show((Row(str(number)), Row("")))
        pole.device.show(TEA)
        wait_until(lambda: rows(display) == ["Tea             5.00", "合计            5.00"])
        assert json.loads(display.word("state"))["unknown"] == 0


def test_a_display_that_comes_back_shows_the_screen_again(pole: Pole, tmp_path: Path) -> None:
    with pty_display(tmp_path / "display") as display:
        wait_until(lambda: pole.device.state is DeviceState.READY)
        display.word("unplug")
        wait_until(lambda: pole.events[-1].code == "display.lost")
        pole.device.show(TEA)
        display.word("plug")
        wait_until(lambda: rows(display)[0] == "Tea             5.00")


def test_a_display_that_was_switched_off_shows_the_screen_again(pole: Pole, tmp_path: Path) -> None:
    with pty_display(tmp_path / "display") as display:
        pole.device.show(TEA)
        wait_until(lambda: rows(display)[0] == "Tea             5.00")
        display.word("power off")
        display.word("power on")
        wait_until(lambda: rows(display)[0] == "Tea             5.00")


def test_showing_never_waits_for_a_display_that_takes_nothing() -> None:
    transport, _ = memory_line(time.monotonic, room_bytes=10)

    def open_it(url: str, monotonic: Monotonic) -> Transport:
        return transport

    events: list[DeviceEvent] = []
    device = DisplayDevice("display1", "serial:/dev/x", events.append, write_s=0.05, open_transport=open_it)
    device.start()
    wait_until(lambda: [event.code for event in events] == ["display.stalled"])
    began_s = time.monotonic()
    for number in range(1000):
        device.show((Row(str(number)), Row("")))
    assert time.monotonic() - began_s < 1.0
    device.stop()
    assert device.state is DeviceState.ABSENT


def test_the_empty_screen_is_blank() -> None:
    assert shown(EMPTY) == ["", ""]
