"""The command line's root: nouns load late, errors have one shape, exit codes mean something."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli import app, output
from agent.core.errors import Refused


def leave_code(*arguments: str) -> int:
    """Run `storebox` in this process and return its exit code."""
    with pytest.raises(SystemExit) as left:
        app.run(arguments)
    return int(left.value.code or 0)


def test_the_version_loads_no_noun_and_no_framework() -> None:
    program = (
        "import sys; from agent.cli.app import run\n"
        "try: run(['--version'])\n"
        "except SystemExit: pass\n"
        "heavy = {'fastapi', 'pydantic', 'pysqlite3', 'rich', 'requests', 'structlog', 'agent.cli.config'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"storebox {app.version()}", "[]"]


def test_help_lists_every_present_noun(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave_code("--help") == 0
    shown = capsys.readouterr().out
    assert all(noun in shown for noun in app.present())


@pytest.mark.parametrize("noun", app.present())
def test_every_noun_loads_and_explains_itself(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert leave_code(noun, "--help") == 0
    assert f"storebox {noun}" in capsys.readouterr().out


def test_a_misspelt_noun_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave_code("cofnig") == 2
    assert "config" in capsys.readouterr().err


def test_a_refusal_is_code_and_place_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "storebox.toml"
    wrong.write_text("[web]\nprot = 1", encoding="utf-8")
    assert leave_code("config", "show", "--state", str(tmp_path)) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("config.unknown_key: ")
    assert "web.port" in shown.err


def test_json_stands_alone_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("prot = 1\n[web]\nport = 0", encoding="utf-8")
    assert leave_code("config", "check", "--json", str(wrong)) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["holds"]
    assert [problem["code"] for problem in found["problems"]] == ["config.wrong_value", "config.unknown_key"]


def test_what_differs_from_the_defaults(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "storebox.toml").write_text("[web]\nport = 9000", encoding="utf-8")
    assert leave_code("config", "diff", "--json", "--state", str(state)) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == [
        {"key": "state", "value": str(state), "default": "/var/lib/storebox", "from": "--state"},
        {"key": "web.port", "value": 9000, "default": 8080, "from": str(state / "storebox.toml")},
    ]


def test_the_shipped_settings_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave_code("config", "check", "--defaults") == 0
    assert "right" in capsys.readouterr().out


@pytest.mark.parametrize(("value", "expected"), [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("C", "en")])
def test_the_terminal_chooses_the_language(value: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", value)
    assert output.language() == expected


def test_rows_are_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_rows(
        [{"till": "1", "open": True, "note": None}], {"till": "Till", "open": "Open", "note": "Note"}, as_json=False
    )
    assert capsys.readouterr().out.split() == ["Till", "Open", "Note", "1", "yes", "-"]


def test_an_error_without_values_still_has_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_error(Refused("day.closed"))
    assert capsys.readouterr().err.startswith("day.closed: ")


def test_progress_is_silent_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(output.track(range(3), "counting")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
