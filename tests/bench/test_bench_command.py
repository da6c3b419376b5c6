"""`storebox bench` from outside: one document, its shape, its exit code."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).parent / "storebox")
KEYS = ["name", "value", "unit", "floor", "ratio", "bar", "holds"]


def bench(state: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [PROGRAM, "bench", "--quick", "--state", str(state), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_one_document_of_rows(state: Path) -> None:
    done = bench(state, "--only", "sale,slip", "--json")
    rows = json.loads(done.stdout)["rows"]
    assert [list(row) for row in rows] == [KEYS] * len(rows)
    assert {row["name"].split(":")[0] for row in rows} >= {"sale", "append"}
    assert all(row["value"] > 0 and row["floor"] > 0 and row["ratio"] > 0 for row in rows)
    assert all(type(row["holds"]) is bool and row["bar"].startswith("ratio ") for row in rows)
    assert done.returncode == (0 if all(row["holds"] for row in rows) else 1), done.stderr
    assert "bytes of log" in done.stderr
    assert not list(state.iterdir()), "nothing is left behind"


def test_an_unknown_figure_is_a_wrong_call(state: Path) -> None:
    done = bench(state, "--only", "speed")
    assert done.returncode == 2
    assert "sale" in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(find_spec("escpos") is None, reason="needs the extra 'escpos'")
def test_ours_beside_the_foreign_ones(state: Path) -> None:
    done = bench(state, "--only", "event,receipt,foreign", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
    assert [list(row) for row in rows.values()] == [KEYS] * len(rows)
    bytes_of = {name.split(", ")[1].split(":")[0]: row for name, row in rows.items() if ": bytes" in name}
    assert set(bytes_of) == {"text alone", "native QR", "QR as dots"}
    assert bytes_of["text alone"]["value"] < bytes_of["native QR"]["value"] < bytes_of["QR as dots"]["value"]
    (ours,) = [row["value"] for name, row in rows.items() if "our call returns" in name]
    (theirs,) = [row["value"] for name, row in rows.items() if "python-escpos' call returns" in name]
    assert ours > 0 > theirs, "ours waits for the printer's word; theirs is back before the line has its bytes"
    assert sum(row["bar"] is not None for row in rows.values()) == 4
    assert done.returncode == (0 if all(row["holds"] for row in rows.values()) else 1), done.stderr
    assert not list(state.iterdir()), "nothing is left behind"
