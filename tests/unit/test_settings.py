"""Settings: nothing is needed, nothing unknown is accepted, every problem names its key."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from agent import settings
from agent.core.errors import Broken, Refused

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "storebox.toml"


def problem(text: str) -> Refused:
    """Return the one problem of a file."""
    _, problems = settings.read(text)
    assert len(problems) == 1
    return problems[0]


def test_an_empty_file_means_the_defaults() -> None:
    assert settings.read("") == (settings.Settings(), [])


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert settings.read(text) == (settings.Settings(), [])
    values = tomllib.loads(re.sub(r"(?m)^#(?=[a-z_]+ = |\[\[)", "", text))  # with the optional tables
    for table, model in settings.TABLES.items():
        here = values
        for name in table:
            here = here[name]
        here = here[0] if isinstance(here, list) else here
        assert set(here) == set(settings.keys_of(model)), table


def test_the_shipped_file_explains_every_key() -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#?[a-z_]+ = ", line):
            assert before.startswith("# "), f"{line} has no comment"


def comments() -> dict[tuple[str, ...], str]:
    """Return what the shipped file says above each key, by table and key; tables that are commented out too."""
    found: dict[tuple[str, ...], str] = {}
    table: tuple[str, ...] = ()
    said: list[str] = []
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        bare = re.sub(r"^#(?=[a-z_]+ = |\[)", "", line)
        if named := re.fullmatch(r"\[+([a-z]+)\]+", bare):
            table, said = (named[1],), []
        elif key := re.match(r"([a-z_]+) = ", bare):
            found[*table, key[1]] = " ".join(said)
            said = []
        elif line.startswith("# "):
            said.append(line[2:])
        else:
            said = []
    return found


@pytest.mark.parametrize("table", settings.TABLES)
def test_the_shipped_file_says_unit_range_and_choices_of_every_key(table: tuple[str, ...]) -> None:
    said = comments()
    for name, field in settings.TABLES[table].model_fields.items():
        if (key := (*table, field.alias or name)) not in said:
            continue  # a table of its own
        for limit in field.metadata:
            for bound in (getattr(limit, "ge", None), getattr(limit, "le", None)):
                assert bound is None or str(bound) in said[key], f"{key}: {bound} is not told"
            if isinstance(field.default, tuple) and getattr(limit, "max_length", None):
                assert re.search(r"at most (\d+|two)", said[key]), f"{key}: how many is not told"
        if get_origin(field.annotation) is Literal:
            assert all(str(choice) in said[key] or choice == "" for choice in get_args(field.annotation)), key
        for ending, unit in (("_s", "econds"), ("_fen", "fen")):
            assert not name.endswith(ending) or unit in said[key], f"{key}: its unit is not told"


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[web]\nprot = 1", "web.prot", "web.port"),
        ("allowed_host = []", "allowed_host", "web.allowed_hosts"),
        ("langauge = 'en'", "langauge", "language"),
        ('[[till]]\nprintr = "x"', "till.0.printr", "till.printer"),
        ("[sotre]\nname = 'x'", "sotre", "store"),
    ],
)
def test_an_unknown_key_names_the_nearest(text: str, key: str, nearest: str) -> None:
    found = problem(text)
    assert found.code == "config.unknown_key"
    assert (found.values["key"], found.values["nearest"]) == (key, nearest)


@pytest.mark.parametrize(
    ("text", "key", "rule"),
    [
        ("[web]\nport = 0", "web.port", "greater than or equal to 1"),
        ("[web]\nport = '80'", "web.port", "valid integer"),
        ("timezone = 'Mars'", "timezone", "no such time zone"),
        ("timezone = '../../etc/passwd'", "timezone", "no such time zone"),
        ("language = 'fr'", "language", "'zh-CN' or 'en'"),
        ("day_starts = '5'", "day_starts", "05:00"),
        ('[[till]]\ntill = "one"', "till.0.till", "A-Z and 0-9"),
        ('[[till]]\ntill = "1"\n[[till]]\ntill = "1"', "till", "same number"),
        ("till = []", "till", "1 to 16"),
        ('[[till]]\nprinter = "COM3"', "till.0.printer", "device URL"),
        ("[hq]\nurl = 'hq.example'", "hq.url", "https://"),
        ("[printing]\nreceipts = 'sometimes'", "printing.receipts", "'never'"),
        ("[printing]\ndrawer_open_s = -1", "printing.drawer_open_s", "greater than or equal to 0"),
        ('[[printer]]\nname = "Küche"', "printer.0.name", "a letter"),
        ('[[printer]]\nname = "receipt1"', "", "same name"),
        ('[[printer]]\nname = "bar"\ndeputy = "bar"', "", "another printer: receipt1, bar"),
        ('[[till]]\ndeputy = "receipt7"', "", "another printer: receipt1"),
        ('[[route]]\nslip = "kitchen"\nprinter = "bar"', "", "the printers are receipt1"),
        ('[[route]]\nslip = "poster"\nprinter = "receipt1"', "route.0.slip", "'kitchen' or 'label'"),
    ],
)
def test_a_wrong_value_names_its_rule(text: str, key: str, rule: str) -> None:
    found = problem(text)
    assert found.code == "config.wrong_value"
    assert found.values["key"] == key
    assert rule in str(found.values["rule"])


def test_printers_routes_and_deputies_are_read() -> None:
    found, problems = settings.read(
        '[[till]]\ndeputy = "bar"\n[[printer]]\nname = "bar"\nurl = "tcp:10.0.0.9:9100"\ndeputy = "receipt1"\n'
        '[[route]]\nslip = "label"\nprinter = "bar"\ndepartments = ["饮品"]'
    )
    assert problems == []
    assert found.deputies == {"receipt1": "bar", "bar": "receipt1"}
    assert found.routes[0].departments == ("饮品",)


def test_every_problem_is_found_at_once() -> None:
    _, problems = settings.read("prot = 1\n[web]\nport = 0")
    assert [found.code for found in problems] == ["config.wrong_value", "config.unknown_key"]


def test_a_file_that_is_not_toml_says_where() -> None:
    found = problem("[web\n")
    assert found.code == "config.not_toml"
    assert "line 1" in str(found.values["reason"])


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="config.unreadable"):
        settings.load(tmp_path / "nothing.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(Refused, match="config.unreadable"):
        settings.load(tmp_path / "bytes.toml")


def test_the_state_folder_chosen_by_hand_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: Path) -> None:
    monkeypatch.setattr(settings, "SYSTEM_FOLDER", tmp_path / "etc")
    assert settings.in_force().state == Path("/var/lib/storebox")
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/unit:{tmp_path}/other")
    assert settings.in_force().state == tmp_path / "unit"
    monkeypatch.setenv("STOREBOX_STATE", f"{tmp_path}/named")
    assert settings.in_force().state == tmp_path / "named"
    (state / "storebox.toml").write_text("language = 'en'", encoding="utf-8")
    found = settings.in_force(state)
    assert (found.state, found.language) == (state, "en")


def test_a_settings_file_named_by_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: Path
) -> None:
    (state / "storebox.toml").write_text("language = 'en'", encoding="utf-8")
    named = tmp_path / "named.toml"
    named.write_text("[web]\nport = 9000", encoding="utf-8")
    monkeypatch.setenv("STOREBOX_CONFIG", str(named))
    found = settings.in_force(state)
    assert (found.web.port, found.language, found.state) == (9000, "zh-CN", state)


def test_settings_never_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.Settings().language = "en"  # type: ignore[misc]


def test_shipped_data_is_found_and_the_system_may_replace_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "SYSTEM_FOLDER", tmp_path)
    assert settings.shipped("tenders.toml") == SHIPPED.parent / "tenders.toml"
    (tmp_path / "tenders.toml").write_text("", encoding="utf-8")
    assert settings.shipped("tenders.toml") == tmp_path / "tenders.toml"
    with pytest.raises(Broken, match="config.not_shipped"):
        settings.shipped("nothing.toml")
