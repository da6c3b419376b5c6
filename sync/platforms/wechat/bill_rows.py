"""The text of WeChat Pay's bills as rows of named cells: a header, rows, a second header of sums, one row of sums.

Each value has a back-tick before it and nothing is quoted, so rows are split at `,` followed by a back-tick: commas
inside a name survive. Several generations of headers are in use, so cells are found by names; parentheses come in
both widths. Source: the vendor's pages "format-trade" and "format-fundflow".
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from agent.core.bill import BillSource
from sync.platforms.bill_lines import lines_of, plain_stream_of, unreadable

Row = Mapping[str, str]
_BOM = "\ufeff"
_WIDE = str.maketrans("（）", "()")


class Rows:
    """Reads a bill once. `names` are its columns; after the rows `sums` are those of its end."""

    def __init__(self, source: BillSource, sums_begin: str, free_text: str) -> None:
        """Begin to read; `free_text` is the column in which merchants may have written a separator."""
        self._lines = lines_of(plain_stream_of(source))
        self._sums_begin = sums_begin
        self.sums: Row = {}
        self.names = _header(next(self._lines, b""))
        self._free = self.names.index(free_text) if free_text in self.names else len(self.names) - 1

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows; refuses (`platform.bill_unreadable`) a bill that ends without its sums."""
        for raw in self._lines:
            text = _text(raw)
            if text.startswith(self._sums_begin):
                values = _cells(_text(b"".join(islice(self._lines, 1))))
                self.sums = dict(zip(text.split(","), values, strict=False))
                return
            if text:
                yield dict(zip(self.names, self._fitted(_cells(text)), strict=False))
        raise unreadable(self._sums_begin)

    def need(self, *names: str) -> None:
        """Refuse a bill in which one of the columns is missing, by its name."""
        for name in names:
            if name not in self.names:
                raise unreadable(name)

    def _fitted(self, cells: list[str]) -> list[str]:
        """Put together what a merchant's text cut apart."""
        surplus = len(cells) - len(self.names)
        if surplus <= 0:
            return cells
        begins, ends = self._free, self._free + surplus + 1
        return [*cells[:begins], ",`".join(cells[begins:ends]), *cells[ends:]]


def _header(raw: bytes) -> list[str]:
    return [name.strip().translate(_WIDE) for name in _text(raw).removeprefix(_BOM).split(",")]


def _cells(text: str) -> list[str]:
    return text.removeprefix("`").split(",`")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError as error:
        raise unreadable("UTF-8") from error
