"""Style as a test: what a reviewer would otherwise have to say each time. Standard library only."""

import ast
import configparser
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("agent", "drivers", "sync")
LINES_MAX = 500
FUNCTION_LINES_MAX = 70

LONG_FUNCTIONS = {
    # a list of tables, written once and never changed
    "sync/hq/migrations/versions/v0001_first_tables.py:upgrade": 148,
}
"""A ratchet: functions that may be longer, `path:name` with their length. Entries only shrink and go."""

IMPURE = {
    "asyncio",
    "logging",
    "os",
    "pathlib",
    "pysqlite3",
    "random",
    "requests",
    "secrets",
    "serial",
    "socket",
    "sqlite3",
    "sqlite_utils",
    "subprocess",
    "threading",
    "time",
}
GUESTS = ("sync.hq", "sync.simulator", "drivers.emulators")
"""Product code that only entry points may import: the box must run without it."""
ENTRY_POINTS = ("agent.cli", "agent.demo", "agent.replay", "agent.bench")
MAY_IMPORT = {"drivers": ("drivers",), "sync": ("sync", "agent.core", "agent.disk")}
LEFTOVERS = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
TRACKER = re.compile(r"(?i)\bissues?[ /]*#?\d+|\b(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?|see|gh)[ -]?#\d+")
TEXT_FILES = ("*.py", "*.md", "*.toml", "*.sh", "*.html", "*.js", "*.css", "*.cfg", "*.service")


@cache
def modules() -> tuple[Path, ...]:
    """Return every Python file of the product."""
    return tuple(sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of each import, lazy ones too; `from a import b` yields `a.b`, which may be a module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def within(name: str, *packages: str) -> bool:
    """Say whether a dotted name is one of the packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def place(path: Path, line: int, what: str) -> str:
    """Return how a finding is shown: a click in an editor away."""
    return f"{path.relative_to(ROOT)}:{line}: {what}"


def expect_none(found: list[str]) -> None:
    """Fail with every finding, one a line."""
    assert not found, "\n" + "\n".join(found)


def texts() -> Iterator[Path]:
    """Yield every text file that we wrote."""
    for folder in (*ROOMS, "config", "systemd", "docs", "tests"):
        for pattern in TEXT_FILES:
            yield from (ROOT / folder).rglob(pattern)
    yield from (ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md"))


def test_a_file_has_one_reason_to_exist() -> None:
    written = [path for path in texts() if path.suffix in {".py", ".js", ".css", ".html", ".sh"}]
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in written}
    assert len(lengths) > len(modules())
    expect_none(
        [place(path, lines, f"more than {LINES_MAX} lines") for path, lines in lengths.items() if lines > LINES_MAX]
    )


def test_a_function_does_one_thing() -> None:
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            allowed = LONG_FUNCTIONS.get(f"{path.relative_to(ROOT)}:{node.name}", FUNCTION_LINES_MAX)
            if lines > allowed:
                found.append(place(path, node.lineno, f"{node.name} has {lines} lines, allowed are {allowed}"))
    expect_none(found)


def test_the_core_is_pure() -> None:
    found = [
        place(path, line, f"the core imports {name}; take it as an argument, see agent/core/ports.py")
        for path in (ROOT / "agent" / "core").rglob("*.py")
        for line, name in imports(path)
        if name.split(".")[0] in IMPURE or (within(name, *ROOMS) and not within(name, "agent.core"))
    ]
    expect_none(found)


def test_the_core_counts_in_whole_numbers() -> None:
    found = [
        place(path, node.lineno, f"float {node.value}: money and quantities are integers")
        for path in (ROOT / "agent" / "core").rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    expect_none(found)


def test_drivers_and_sync_know_nobody_above_them() -> None:
    found = [
        place(path, line, f"imports {name}")
        for path in modules()
        for line, name in imports(path)
        for room in ("drivers", "sync")
        if within(name_of(path), room) and within(name, *ROOMS) and not within(name, *MAY_IMPORT[room])
    ]
    expect_none(found)


def test_only_entry_points_import_emulators_simulator_and_headquarters() -> None:
    found = [
        place(path, line, f"imports {name}")
        for path in modules()
        for line, name in imports(path)
        for guest in GUESTS
        if within(name, guest) and not within(name_of(path), guest, *ENTRY_POINTS)
    ]
    expect_none(found)


def test_imports_are_absolute() -> None:
    found = [
        place(path, node.lineno, "relative import")
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    expect_none(found)


def test_every_room_of_the_agent_has_its_layer() -> None:
    """import-linter ignores what no contract names."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    named = set(re.findall(r"agent\.\w+", config["importlinter:contract:layers"]["layers"]))
    rooms = {
        f"agent.{path.stem}"
        for path in (ROOT / "agent").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()
    }
    expect_none([f"setup.cfg: no layer holds {room}" for room in sorted(rooms - named)])


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_only_a_docstring_in_its_init(room: str) -> None:
    """Importing `agent.core` runs `agent/__init__`."""
    body = tree(ROOT / room / "__init__.py").body
    assert len(body) == 1 and isinstance(body[0], ast.Expr), f"{room}/__init__.py does something"


def test_no_error_is_swallowed() -> None:
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            if node.type is None:
                found.append(place(path, node.lineno, "bare except: name what may happen"))
            elif broad and all(isinstance(step, ast.Pass) for step in node.body):
                found.append(place(path, node.lineno, "swallows everything: name what may happen, or record it"))
    expect_none(found)


def test_only_the_command_line_prints() -> None:
    found = [
        place(path, node.lineno, "print(): log it, or return it")
        for path in modules()
        if "cli" not in name_of(path).split(".")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    expect_none(found)


def test_every_module_says_what_it_is_for() -> None:
    expect_none([place(path, 1, "no docstring") for path in modules() if not ast.get_docstring(tree(path))])


def test_nothing_is_left_for_later() -> None:
    found = []
    for path in texts():
        if path == Path(__file__).resolve() or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if LEFTOVERS.search(line):
                found.append(place(path, number, "left for later"))
            if TRACKER.search(line):
                found.append(place(path, number, "names a ticket: say the reason itself"))
    expect_none(found)


def test_every_decision_is_linked_from_the_architecture() -> None:
    architecture = ROOT / "docs" / "architecture.md"
    if not architecture.is_file():
        pytest.skip("docs/architecture.md is not written yet")
    text = architecture.read_text(encoding="utf-8")
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    expect_none([f"{path.relative_to(ROOT)} is not linked" for path in decisions if path.name not in text])


def test_every_noun_of_the_command_line_is_in_its_table() -> None:
    table = next(
        node.value
        for node in tree(ROOT / "agent" / "cli" / "app.py").body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "NOUNS"
    )
    nouns = set(ast.literal_eval(table))
    offered = {
        path.stem
        for path in (ROOT / "agent" / "cli").glob("*.py")
        for node in tree(path).body
        if (isinstance(node, ast.FunctionDef) and node.name == path.stem)
        or (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == f"{path.stem}_app")
    }
    expect_none([f"agent/cli/{noun}.py is missing in NOUNS of agent/cli/app.py" for noun in sorted(offered - nouns)])
