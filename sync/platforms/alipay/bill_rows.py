"""The details' file in one of Alipay's bills as rows of named cells: a ZIP with names and contents in GBK.

No cell is quoted: a row with more cells than columns has commas in the article's name, which ends where the times
stand, or in the remark, which is last. There is no hash; the file's own end mark shows that it is whole.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, cast

from agent.core.bill import BillSource
from sync.platforms.bill_lines import lines_of, stream_of, unreadable

PLAIN_BYTES_MAX = 1024 * 1024 * 1024
_SUMMARY = "汇总"
_NAME = "商品名称"
_ACCOUNT = re.compile(r"账号[:：]\[(\d{16})\d*\]")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_WIDE = str.maketrans("（）", "()")
_BROKEN = (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, NotImplementedError, RuntimeError)

Row = Mapping[str, str]


class Rows:
    """Reads a bill once. `merchant` and `names` are known when the first row comes."""

    def __init__(self, source: BillSource, title: str) -> None:
        """Begin to read; `title` names the bill in names of files and in marks, 业务明细 or 账务明细."""
        self._source = source
        self._title = title
        self.merchant = ""
        self.names: list[str] = []

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows; refuses (`platform.bill_unreadable`) what is no such bill, and one without its end mark."""
        ended = False
        for line in self._lines():
            if line.startswith("#"):
                account = _ACCOUNT.search(line)
                self.merchant = account[1] if account else self.merchant
                ended = ended or f"{self._title}列表结束" in line
            elif not self.names:
                self.names = [name.strip().translate(_WIDE) for name in line.split(",")]
            elif line.strip() and not ended:
                cells = _fitted(self.names, line.split(","))
                yield {name: cell.strip() for name, cell in zip(self.names, cells, strict=False)}
        if not ended or not self.names:
            raise unreadable(f"{self._title}列表结束")

    def _lines(self) -> Iterator[str]:
        try:
            with opened(self._source, self._title) as text:
                for line in lines_of(text):
                    yield line.decode("gb18030").strip("\r\n")
        except _BROKEN as error:
            raise unreadable("ZIP") from error


@contextmanager
def opened(source: BillSource, title: str) -> Iterator[BinaryIO]:
    """Open the details' file inside a bill, in GBK; refuses (`platform.bill_unreadable`) a ZIP that has none."""
    with zipfile.ZipFile(stream_of(source), metadata_encoding="gbk") as packed:
        named = [one for one in packed.infolist() if title in one.filename]
        entries = [one for one in named if _SUMMARY not in one.filename]
        if not entries or entries[0].file_size > PLAIN_BYTES_MAX:
            raise unreadable(title)
        with packed.open(entries[0]) as raw, io.BufferedReader(cast(io.RawIOBase, raw)) as text:
            yield text


def _fitted(names: Sequence[str], cells: list[str]) -> list[str]:
    """Put together what commas cut apart: the article's name up to the times behind it, the rest of it the remark."""
    surplus = len(cells) - len(names)
    if surplus <= 0:
        return cells
    begins = names.index(_NAME) if _NAME in names else 0
    times = 0
    while names[begins + 1 + times : begins + 2 + times] and names[begins + 1 + times].endswith("时间"):
        times += 1
    ends = begins + 1
    for place in range(begins + 1, begins + 2 + surplus if times else 0):
        if all(_TIME.fullmatch(cell.strip()) for cell in cells[place : place + times]):
            ends = place
    cells = [*cells[:begins], ",".join(cells[begins:ends]), *cells[ends:]]
    return [*cells[: len(names) - 1], ",".join(cells[len(names) - 1 :])]
