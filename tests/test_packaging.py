"""Our three top-level packages are ours alone, and what is installed is complete.

Another distribution with a folder `drivers/` would silently overwrite ours; nobody else would say so.
"""

import configparser
import importlib
import importlib.metadata
import re
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("agent", "drivers", "sync")


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


@pytest.mark.parametrize("room", ROOMS)
def test_only_storebox_installs_a_package_of_this_name(room: str) -> None:
    assert set(importlib.metadata.packages_distributions()[room]) == {"storebox"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_package_comes_from_this_folder(room: str) -> None:
    assert Path(importlib.import_module(room).__file__ or "").parent == ROOT / room


def test_console_scripts_can_be_imported() -> None:
    scripts = importlib.metadata.entry_points(group="console_scripts")
    ours = [script for script in scripts if script.dist and script.dist.name == "storebox"]
    assert {script.name for script in ours} == {"storebox", "storebox-hq"}
    for script in ours:
        assert callable(script.load())


def test_every_module_is_in_a_package() -> None:
    """`packages = find:` leaves out a folder without `__init__.py`, and only the wheel would miss it."""
    missing = {
        str(folder.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for folder in [path.parent, *path.parent.parents]
        if folder.is_relative_to(ROOT / room) and not (folder / "__init__.py").is_file()
    }
    assert not missing


def test_package_data_covers_every_file_that_is_not_python(setup_cfg: configparser.ConfigParser) -> None:
    uncovered = []
    for room in ROOMS:
        patterns = setup_cfg["options.package_data"][room].split()
        for path in (ROOT / room).rglob("*"):
            name = path.relative_to(ROOT / room).as_posix()
            if not path.is_file() or path.suffix in (".py", ".pyc") or path.stem.startswith("."):
                continue
            if not any(_matches(name, pattern) for pattern in patterns):
                uncovered.append(f"{room}/{name}")
    assert not uncovered, "not in [options.package_data] of setup.cfg"


def test_data_files_cover_config_and_systemd(setup_cfg: configparser.ConfigParser) -> None:
    patterns = [pattern for patterns in setup_cfg["options.data_files"].values() for pattern in patterns.split()]
    uncovered = [
        name
        for folder in ("config", "systemd")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and ROOT / "config" / "install" not in path.parents
        for name in [path.relative_to(ROOT).as_posix()]
        if not any(_matches(name, pattern) for pattern in patterns)
    ]
    assert not uncovered, "not in [options.data_files] of setup.cfg"


@pytest.mark.parametrize("po", sorted((ROOT / "agent" / "locale").rglob("*.po")), ids=lambda po: po.parts[-3] + po.stem)
def test_a_catalogue_is_compiled(po: Path) -> None:
    """Both files are kept, so that no build step stands between a clone and a shop; `make catalogues` compiles."""
    with po.open("rb") as text, po.with_suffix(".mo").open("rb") as compiled:
        wanted = {message.id: message.string for message in read_po(text) if message.id and message.string}
        found = {message.id: message.string for message in read_mo(compiled) if message.id}
    assert found == wanted


def test_every_dependency_says_why_it_is_here() -> None:
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.partition("install_requires =\n")[2].partition("\n\n")[0].splitlines()]
    unexplained = [
        line for before, line in pairwise(["", *lines]) if not line.startswith("#") and not before.startswith("#")
    ]
    assert not unexplained


def _matches(name: str, pattern: str) -> bool:
    """Match as setuptools does: `*` stays inside one folder."""
    parts, wanted = name.split("/"), re.split("/", pattern)
    return len(parts) == len(wanted) and all(fnmatch(part, want) for part, want in zip(parts, wanted, strict=True))
