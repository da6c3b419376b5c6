"""Slips against their golden layouts, character by character, on paper of 58 mm (32 cells) and 80 mm (48)."""

import difflib

import pytest

from tests.golden.examples import SLIPS
from tests.golden.paper import BUILT, FOLDER, paper


@pytest.mark.parametrize("cells", [32, 48])
@pytest.mark.parametrize("name", list(SLIPS))
def test_a_slip_is_its_golden_layout(name: str, cells: int) -> None:
    """Each line equals the golden one."""
    printed = paper(SLIPS[name](cells), cells)
    path = FOLDER / f"{name}_{cells}.txt"
    BUILT.mkdir(parents=True, exist_ok=True)
    (BUILT / path.name).write_text(printed, encoding="utf-8")
    assert path.exists(), f"no golden yet: look at {BUILT / path.name}, and keep it as {path}"
    wanted = path.read_text(encoding="utf-8")
    differences = difflib.unified_diff(wanted.splitlines(), printed.splitlines(), "golden", "printed", lineterm="")
    assert printed == wanted, "\n".join(differences)


def test_no_golden_is_left_over() -> None:
    """Each golden belongs to a slip, so that none is compared with nothing."""
    kept = {path.name for path in FOLDER.iterdir()}
    texts = {f"{name}_{cells}.txt" for name in SLIPS for cells in (32, 48)}
    pictures = {f"{name}_{width}mm.png" for name in SLIPS for width in (58, 80)}
    assert kept == texts | pictures
