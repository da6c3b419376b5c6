"""`storebox-hq store token STORE`, and beside it `store token list` and `store token withdraw`."""

import json
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, opened, show
from sync.hq.commissioning.cli import CONSOLE, By, store_token

_MAKE = "make"
COLUMNS = ("token", "mode", "made_by", "made_at", "expires_at", "reason")


class _MakesByDefault(TyperGroup):
    """A number of a store where a verb may stand makes a token for it: numbers have no lower-case letter."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb in where none is written."""
        own = {*self.commands, *ctx.help_option_names}
        if args and args[0] not in own:
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


token_app = typer.Typer(
    cls=_MakesByDefault, help="One-time tokens of boxes: `token STORE` makes one.", no_args_is_help=True
)
token_app.command(_MAKE)(store_token)


@token_app.command("list")
def list_tokens(
    store: str, state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List the tokens with which a box of the store could still enrol."""
    from agent.core.moment import PLATFORM_ZONE, at
    from sync.hq.commissioning.withdrawing import open_tokens

    def written(at_ms: int) -> str:
        return f"{at(at_ms, PLATFORM_ZONE):%m-%d %H:%M}"

    with opened(state, database) as office, office.database.read() as connection:
        rows = [
            {
                "token": one.name,
                "mode": one.mode.value,
                "made_by": one.made_by,
                "made_at_ms": one.made_at_ms,
                "expires_at_ms": one.expires_at_ms,
                "reason": one.reason,
                "made_at": written(one.made_at_ms),
                "expires_at": written(one.expires_at_ms),
            }
            for one in open_tokens(connection, store, office.now_ms())
        ]
    show(rows, "tokens", as_json, COLUMNS)


@token_app.command("withdraw")
def withdraw_token(
    store: str,
    reason: Annotated[str, typer.Option(help="Why; stands in the store's book.")],
    token: Annotated[str | None, typer.Option(help="Which one, as `token list` names it; without: all.")] = None,
    by: By = CONSOLE,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take back tokens that nobody used; a box that brings one is told that it was withdrawn."""
    from sync.hq.commissioning.withdrawing import withdraw

    with opened(state, database) as office, office.database.write() as connection:
        taken = withdraw(connection, store, token, by, reason, office.now_ms())
    names = [one.name for one in taken]
    typer.echo(json.dumps({"store": store, "withdrawn": names}) if as_json else "\n".join(names))
