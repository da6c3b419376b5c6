"""What a code scanner would read off a picture: photographs, screenshots, our own paper. An extra decodes it.

Separate from the desk because it imports a decoder and an imaging library, and only when somebody shows a picture.
"""

from io import BytesIO
from typing import Any

from agent.core.errors import Refused

MAX_BYTES = 180_000
MAX_PIXELS = 6_000_000
FORMATS = ("PNG", "JPEG")


def can_read() -> bool:
    """Tell whether the extra `desk` is installed."""
    from importlib.util import find_spec

    return find_spec("zxingcpp") is not None and find_spec("PIL") is not None


def read_code(data: bytes) -> str:
    """Return the text of the code in a PNG or JPEG picture; of several the one nearest the middle, as a scanner aims.

    Refuses with `desk.no_reader` (the extra is missing), `desk.bad_picture` (no picture, or a huge one) and
    `desk.no_code`.
    """
    if not can_read():
        raise Refused("desk.no_reader")
    import zxingcpp

    picture = _opened(data)
    found = [code for code in zxingcpp.read_barcodes(picture) if code.text]
    if not found:
        raise Refused("desk.no_code")
    middle = (picture.width / 2, picture.height / 2)
    return str(min(found, key=lambda code: _distance(code, middle)).text)


def _opened(data: bytes) -> Any:
    """Return the picture in grey, on white where it is transparent; its size is known before a dot of it is decoded."""
    from PIL import Image, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise Refused("desk.bad_picture", bytes_max=MAX_BYTES)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as source:
            if source.width * source.height > MAX_PIXELS:
                raise Refused("desk.bad_picture", bytes_max=MAX_BYTES)
            coloured = source.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise Refused("desk.bad_picture", bytes_max=MAX_BYTES) from error
    paper = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(paper, coloured).convert("L")


def _distance(code: Any, middle: tuple[float, float]) -> float:
    corners = (code.position.top_left, code.position.bottom_right)
    x, y = (sum(getattr(corner, axis) for corner in corners) / 2 for axis in ("x", "y"))
    return float((x - middle[0]) ** 2 + (y - middle[1]) ** 2)
