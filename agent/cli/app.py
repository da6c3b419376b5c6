"""The root of `storebox`: one table of nouns, each loaded only when it is used.

Separate from the nouns so that `storebox --version` and `storebox --help` start no web framework and open no database.
A noun lives in `agent/cli/NOUN.py` and offers either a Typer app `NOUN_app` (it has verbs) or a function `NOUN`
(it has none). Exit codes: 0 done, 1 refused or found wrong, 2 usage.
"""

import importlib
import logging
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from agent.core.errors import StoreboxError

NOUNS = {
    "run": "Serve the shop: till pages, devices, journal, sync (what systemd starts).",
    "demo": "A whole shop on this machine: box, printer, scanner, platforms, headquarters.",
    "replay": "Ring up recorded baskets by the counter's own code, at full speed; resumable.",
    "doctor": "Examine this box and say what to do about each finding.",
    "drill": "Practise an emergency: power, network, paper, disk.",
    "setup": "Where the setup of a blank box stands; its codes for those who have a keyboard.",
    "enrol": "Give this box its store and its key.",
    "spare": "Prepare a box for the drawer, which takes a dead one's place by two scans.",
    "restore": "Bring a replaced box back from headquarters.",
    "handover": "Hand the unsent journal over on a stick, also from a dying box.",
    "retire": "Hand over what is unsent and close this box for good.",
    "key": "Keys of third-party tills.",
    "seal": "Seal the box's key to this machine (what storebox-seal.service runs).",
    "device": "Printers and scanners: find, identify, test, watch.",
    "staff": "Who works here: names, roles, PINs.",
    "shift": "Where each till's shift stands.",
    "day": "Where the business day stands, and what is unfinished.",
    "ledger": "Verify, rebuild and export the journal.",
    "journal": "Copy the journal; set a damaged one aside.",
    "sync": "What headquarters has, and what waits.",
    "payment": "Look up a payment that a customer claims.",
    "bill": "The platforms' bills: fetch, match, what differs.",
    "why": "Tell the story of a number or a printer: sale, payment, refund, slip.",
    "bundle": "Pack what support needs to see, without secrets.",
    "config": "Check and show the settings in force.",
    "upgrade": "Take a signed release, or go back.",
    "release": "For the publisher: make, sign and check the bundle of a release.",
    "sim": "Emulated devices and platforms, with faults on command.",
    "bench": "Measure this machine against what a shop needs.",
}


def module_of(noun: str) -> str:
    """Return the module that a noun lives in."""
    return f"agent.cli.{noun}"


def present() -> list[str]:
    """Return the nouns of this installation, in the table's order."""
    return [noun for noun in NOUNS if find_spec(module_of(noun))]


class LazyNoun(TyperCommand):
    """A noun's name and help line; the noun itself is imported when its arguments are read."""

    def __init__(self, noun: str) -> None:
        super().__init__(name=noun, help=NOUNS[noun])

    def load(self) -> TyperCommand | TyperGroup:
        """Import the noun and return its command; a program error when the module offers neither shape."""
        noun = self.name or ""
        module = importlib.import_module(module_of(noun))
        app: Any = getattr(module, f"{noun}_app", None)
        command: Any
        if app is None:
            app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            app.command(name=noun, help=NOUNS[noun])(getattr(module, noun))
            command = get_command(app)
        else:
            command = get_group(app)
            command.help = command.help or NOUNS[noun]
            command.no_args_is_help = not command.invoke_without_command
        command.name = noun
        loaded: TyperCommand | TyperGroup = command
        return loaded

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the arguments by the real command, which thereby takes this one's place."""
        return self.load().make_context(info_name, args, parent=parent, **extra)


class Nouns(TyperGroup):
    """A group whose commands are the table of nouns."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for noun in present():
            self.add_command(LazyNoun(noun))


def version() -> str:
    """Return the installed version."""
    from importlib.metadata import version as version_of

    return version_of("storebox")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"storebox {version()}")
        raise typer.Exit


def root() -> Any:
    """Return the whole command, nouns unloaded."""
    app = typer.Typer(
        cls=Nouns,
        name="storebox",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="The box in the shop: printers, scanners, a journal that forgets nothing, payments, headquarters.",
    )

    @app.callback()
    def storebox(
        _: Annotated[
            bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
        ] = False,
    ) -> None:
        pass

    return get_command(app)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run `storebox` with `arguments` (default: the process's own) and leave the process with its exit code."""
    try:
        root()(args=list(arguments) if arguments is not None else None, prog_name="storebox")
    except StoreboxError as error:
        from agent.cli.output import print_error

        print_error(error)
        sys.exit(1)
    except Exception as error:
        from pysqlite3 import dbapi2 as sqlite3

        if not isinstance(error, OSError | sqlite3.Error):
            raise
        from agent.cli.output import print_error
        from agent.cli.system_errors import in_words

        _keep(error)
        print_error(in_words(error))
        sys.exit(1)


def _keep(error: Exception) -> None:
    """Log where it happened, where there is a log: a service's, which nobody watches."""
    log = logging.getLogger("storebox.command")
    if log.hasHandlers():
        log.error("the command ended: %s", error, exc_info=error)
