"""What the desk's scanner reads off pictures, and what it refuses."""

import io
import struct
import zlib

import pytest
import segno
from PIL import Image

from agent.core.errors import Refused
from agent.demo import reading

pytest.importorskip("zxingcpp", reason="needs the extra 'desk'")


def code(text: str, scale: int = 4) -> Image.Image:
    out = io.BytesIO()
    segno.make_qr(text).save(out, kind="png", scale=scale, border=4)
    return Image.open(out).convert("RGB")


def data(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def refusal(picture: bytes) -> str:
    with pytest.raises(Refused) as refused:
        reading.read_code(picture)
    return refused.value.code


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("text", ["D001", "X1CASH", "https://example.cn/发票?n=1"])
def test_a_code_is_read(kind: str, text: str) -> None:
    assert reading.read_code(data(code(text), kind)) == text


def test_a_turned_one_and_a_white_on_transparent_one_are_read() -> None:
    assert reading.read_code(data(code("D001", 8).rotate(25, expand=True, fillcolor="white"))) == "D001"
    glass = code("D002").convert("RGBA")
    glass.putalpha(code("D002").convert("L").point(lambda dot: 255 - dot))
    assert reading.read_code(data(glass)) == "D002"


def test_of_several_the_one_in_the_middle_counts() -> None:
    wall = Image.new("RGB", (900, 300), "white")
    for at, text in enumerate(("D001", "D002", "D003")):
        wall.paste(code(text), (60 + at * 300, 60))
    assert reading.read_code(data(wall)) == "D002"


def test_a_picture_without_a_code_is_refused() -> None:
    assert refusal(data(Image.new("RGB", (300, 300), "white"))) == "desk.no_code"


@pytest.mark.parametrize("bad", [b"", b"no picture", b"GIF89a" + bytes(100), b"\x89PNG\r\n\x1a\n", bytes(190_000)])
def test_what_is_no_picture_is_refused(bad: bytes) -> None:
    assert refusal(bad) == "desk.bad_picture"


def test_every_beginning_of_a_picture_is_refused_or_read_right() -> None:
    whole = data(code("D001"))
    for end in range(0, len(whole), 7):
        try:
            assert reading.read_code(whole[:end]) == "D001"
        except Refused as error:
            assert error.code in ("desk.bad_picture", "desk.no_code")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [3_000, 10_000, 20_000])
def test_a_picture_that_would_unpack_to_millions_of_dots_is_refused_unopened(side: int) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    rows = zlib.compress(bytes(side * (1 + side // 8)), 9)
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert len(bomb) < reading.MAX_BYTES
    assert refusal(bomb) == "desk.bad_picture"


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert refusal(data(code("D001"))) == "desk.no_reader"
