"""Bills of any size are read in memory that does not grow, from bytes or files, packed or not."""

import gzip
import io
import itertools
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from agent.core.errors import Refused
from sync.platforms.bill_lines import LINE_BYTES_MAX
from sync.platforms.wechat.bills import read

BILL = (Path(__file__).resolve().parents[3] / "data" / "bills" / "wechat_all.csv").read_bytes()
HEADER, ROW, *_, SUM_NAMES, SUMS = BILL.splitlines(keepends=True)
MEMORY_BYTES_MAX = 1_000_000


class Endless(io.RawIOBase):
    """A bill of so many rows that is never in memory as a whole."""

    def __init__(self, rows: int) -> None:
        self._pieces: Iterator[bytes] = itertools.chain([HEADER], itertools.repeat(ROW, rows), [SUM_NAMES, SUMS])
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while len(self._rest) < len(buffer) and (piece := next(self._pieces, b"")):
            self._rest += piece
        given, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


def test_memory_stays_while_the_bill_grows() -> None:
    rows = 20_000
    tracemalloc.start()
    try:
        count = sum(1 for _ in read(cast(BinaryIO, Endless(rows))))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == rows
    assert peak_bytes < MEMORY_BYTES_MAX < rows * len(ROW)


def test_a_file_a_packed_file_and_bytes_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(BILL)
    (tmp_path / "packed").write_bytes(gzip.compress(BILL))
    expected = list(read(BILL))
    assert list(read(gzip.compress(BILL))) == expected
    for name in ("plain", "packed"):
        with (tmp_path / name).open("rb") as file:
            assert list(read(file)) == expected


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROW,
        HEADER + ROW + b"`" + b"x" * (2 * LINE_BYTES_MAX),
        gzip.compress(BILL)[:-20],
        gzip.compress(BILL)[:20] + bytes(50),
        b"\x1f\x8b",
    ],
    ids=["no sums", "no line end", "packed and cut", "packed and damaged", "two bytes"],
)
def test_what_is_cut_off_is_refused_and_not_taken_for_a_short_day(content: bytes) -> None:
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(read(content))
