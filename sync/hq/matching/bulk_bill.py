"""A bill as DuckDB reads it: its text as it was kept, its columns by name, and the few lines that need a closer look.

Lines are split as the adapters' readers split them. Whatever might be read in another way is marked odd, and odd lines
always go through those readers.
"""

import codecs
import io
import re
import zipfile
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core.bill import BillLine
from sync.platforms.alipay.bills import TITLE
from sync.platforms.alipay.bills import read as read_alipay
from sync.platforms.bill_files import BillFile
from sync.platforms.wechat.bills import read as read_wechat

PIECE_BYTES = 1024 * 1024
LOOK_UP_BYTES = 16 * 1024
ENDS_BYTES = 16 * 1024
"""Head and foot of a bill stand within this many bytes of its beginning and end."""
SUMS = "总交易单数"
END_MARK = f"{TITLE}列表结束"
_ACCOUNT = re.compile(r"账号[:：]\[(\d{16})\d*\]")
_WIDE = str.maketrans("（）", "()")


class NotInBulkError(Exception):
    """A bill of a form that only its platform's reader can judge."""


@dataclass(frozen=True, slots=True)
class BulkBill:
    """A bill's plain text in UTF-8: `head` and `foot` are its lines around the rows, `names` its columns."""

    platform: str
    text: Path
    head: Sequence[str]
    names: Sequence[str]
    foot: Sequence[str]
    merchant: str = ""

    def lines(self, rows: Iterable[str]) -> Iterator[BillLine]:
        """Read some of the bill's rows with the platform's reader."""
        text = "\n".join([*self.head, *rows, *self.foot, ""])
        if self.platform == "wechat":
            return read_wechat(text.encode("utf-8"))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr(f"{TITLE}.csv", text.encode("gb18030"))
        return read_alipay(packed.getvalue())


def prepared(bill: BillFile, folder: Path) -> BulkBill:
    """Return a bill ready for DuckDB; text that is packed or in GBK is written to `folder` piece by piece.

    Raises `NotInBulkError` for a form that isn't plainly the platform's own.
    """
    if bill.platform == "alipay":
        return _alipay(bill, folder)
    text = bill.path
    with bill.path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    if packed or bill.encoding != "utf-8":
        text = folder / "bill.txt"
        _copy(bill, text)
    head, foot = _ends(text)
    begins = [place for place, line in enumerate(foot) if line.startswith(SUMS)]
    if len(begins) != 1:
        raise NotInBulkError("sums")
    names = [name.strip().translate(_WIDE) for name in head[0].removeprefix("\ufeff").split(",")]
    return BulkBill("wechat", text, head[:1], names, foot[begins[0] :])


def _alipay(bill: BillFile, folder: Path) -> BulkBill:
    text = folder / "bill.txt"
    _copy(bill, text)
    head, foot = _ends(text)
    title = next((place for place, line in enumerate(head) if not line.startswith("#")), None)
    begins = [place for place, line in enumerate(foot) if line.startswith("#") and END_MARK in line]
    if title is None or len(begins) != 1 or any(line and not line.startswith("#") for line in foot[begins[0] :]):
        raise NotInBulkError("marks")
    accounts = [found[1] for line in head[:title] if (found := _ACCOUNT.search(line))]
    names = [name.strip().translate(_WIDE) for name in head[title].split(",")]
    merchant = accounts[-1] if accounts else ""
    return BulkBill("alipay", text, head[: title + 1], names, foot[begins[0] :], merchant)


def line_ends(text: Path) -> Sequence[int]:
    """Count a text's ends of lines: how many there are before each piece of `LOOK_UP_BYTES`."""
    counts, piece = array("q", [0]), bytearray(LOOK_UP_BYTES)
    with text.open("rb") as file:
        while size := file.readinto(piece):
            counts.append(counts[-1] + piece.count(b"\n", 0, size))
    return counts


def lines_at(text: Path, ends: Sequence[int], numbers: Iterable[int]) -> Iterator[bytes]:
    """Yield some lines with their ends by their numbers, which count from 0 and rise; what is no line is left out."""
    with text.open("rb") as file:
        for number in numbers:
            # The line begins in the last piece before which fewer lines ended: after as many ends of it.
            place = max(0, bisect_left(ends, number) - 1)
            file.seek(place * LOOK_UP_BYTES)
            for _ in range(number - ends[place]):
                file.readline()
            if line := file.readline():
                yield line.removesuffix(b"\n") + b"\n"


def _copy(bill: BillFile, path: Path) -> None:
    """Write a bill's text in UTF-8; what is no such text is not for bulk."""
    try:
        with bill.plain() as (stream, encoding), path.open("wb") as file:
            decoder = codecs.getincrementaldecoder(encoding)()
            while piece := stream.read(PIECE_BYTES):
                file.write(decoder.decode(piece).encode("utf-8"))
            file.write(decoder.decode(b"", final=True).encode("utf-8"))
    except (
        UnicodeError,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise NotInBulkError("text") from error


def _ends(text: Path) -> tuple[list[str], list[str]]:
    with text.open("rb") as file:
        head = file.read(ENDS_BYTES)
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - ENDS_BYTES))
        foot = file.read()
    # A cut character can only be in the first or last line, which is no part of the other end.
    return _split(head), _split(foot)


def _split(data: bytes) -> list[str]:
    return [line.strip("\r\n") for line in data.decode("utf-8", "replace").split("\n")]
