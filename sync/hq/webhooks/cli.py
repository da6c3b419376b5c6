"""`storebox-hq webhook`: where alarms are sent."""

from typing import Annotated

import typer

from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, opened, show
from sync.hq.webhooks.alarms import Alarm
from sync.hq.webhooks.message import Form

webhook_app = typer.Typer(help="Alarms that are sent to people and programs.", no_args_is_help=True)
SHOWN_ALARMS = 50


@webhook_app.command("add")
def add(
    name: str,
    url: Annotated[str, typer.Argument(help="https://…, or http on this machine.")],
    form: Annotated[
        Form, typer.Option(help="signed: our JSON, signed; robot: a group's robot in WeCom or DingTalk.")
    ] = Form.SIGNED,
    store: Annotated[list[str] | None, typer.Option(help="A store (or @platform:merchant); all when left out.")] = None,
    kind: Annotated[list[Alarm] | None, typer.Option(help="A kind of alarm; all when left out.")] = None,
    private: Annotated[bool, typer.Option("--private", help="The address may lie in a network of our own.")] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Add an endpoint; prints the secret of its signatures, once."""
    from sync.hq.webhooks.endpoints import add_endpoint

    with opened(state, database) as office, office.database.write() as connection:
        secret = add_endpoint(connection, name, url, office.now_ms(), form, store, kind, private)
    typer.echo(secret if form is Form.SIGNED else f"webhook {name} added")


@webhook_app.command("list")
def list_endpoints(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List endpoints, and how many alarms wait, were delivered and were given up."""
    from sync.hq.webhooks.endpoints import endpoints

    with opened(state, database) as office, office.database.read() as connection:
        rows = endpoints(connection)
    show(rows, "webhooks", as_json, ("name", "url", "form", "stores", "waiting", "delivered", "given_up", "last_code"))


@webhook_app.command("remove")
def remove(name: str, state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Remove an endpoint; what is on its way there is given up."""
    from sync.hq.webhooks.endpoints import remove_endpoint

    with opened(state, database) as office, office.database.write() as connection:
        remove_endpoint(connection, name, office.now_ms())
    typer.echo(f"webhook {name} removed")


@webhook_app.command("test")
def test(name: str, state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Send a trial alarm now; exit code 1 when it was not taken."""
    from agent.core.sentences import sentence_for
    from sync.hq.webhooks.sender import send_test

    with opened(state, database) as office:
        code = send_test(office.database, office.now_ms, name)
    if code is None:
        typer.echo(f"webhook {name}: taken")
        return
    said = sentence_for(code)
    typer.echo(f"webhook {name}: {code}: {said.zh_title} / {said.en_title}", err=True)
    raise typer.Exit(1)


@webhook_app.command("send")
def send(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Send what is due now; `storebox-hq serve` does so by itself."""
    from sync.hq.webhooks.sender import send_due

    with opened(state, database) as office:
        done = send_due(office.database, office.now_ms)
    row = {"delivered": done.delivered, "postponed": done.postponed, "given_up": done.given_up}
    show([row], "sent", as_json, row)


@webhook_app.command("alarms")
def alarms(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List the newest alarms, the newest first."""
    from sync.hq import registry
    from sync.hq.webhooks.alarms import newest
    from sync.hq.webhooks.message import document, line

    with opened(state, database) as office, office.database.read() as connection:
        found = newest(connection, None, SHOWN_ALARMS)
        names = dict(registry.store_names(connection))
    rows = [{**document(one, names), "line": line(one, names)} for one in found]
    show(rows, "alarms", as_json, ("at_ms", "line"))
