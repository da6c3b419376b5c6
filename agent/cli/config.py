"""`storebox config`: is a settings file right, what is in force, what differs from the defaults."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from agent import settings
from agent.cli.output import JsonOption, StateOption, found_wrong, print_error, print_json, print_rows
from agent.core.errors import Refused

config_app = typer.Typer()

_EXAMPLES = {"printer": [{"name": "example"}], "route": [{"slip": "kitchen", "printer": "example"}]}
"""Tables that there are none of by default, so that their keys have defaults too."""
_NAMED = ("printer.0.name", "route.0.slip", "route.0.printer")
"""Keys without a default: whoever writes the table has to say them."""

FileArgument = Annotated[Path | None, typer.Argument(help="A settings file; default: the one in force.")]


@config_app.command()
def check(
    file: FileArgument = None,
    state: StateOption = None,
    defaults: Annotated[bool, typer.Option("--defaults", help="Check what came with storebox instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a settings file; every problem names its key, and the key that was probably meant."""
    path = settings.shipped(settings.FILE_NAME) if defaults else file or settings.locate(state)
    problems = [] if path is None else _problems(path)
    if as_json:
        print_json({"file": path, "holds": not problems, "problems": [_as_json(problem) for problem in problems]})
    elif path is None:
        typer.echo("no settings file: the defaults are in force")
    else:
        for problem in problems:
            print_error(problem)
        typer.echo(f"{path}: {f'{len(problems)} wrong' if problems else 'right'}")
    if problems:
        found_wrong()


@config_app.command()
def show(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show the settings in force, and where each comes from: default, file, what setup found, or an option."""
    found = settings.in_force(state)
    shown, path, origins = _plain(found), settings.locate(state), _origins(found, state)
    if as_json:
        print_json({"file": path, "settings": shown, "origins": origins})
        return
    rows = [{"key": key, "value": value, "from": origins[key]} for key, value in _flat(shown).items()]
    print_rows(rows, {"key": "key", "value": "value", "from": "from"}, as_json=False)


@config_app.command()
def diff(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show only the settings that differ from the defaults, and where they come from."""
    found = settings.in_force(state)
    origins = _origins(found, state)
    rows = [
        {"key": key, "value": value, "default": _default(key), "from": origins[key]}
        for key, value in _flat(_plain(found)).items()
        if value != _default(key)
    ]
    columns = {"key": "key", "value": "value", "default": "default", "from": "from"}
    print_rows(rows, columns, as_json=as_json)


def _origins(found: settings.Settings, state: Path | None) -> dict[str, str]:
    """Return for each key in force where its value comes from."""
    path, chosen = settings.locate(state), settings.chosen_state(state)
    written = _flat(tomllib.loads(path.read_text(encoding="utf-8"))) if path else {}
    overlay = found.state / settings.OVERLAY
    origins = {}
    for key, value in _flat(_plain(found)).items():
        if key == "state" and chosen is not None:
            origins[key] = "--state" if state is not None else "environment"
        elif key in written and (not overlay.is_file() or written[key] == value):
            origins[key] = str(path)
        elif value != _default(key) and overlay.is_file():
            origins[key] = str(overlay)
        else:
            origins[key] = str(path) if key in written else "default"
    return origins


def _plain(found: settings.Settings) -> dict[str, Any]:
    return found.model_dump(mode="json", by_alias=True)


def _default(key: str) -> Any:
    """Return the default of a key; of a further table of a list that of its first, None where there is none."""
    whole = settings.Settings.model_validate(_EXAMPLES)
    models = (settings.Settings(), whole)
    defaults = {key: value for model in models for key, value in _flat(_plain(model)).items()}
    first = re.sub(r"\.\d+(?=\.|$)", ".0", key)
    return None if first.startswith(_NAMED) else defaults.get(first)


def _problems(path: Path) -> list[Refused]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [Refused("config.unreadable", file=str(path), reason=str(error))]
    found, problems = settings.read(text, str(path))
    if problems:
        return problems
    from agent.daemon.named_devices import wrong_addresses

    return wrong_addresses(found)


def _as_json(problem: Refused) -> dict[str, Any]:
    return {"code": problem.code, **problem.values}


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one level of dotted keys; a list of tables by its index."""
    if isinstance(values, list) and values and isinstance(values[0], dict):
        values = {str(index): each for index, each in enumerate(values)}
    if not isinstance(values, dict):
        return {prefix: values}
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}.{key}" if prefix else key)
    return found
