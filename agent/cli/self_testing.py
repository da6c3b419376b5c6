"""`storebox device test`: the self-test slip, through the box that runs, or over a line that nobody else uses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from agent.cli.boxes import tell
from agent.cli.finding import Row, profiles_shipped
from agent.cli.output import language, progress
from agent.core.errors import Refused
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.core.receipt_diagnosis import Complaint
    from drivers.printer.profiles import PrinterProfile

PAPER_WAITS_S = 60.0
"""How long a printer on a line of its own may need people: a roll of paper is changed in less."""


def run_test(settings: Settings, target: str, profile: str) -> Row:
    """Print on a till's printer, a printer by name, or an address; return the result as a row."""
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.lock import is_running
    from agent.daemon.named_devices import NamedDevice, printers_of
    from agent.daemon.self_tests import GOOD, print_on_line

    known = next((one for one in printers_of(settings) if target in (one.name, one.till, one.url)), None)
    with progress(target, None):
        if known is not None and is_running(settings.state):
            told: Row = {**tell(settings.state, "device.test", printer=known.name), "through": "box"}
        else:
            named = known or NamedDevice("printer", "printer", _checked(target), None, profile)
            found = print_on_line(settings, named, _profile(named.profile), SystemEntropy(), PAPER_WAITS_S)
            told = {**found, "through": "line"}
    return {**told, "good": told["outcome"] in GOOD}


def print_alone(settings: Settings, till: str, looked_at: int, complaints: "Sequence[Complaint]") -> None:
    """Print the slip of an examination on a till's printer, of a box that does not run; raises why it did not come."""
    from importlib.metadata import version

    from agent.core.moment import written
    from agent.core.receipt_diagnosis import Examined, examination_document
    from agent.daemon.clock import SystemClock, SystemEntropy
    from agent.daemon.named_devices import printers_of
    from agent.daemon.self_tests import GOOD, print_document_on_line
    from agent.services.language import translator
    from sync.enrol import load_enrolment

    named = next((one for one in printers_of(settings) if one.till == till), None)
    if named is None:
        raise Refused("discovery.unknown_target", target=till[:40])
    who = load_enrolment(settings.state)
    examined = Examined(
        store=who.identity.store if who else "-",
        box=who.identity.box if who else "-",
        version=version("storebox"),
        written_at=written(SystemClock().now_ms(), settings.zone),
        looked_at=looked_at,
        complaints=tuple(complaints),
    )
    document = examination_document(examined, translator(settings.language), settings.language)
    profile = _profile(named.profile)
    told = print_document_on_line(named, profile, document, SystemEntropy(), PAPER_WAITS_S)
    if told["outcome"] not in GOOD:
        raise Refused(str(told["code"] or "printer.absent"))


def show_test(result: Row) -> None:
    """Print how it ended, and what to do when it did not."""
    from agent.core.sentences import sentence_for

    said = sentence_for(result["code"])
    chinese = language() == "zh"
    typer.secho(f"{result['printer']}: {said.zh_title if chinese else said.en_title}", bold=True)
    if result["good"]:
        typer.echo(
            "  请按单子逐项看,再扫上面的码。" if chinese else "  Go through the slip line by line, then scan its code."
        )
        return
    if result["outcome"] == "waiting":
        typer.echo("  还没打完,好了自己会接着打。" if chinese else "  Not finished; it goes on by itself.")
    typer.echo(f"  {said.zh_remedy if chinese else said.en_remedy}")
    if result["detail"]:
        typer.echo(f"  {result['detail']}")


def _checked(target: str) -> str:
    from drivers.base import DeviceError
    from drivers.registry import check_url

    if ":" not in target:
        raise Refused("discovery.unknown_target", target=target[:40])
    try:
        check_url(target)
    except DeviceError as error:
        raise Refused(error.code, url=target, detail=error.detail) from error
    return target


def _profile(model: str) -> "PrinterProfile":
    profiles = profiles_shipped()
    if model not in profiles:
        raise Refused("profile.unknown", profile=model[:40], known=", ".join(profiles))
    return profiles[model]
