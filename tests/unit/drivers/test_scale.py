"""A counter scale: what its lines mean, when a weight may be sold, and what is said when it may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceEvent, DeviceState
from drivers.emulators.scale import pty_scale
from drivers.emulators.station import Served
from drivers.scale.device import ScaleDevice
from drivers.scale.protocol import PROTOCOLS, LineReader, Reading, grams
from drivers.scale.weighing import SILENT_S, STILL_S, Weighing
from tests.unit.drivers.shop import wait_until


def read(data: bytes, protocol: str = "continuous") -> list[Reading]:
    return LineReader(PROTOCOLS[protocol]).feed(data)


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        (b"ST,GS,+00.350kg\r\n", Reading(350, True)),
        (b"ST,GS,  0.350kg\r\n", Reading(350, True)),
        (b"US,NT,-  0.200kg\r\n", Reading(-200, False, negative=True)),
        (b"ST,+0001.234  kg\r\n", Reading(1234, True)),
        (b"ST,+001234.5  g\r\n", Reading(1235, True)),
        (b"ST,OK,+0001.234 kg\r\n", Reading(1234, True)),
        (b"ST,GS,1\x00,   0.350 kg\r\n", Reading(350, True)),
        (b"ST,GS,  12.345,kg\r\n", Reading(12_345, True)),
        (b"OL,+9999999.9  g\r\n", Reading(None, False, overload=True)),
        (b"OL,-9999999.9  g\r\n", Reading(None, False, negative=True)),
    ],
)
def test_a_line_of_each_maker(line: bytes, reading: Reading) -> None:
    assert read(line) == [reading]


@pytest.mark.parametrize(
    "line",
    [
        b"ST,GS,+0,350kg\r\n",
        b"ST,GS,+00.350lb\r\n",
        b"QT,+00000012PC\r\n",
        b"ST,GS,kg\r\n",
        b"ST,GS,+99999999kg\r\n",
        b"ST,GS,+0.3.5kg\r\n",
        b"hello\r\n",
        b"ST,GS," + b"0" * 80 + b"1kg\r\n",
    ],
)
def test_what_is_no_weight_is_counted_and_not_read(line: bytes) -> None:
    reader = LineReader(PROTOCOLS["continuous"])
    assert reader.feed(line) == []
    assert reader.garbage == 1
    assert reader.feed(b"ST,GS,+00.350kg\r\n") == [Reading(350, True)]


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        (b"\x0200.350\r", Reading(350, True)),
        (b"\x02 1.234N\r", Reading(1234, True)),
        (b"\x02?\x01\r", Reading(None, False)),
        (b"\x02?\x42\r", Reading(None, False, overload=True)),
        (b"\x02?\x44\r", Reading(None, False, negative=True)),
        (bytes(value | (value.bit_count() & 1) << 7 for value in b"\x0200.350\r"), Reading(350, True)),
    ],
)
def test_answers_of_an_8217(answer: bytes, reading: Reading) -> None:
    assert read(answer, "toledo8217") == [reading]


def test_an_8217_is_asked_as_a_7e1_line_says_it() -> None:
    assert PROTOCOLS["toledo8217"].ask == b"\xd7"


@pytest.mark.parametrize(
    ("digits", "unit", "weight_g"),
    [(b"0.3505", b"kg", 351), (b"0.3504", b"kg", 350), (b"12", b"kg", 12_000), (b"7", b"g", 7)],
)
def test_kilograms_are_grams_without_a_float(digits: bytes, unit: bytes, weight_g: int) -> None:
    assert grams(digits, unit) == weight_g


@given(st.binary(max_size=300), st.sampled_from(sorted(PROTOCOLS)))
def test_noise_never_raises(noise: bytes, protocol: str) -> None:
    read(noise, protocol)


@given(
    st.integers(0, 30_000),
    st.sampled_from([b"+", b"-"]),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 255)), max_size=2),
)
def test_a_damaged_line_never_turns_less_than_nothing_into_goods(
    weight_g: int, sign: bytes, damage: list[tuple[int, int]]
) -> None:
    line = bytearray(b"ST,GS," + sign + f"{weight_g / 1000:7.3f}kg".encode())
    for place, value in damage:
        line[place % 6] = value  # of the header: what follows it has no redundancy that could tell
    for reading in read(bytes(line) + b"\r\n"):
        if sign == b"-" and reading.weight_g is not None:
            assert reading.weight_g <= 0


def feed(weighing: Weighing, weight_g: int | None, at_s: float, stable: bool | None = True) -> str | None:
    weighing.feed(Reading(weight_g, stable, negative=weight_g is not None and weight_g < 0), at_s)
    return weighing.now(at_s).code


def test_a_weight_may_be_sold_when_the_scale_calls_it_stable() -> None:
    weighing = Weighing()
    assert weighing.now(0.0).code == "scale.silent"
    assert feed(weighing, 0, 0.1) == "scale.empty"
    assert feed(weighing, 340, 0.2, stable=False) == "scale.unstable"
    assert feed(weighing, 350, 0.3) is None
    assert weighing.now(0.3).weight_g == 350


def test_a_scale_that_does_not_tell_is_stable_when_it_stands_still() -> None:
    weighing = Weighing()
    assert feed(weighing, 348, 1.0, stable=None) == "scale.unstable"
    assert feed(weighing, 352, 1.2, stable=None) == "scale.unstable"
    assert feed(weighing, 350, 1.0 + STILL_S, stable=None) is None
    assert feed(weighing, 390, 1.6, stable=None) == "scale.unstable"


def test_a_slow_drift_is_not_standing_still() -> None:
    weighing = Weighing()
    codes = [feed(weighing, 300 + 4 * step, step * 0.2, stable=None) for step in range(20)]
    assert codes.count(None) == 0


def test_goods_that_stay_are_one_weighing() -> None:
    weighing = Weighing()
    feed(weighing, 0, 0.1)
    assert feed(weighing, 350, 0.3) is None
    weighing.take(weighing.now(0.3).weighing)
    assert feed(weighing, 350, 0.4) == "scale.same_weighing"
    assert feed(weighing, 700, 0.5) == "scale.same_weighing"
    assert feed(weighing, 0, 0.6, stable=False) == "scale.unstable"
    assert feed(weighing, 350, 0.7) == "scale.same_weighing"
    assert feed(weighing, 0, 0.8) == "scale.empty"
    assert feed(weighing, 350, 0.9) is None


def test_goods_that_lay_there_at_the_start_may_be_sold_once() -> None:
    weighing = Weighing()
    assert feed(weighing, 350, 0.1) is None
    weighing.take(weighing.now(0.1).weighing)
    assert feed(weighing, 350, 0.2) == "scale.same_weighing"


def test_less_than_nothing_and_too_much_are_refused() -> None:
    weighing = Weighing()
    assert feed(weighing, -100, 0.1) == "scale.negative"
    weighing.feed(Reading(None, False, overload=True), 0.2)
    assert weighing.now(0.2).code == "scale.overload"
    assert feed(weighing, -1, 0.3) == "scale.empty"


def test_an_old_weight_is_none() -> None:
    weighing = Weighing()
    feed(weighing, 350, 1.0)
    assert weighing.now(1.0 + SILENT_S + 0.1).weight_g is None


class Counter:
    """A scale's device and what it told."""

    def __init__(self, link: Path, protocol: str) -> None:
        self.protocol = protocol
        self.events: list[DeviceEvent] = []
        self.device = ScaleDevice("scale1", f"serial:{link}", self.events.append, protocol=protocol)

    def is_stable_at(self, weight_g: int) -> bool:
        now = self.device.weight()
        return (now.weight_g, now.code) == (weight_g, None)

    def says(self, code: str) -> bool:
        return self.device.weight().code == code


@pytest.fixture(params=["continuous", "toledo8217"])
def counter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path / "scale", request.param)
    counter.device.start()
    yield counter
    counter.device.stop()


@pytest.fixture
def scale(counter: Counter, tmp_path: Path) -> Iterator[Served]:
    with pty_scale(tmp_path / "scale", counter.protocol, settle_s=0.1) as served:
        wait_until(lambda: counter.device.state is DeviceState.READY)
        yield served


def test_a_weighing_from_pan_to_sale(counter: Counter, scale: Served) -> None:
    wait_until(lambda: counter.says("scale.empty"))
    scale.word("350")
    wait_until(lambda: counter.is_stable_at(350))
    counter.device.take(counter.device.weight().weighing)
    assert counter.says("scale.same_weighing")
    scale.word("0")
    wait_until(lambda: counter.says("scale.empty"))
    scale.word("1250")
    wait_until(lambda: counter.is_stable_at(1250))


def test_a_tare_is_taken_off(counter: Counter, scale: Served) -> None:
    scale.word("50")
    scale.word("tare")
    scale.word("400")
    wait_until(lambda: counter.is_stable_at(350))
    assert json.loads(scale.word("state"))["tare_g"] == 50


@pytest.mark.parametrize("word", ["unstable", "overload", "negative"])
def test_what_may_not_be_sold_says_why(counter: Counter, scale: Served, word: str) -> None:
    scale.word("350")
    scale.word(word)
    wait_until(lambda: counter.says(f"scale.{word}"))


@pytest.mark.parametrize(("word", "code"), [("silence", "scale.silent"), ("garbage", "scale.garbage")])
def test_a_scale_that_says_nothing_of_use_is_degraded_and_recovers(
    counter: Counter, scale: Served, word: str, code: str
) -> None:
    scale.word(word)
    wait_until(lambda: counter.events[-1].code == code)
    assert counter.device.state is DeviceState.DEGRADED
    wait_until(lambda: counter.says("scale.silent"))
    scale.word("ok")
    wait_until(lambda: counter.device.state is DeviceState.READY)


def test_a_cable_that_is_pulled_sells_nothing_twice(counter: Counter, scale: Served) -> None:
    scale.word("350")
    wait_until(lambda: counter.is_stable_at(350))
    counter.device.take(counter.device.weight().weighing)
    scale.word("unplug")
    wait_until(lambda: counter.events[-1].code == "scale.lost")
    scale.word("plug")
    wait_until(lambda: counter.says("scale.same_weighing"))


def test_the_words_of_the_emulator_refuse_others(scale: Served) -> None:
    assert scale.word("-5").startswith("refused")
    assert scale.word("").startswith("refused")
