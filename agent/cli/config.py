"""`storebox config`: is a settings file right, what is in force, what differs from the defaults."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agent import settings
from agent.cli.output import JsonOption, StateOption, found_wrong, print_error, print_json, print_rows
from agent.core.errors import Refused

config_app = typer.Typer()

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
    """Show the settings in force and where they come from."""
    found = settings.in_force(state).model_dump(mode="json", by_alias=True)
    path = settings.locate(state)
    if as_json:
        print_json({"file": path, "settings": found})
        return
    typer.echo(f"# from {path or 'defaults'}")
    print_rows(
        [{"key": key, "value": value} for key, value in _flat(found).items()],
        {"key": "key", "value": "value"},
        as_json=False,
    )


@config_app.command()
def diff(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show only the settings that differ from the defaults."""
    mine = _flat(settings.in_force(state).model_dump(mode="json", by_alias=True))
    default = _flat(settings.Settings().model_dump(mode="json", by_alias=True))
    rows = [
        {"key": key, "value": value, "default": default.get(key)}
        for key, value in mine.items()
        if key not in default or value != default[key]
    ]
    print_rows(rows, {"key": "key", "value": "value", "default": "default"}, as_json=as_json)


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
