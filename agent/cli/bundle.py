"""`storebox bundle`: what support needs to see, as a file, sent to headquarters, or as a slip with a QR code."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.boxes import tell
from agent.cli.output import JsonOption, StateOption, language, print_json, progress
from agent.core.errors import Refused, StoreboxError
from agent.settings import Settings, chosen_state, in_force

if TYPE_CHECKING:
    from agent.diagnosis.bundle import Bundle

PAPER_WAITS_S = 60.0


def bundle(
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder or stick to write to; default: the present folder.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it to headquarters instead.")] = False,
    print_slip: Annotated[
        bool, typer.Option("--print", help="Print a summary with a QR code, for a box that reaches nobody.")
    ] = False,
    printer: Annotated[str, typer.Option("--printer", help="The printer's name; default: the first till's.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Verify the journal's tail only.")] = False,
    log: Annotated[
        list[Path] | None, typer.Option("--log", help="A file of logs instead of journald's.", exists=True)
    ] = None,
    hq: Annotated[str | None, typer.Option(hidden=True, help="Headquarters' URL instead of the settings'.")] = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pack what support needs to see: a page to read, versions, units, USB, logs, journal. No secrets, no customers.

    Changes nothing, and may be run while the shop trades.
    """
    settings = _settings(state)
    with progress("bundle", None):
        made = _made(settings, log, whole=not quick)
    told: dict[str, Any] = {"name": made.name, "sha256": made.sha256, "bytes": len(made.data)}
    if to is not None or not (send or print_slip):
        told["file"] = str(_written(made, to))
    if send:
        told["sent"] = _sent(settings, made, hq)
    if print_slip:
        told["printed"] = _printed(settings, made, printer)
    if as_json:
        print_json(told)
        return
    _show(told, made)


def _settings(state: Path | None) -> Settings:
    """Return the settings in force; of a box whose file is wrong the defaults: just then a bundle is asked for."""
    try:
        return in_force(state)
    except Refused:
        folder = chosen_state(state)
        return Settings().model_copy(update={"state": folder} if folder else {})


def _made(settings: Settings, log: list[Path] | None, *, whole: bool) -> "Bundle":
    from agent.cli.doctor import site_of_box
    from agent.daemon.clock import SystemClock
    from agent.diagnosis.bundle import Sources, make
    from agent.diagnosis.bundle_logs import lines_of_journald
    from agent.diagnosis.examine import examine

    lines: Iterable[str] = lines_of_journald() if log is None else _lines(log)
    sources = Sources(examine(site_of_box(settings.state)), lines, _figures(settings))
    return make(settings, sources, SystemClock().now_ms(), whole=whole)


def _figures(settings: Settings) -> list[dict[str, Any]]:
    """Return the running box's figures; none of a box that does not run or does not answer."""
    from agent.daemon.lock import is_running

    if not is_running(settings.state):
        return []
    try:
        found: list[dict[str, Any]] = tell(settings.state, "figures")
    except StoreboxError:
        return []
    return found


def _lines(files: list[Path]) -> Iterable[str]:
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as text:
            yield from text


def _written(made: "Bundle", to: Path | None) -> Path:
    from agent.diagnosis.bundle_pack import write

    place = to or Path.cwd()
    return write(place / made.name if place.is_dir() else place, made.data)


def _sent(settings: Settings, made: "Bundle", hq: str | None) -> dict[str, Any]:
    from agent.daemon.box import enrolment_of
    from sync.bundles import send_bundle
    from sync.enrol import device_key
    from sync.pins import pins_of
    from sync.session import HttpSession

    enrolment = enrolment_of(settings.state)
    url = hq or settings.hq.url or enrolment.hq_url
    if not url:
        raise Refused("sync.no_headquarters")
    session = HttpSession(url, pins=pins_of(settings.state))
    try:
        return dict(send_bundle(session, enrolment.identity, device_key(settings.state, enrolment), made.data))
    finally:
        session.close()


def _printed(settings: Settings, made: "Bundle", printer: str) -> dict[str, Any]:
    import json

    from agent.daemon.lock import is_running
    from agent.diagnosis.bundle_page import slip
    from agent.services.language import translator

    document = slip(made.summary, made.sha256, translator(settings.language), settings.zone, settings.language)
    if is_running(settings.state):
        answer: dict[str, Any] = tell(
            settings.state, "device.print", printer=printer, document=json.dumps(document, ensure_ascii=False)
        )
        return answer
    return _printed_on_line(settings, document, printer)


def _printed_on_line(settings: Settings, document: dict[str, object], printer: str) -> dict[str, Any]:
    from agent.cli.finding import profiles_shipped
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.named_devices import printers_of
    from agent.daemon.self_tests import print_document_on_line

    known = [one for one in printers_of(settings) if one.url and printer in ("", one.name, one.till)]
    if not known:
        raise Refused("discovery.unknown_target", target=printer[:40])
    named = known[0]
    profiles = profiles_shipped()
    return print_document_on_line(named, profiles[named.profile], document, SystemEntropy(), PAPER_WAITS_S)


def _show(told: dict[str, Any], made: "Bundle") -> None:
    chinese = language() == "zh"
    for key, zh, en in (("file", "已写到", "written to"), ("sent", "已发到总部", "headquarters has it")):
        if key in told:
            typer.echo(f"{zh if chinese else en} {told[key] if key == 'file' else ''}".strip())
    if "printed" in told:
        outcome = told["printed"]
        typer.echo(f"{'单子' if chinese else 'slip'}: {outcome['printer']} {outcome['outcome']}")
    bad = len(made.summary.bad)
    typer.echo(
        f"{bad} 项要看;SHA-256 {made.sha256}" if chinese else f"{bad} findings to look at; SHA-256 {made.sha256}"
    )
