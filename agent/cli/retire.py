"""`storebox retire --reason …`: everything handed over, the key out of use, a certificate on paper and as a file."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import JsonOption, StateOption, print_json
from agent.core.errors import Refused, StoreboxError
from agent.settings import in_force

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.settings import Settings


PAPER_WAITS_S = 20.0


def retire(
    reason: Annotated[str, typer.Option(help="Why: the store closes, moves, changes its merchant.")],
    by: Annotated[str, typer.Option(help="Who retires it.")] = "technician",
    hq: Annotated[str | None, typer.Option("--hq", metavar="URL", help="Headquarters.")] = None,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close this box for good: it sends all it has, headquarters revokes its key, and it trades no more.

    The box must not run. Days, shifts, payments, refunds and baskets that are open hinder it and are named. The state
    folder stays as it is. The same again after a lost answer ends what was begun.
    """
    from agent.daemon.box import enrolment_of
    from agent.daemon.clock import SystemClock, SystemEntropy
    from agent.daemon.lock import StateLock
    from agent.rescue.opened import open_store
    from agent.rescue.retire import retire as retire_box
    from sync.enrol import device_key
    from sync.pins import pins_of
    from sync.session import HttpSession

    settings = in_force(state)
    enrolment = enrolment_of(settings.state)
    keys, url = enrolment.key_ring(), hq or settings.hq.url or enrolment.hq_url
    if keys is None or not url:
        raise Refused("restore.no_headquarters")
    if not sure:
        typer.confirm("This box will trade no more. Go on?", abort=True, err=True)
    session = HttpSession(url, pins=pins_of(settings.state))
    try:
        with StateLock(settings.state), open_store(settings.state, enrolment) as held:
            signer = device_key(settings.state, enrolment)
            certificate = retire_box(held, session, keys, signer, reason, by, SystemClock(), SystemEntropy())
    finally:
        session.close()
    printed = _print(settings, certificate)
    if as_json:
        print_json({"certificate": dict(certificate), "printed": printed})
        return
    typer.echo(json.dumps(dict(certificate), ensure_ascii=False, indent=2))
    typer.echo(f"retired; the certificate is kept in {settings.state / 'retirement.json'}; slip: {printed}")


def _print(settings: "Settings", certificate: "Mapping[str, Any]") -> str:
    """Print the certificate at the first till that has a printer; returns what became of it."""
    from agent.cli.finding import profiles_shipped
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.named_devices import printers_of
    from agent.daemon.self_tests import print_document_on_line
    from agent.rescue.retire import slip_of
    from agent.services.language import translator

    known = [one for one in printers_of(settings) if one.url]
    if not known:
        return "no printer"
    document = slip_of(certificate, translator(settings.language), settings.language, settings.zone)
    try:
        told = print_document_on_line(
            known[0], profiles_shipped()[known[0].profile], document, SystemEntropy(), PAPER_WAITS_S
        )
    except StoreboxError as error:
        return error.code
    return str(told["outcome"])
