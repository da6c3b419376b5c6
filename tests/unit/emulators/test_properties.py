"""Any bytes, in any chunks: the interpreter neither stumbles nor depends on the cuts."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.emulators.paper import Mark
from drivers.emulators.printer import EmulatedPrinter
from tests.unit.emulators.helpers import CUT, EOT1, chinese, lines, make, pid, qr, raster

_COMMANDS = (
    *(b"\n", b"\x1b@", b"\x1c&", b"\x1c.", b"\x1d!\x11", b"\x1b!\x31", b"\x1c!\x0c", b"\x1ba\x01"),
    *(b"\x1bd\x02", b"\x1bJ\x40", b"\x1b3\x18", b"\x1bp\x00\x19\xfa", b"\x1da\x0f", b"\x1dr1"),
    *(b"\x1dIC", b"\x1dg2\x00\xb2\x00", b"\x1dk\x04AB1\x00", b"\x1dk\x49\x04{BAB"),
    *(b"\x1b*\x21\x02\x00abcdef", b"\x1bD\x04\x08\x00", b"\x10\x14\x01\x00\x02", b"\x1dL\x10\x00"),
    *(b"\x1d(L\x0c\x000p0\x01\x011\x10\x00\x01\x00ab", b"\x1d(L\x02\x0002", b"\x1dW\x40\x00"),
    *(CUT, EOT1, pid(b"ABCD"), qr(b"https://example.cn/1"), raster([b"\x10\x04", b"\x01\x00"])),
    *(b"\x1b\x1d", b"\x1dv0", b"\x10", b"\x1d(", b"\x81"),
)
_beginnings = st.tuples(st.sampled_from(_COMMANDS), st.integers(1, 9)).map(lambda pair: pair[0][: pair[1]])
_introduced = st.tuples(st.sampled_from(b"\x10\x1b\x1c\x1d"), st.integers(0x20, 0x7E), st.binary(max_size=9)).map(
    lambda parts: bytes(parts[:2]) + parts[2]
)
_pieces = st.one_of(
    st.binary(max_size=12),
    st.text(max_size=12).map(chinese),
    st.sampled_from(_COMMANDS),
    _beginnings,
    _introduced,
)
_streams = st.lists(_pieces, max_size=25).map(b"".join)


def _paper(printer: EmulatedPrinter) -> list[tuple[int, object]]:
    return [(mark.job, mark.op) for mark in printer.marks]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_streams, st.data())
def test_chunking_changes_neither_paper_nor_answers(stream: bytes, data: st.DataObject) -> None:
    whole, cut = make(), make()
    said = whole.feed(stream)
    ends = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=20)))
    parts = [cut.feed(stream[start:end]) for start, end in pairwise([0, *ends, len(stream)])]
    assert _paper(cut) == _paper(whole)
    assert b"".join(parts) == said
    assert cut.describe() == whole.describe()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=600))
def test_any_bytes_are_survived_and_text_after_a_reset_of_power_prints(stream: bytes) -> None:
    printer = make()
    printer.feed(stream)
    for word in ("power off", "power on"):
        printer.command(word)
    printer.feed(chinese("醒了\n"))
    assert lines(printer)[-1] == "醒了"


_WORDS = (
    "paper out",
    "paper low",
    "paper ok",
    "cover open",
    "cover closed",
    "jam",
    "jam off",
    "silence",
    "xoff",
    "xoff off",
    "power off",
    "power on",
    "clear",
    "unplug",
    "plug",
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.one_of(_pieces, st.sampled_from(_WORDS)), max_size=30))
def test_any_faults_in_any_order_leave_a_printer_that_clear_cures(steps: list[bytes | str]) -> None:
    seen: list[Mark] = []
    printer = make()
    for step in steps:
        if isinstance(step, str):
            printer.command(step)
        else:
            printer.feed(step)
    printer.command("clear")
    printer.command("power off")
    printer.command("power on")
    seen.extend(printer.marks)
    assert printer.feed(EOT1 + b"fine\n" + pid(b"0001")) == b"\x16\x37\x220001\x00"
    assert printer.marks[: len(seen)] == seen
