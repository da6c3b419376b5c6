"""The shop's logo: shrunk to paper, black where it is dark, and never a reason not to start."""

import base64
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from agent.core.errors import Refused
from agent.daemon.logo import logo_block, logo_of
from drivers.printer.document import image
from drivers.printer.encoder import encode
from drivers.printer.raster import has_real_time
from tests.unit.drivers.shop import PROFILES


def saved(picture: Image.Image, path: Path) -> Path:
    """Write a PNG."""
    picture.save(path, "PNG")
    return path


def share_of_black(block: dict[str, object]) -> float:
    """Return how much of the logo is black."""
    dots = image(block)
    return sum(byte.bit_count() for byte in dots.rows) / (dots.width * dots.height)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((10, 10), (10, 10)), ((384, 120), (384, 120)), ((768, 120), (384, 60)), ((100, 1200), (10, 120)),
     ((5000, 1), (384, 1)), ((1, 5000), (1, 120))],
)  # fmt: skip
def test_it_is_shrunk_to_paper_and_never_enlarged(
    size: tuple[int, int], expected: tuple[int, int], tmp_path: Path
) -> None:
    block = logo_block(saved(Image.new("L", size, 0), tmp_path / "logo.png"))
    assert (block["width"], block["height"]) == expected
    assert share_of_black(block) == 1.0
    for profile in PROFILES.values():
        assert not has_real_time(encode({"blocks": [block]}, profile))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_white_is_paper_in_every_kind_of_png(mode: str, tmp_path: Path) -> None:
    white = Image.new("L", (16, 16), 255)
    picture = Image.new("I;16", (16, 16), 0xFFFF) if mode == "I;16" else white.convert(mode)
    assert share_of_black(logo_block(saved(picture, tmp_path / "logo.png"))) == 0.0


def test_transparent_is_paper_and_grey_is_dithered(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert share_of_black(logo_block(saved(clear, tmp_path / "clear.png"))) == 0.0
    grey = logo_block(saved(Image.new("L", (64, 64), 128), tmp_path / "grey.png"))
    assert share_of_black(grey) == pytest.approx(0.5, abs=0.02)


def test_the_padding_of_a_row_is_paper(tmp_path: Path) -> None:
    block = logo_block(saved(Image.new("L", (9, 2), 0), tmp_path / "logo.png"))
    assert base64.b64decode(str(block["rows"])) == b"\xff\x80\xff\x80"


def damaged(folder: Path) -> dict[str, Path]:
    """Return files that are no logo, by what is wrong with them."""
    whole = saved(Image.effect_noise((300, 100), 90), folder / "whole.png").read_bytes()
    found = {"missing": folder / "missing.png", "folder": folder}
    for name, content in {
        "empty": b"",
        "text": b"not a picture",
        "cut": whole[: len(whole) // 2],
        "flipped": whole[:60] + bytes(byte ^ 0xFF for byte in whole[60:90]) + whole[90:],
        "head only": whole[:33],
        "huge": whole[:16] + (100_000).to_bytes(4, "big") * 2 + whole[24:],
        "large": whole + bytes(3 << 20),
    }.items():
        found[name] = folder / f"{name}.bin"
        found[name].write_bytes(content)
    found["jpeg"] = folder / "photo.png"
    Image.new("L", (8, 8)).save(found["jpeg"], "JPEG")
    return found


def test_a_damaged_logo_is_named_and_costs_the_logo_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, path in damaged(tmp_path).items():
        with pytest.raises(Refused) as caught:
            logo_block(path)
        assert caught.value.code == "logo.unreadable", name
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert logo_of(tmp_path, str(path)) is None
        assert "logo.unreadable" in caplog.text, name


def test_the_setting_wins_and_nothing_is_no_complaint(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert logo_of(tmp_path, "") is None
    assert not caplog.text
    saved(Image.new("L", (8, 8), 0), tmp_path / "logo.png")
    saved(Image.new("L", (16, 8), 0), tmp_path / "other.png")
    default, chosen = logo_of(tmp_path, ""), logo_of(tmp_path, "other.png")
    assert default and default["width"] == 8
    assert chosen and chosen["width"] == 16


def test_without_a_logo_no_imaging_library_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from agent.daemon.logo import logo_of; "
        "assert logo_of(pathlib.Path(sys.argv[1]), '') is None; sys.exit('PIL' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=dict(os.environ), check=False)
    assert done.returncode == 0
