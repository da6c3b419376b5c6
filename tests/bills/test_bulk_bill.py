"""Lines of a text are found by their numbers, wherever the pieces begin in which their ends were counted."""

from pathlib import Path

import pytest

from sync.hq.matching.bulk_bill import LOOK_UP_BYTES, line_ends, lines_at

LENGTHS = (0, 1, LOOK_UP_BYTES - 4, 0, LOOK_UP_BYTES - 1, 3 * LOOK_UP_BYTES, 7, 0, 0, LOOK_UP_BYTES, 5, *range(200))


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_each_line_by_its_number(tmp_path: Path, end: bytes) -> None:
    lines = [bytes([65 + place % 26]) * length for place, length in enumerate(LENGTHS)]
    text = tmp_path / "text"
    text.write_bytes(b"\n".join(lines) + end)
    ends = line_ends(text)
    whole = [line + b"\n" for line in lines]
    assert list(lines_at(text, ends, range(len(lines)))) == whole
    assert [next(lines_at(text, ends, [place])) for place in range(len(lines))] == whole
    assert list(lines_at(text, ends, [3, len(lines) + 5])) == [whole[3]], "what is no line is left out"


def test_an_empty_text_has_no_line(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.touch()
    assert list(lines_at(text, line_ends(text), [0, 1])) == []
