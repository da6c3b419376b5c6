"""`storebox payment`: a payment that a customer claims, looked up as the till's page does it."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from agent.cli.boxes import clock_text, tell
from agent.cli.output import JsonOption, StateOption, language, print_json, print_rows
from agent.core.errors import Refused
from agent.core.moment import at, milliseconds
from agent.core.money import yuan
from agent.settings import Settings, in_force

payment_app = typer.Typer()
_YUAN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")


@payment_app.callback()
def payment() -> None:
    """Payments that customers claim."""


@payment_app.command()
def find(
    number: Annotated[
        str | None,
        typer.Argument(help="Of the customer's bill (商户单号, or the platform's 28 digits), or a receipt's."),
    ] = None,
    amount: Annotated[str | None, typer.Option(help="In yuan, 36.00; with --at instead of a number.")] = None,
    paid_at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="12:41, or 2026-10-03 12:41, by the shop's clock.")
    ] = None,
    within_min: Annotated[int, typer.Option("--within", min=1, max=60, help="Minutes around it.")] = 15,
    till: Annotated[str | None, typer.Option(help="In whose name it is asked; the first without.")] = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where the money is: this journal, the platform and headquarters are asked. It is written as an entry.

    An attempt of the box that the platform calls paid is settled, as it would be by itself.
    """
    settings = in_force(state)
    if (number is None) is not (amount is not None and paid_at is not None):
        raise typer.BadParameter("give a NUMBER, or --amount and --at")
    asked = {"number": number} if number is not None else _terms(settings, amount or "", paid_at or "", within_min)
    found = tell(state, "payment.find", **{name: value for name, value in {**asked, "till": till}.items() if value})
    if as_json:
        print_json(found)
        return
    said = "zh" if language() == "zh" else "en"
    typer.echo(f"{found['answer']}: {found['title'][said]}\n  {found['detail'][said]}\n  {found['remedy'][said]}")
    payments = found["candidates"] or ([found["payment"]] if found["payment"] else [])
    columns = {"at": "time", "store": "store", "sale": "sale", "attempt": "attempt", "platform": "platform"}
    columns |= {"amount": "amount", "money": "state", "phone": "telephone"}
    if payments:
        print_rows([_readable(one, settings) for one in payments], columns, as_json=False)


def _terms(settings: Settings, amount: str, paid_at: str, within_min: int) -> dict[str, str]:
    written = _YUAN.fullmatch(amount.strip())
    if written is None:
        raise Refused("lookup.terms")
    amount_fen = int(written[1]) * 100 + int((written[2] or "").ljust(2, "0"))
    moment_ms = _moment_ms(settings, paid_at.strip())
    return {"amount_fen": str(amount_fen), "paid_at_ms": str(moment_ms), "within_ms": str(within_min * 60_000)}


def _moment_ms(settings: Settings, text: str) -> int:
    """Return a moment by the shop's clock; a time alone is the last one that has come."""
    now = at(milliseconds(datetime.now(settings.zone)), settings.zone)
    try:
        if len(text) <= len("12:41"):
            wall = datetime.strptime(text, "%H:%M")
            moment = now.replace(hour=wall.hour, minute=wall.minute, second=0, microsecond=0)
            return milliseconds(moment if moment <= now else moment - timedelta(days=1))
        return milliseconds(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=settings.zone))
    except ValueError as error:
        raise Refused("lookup.terms") from error


def _readable(payment: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return {**payment, "at": clock_text(payment["at_ms"], settings), "amount": yuan(payment["amount_fen"])}
