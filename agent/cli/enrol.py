"""`storebox enrol`: give this box its store and its key, with headquarters or alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.output import JsonOption, StateOption, print_json
from agent.core.errors import Refused, TryLater

if TYPE_CHECKING:
    from sync.enrol import Enrolment


def enrol(
    alone: Annotated[bool, typer.Option("--alone", help="A shop without headquarters.")] = False,
    hq: Annotated[str | None, typer.Option("--hq", metavar="URL", help="Headquarters.")] = None,
    token: Annotated[
        str | None, typer.Option(envvar="STOREBOX_ENROL_TOKEN", help="The one-time token that headquarters gave.")
    ] = None,
    root: Annotated[str | None, typer.Option(help="Fingerprint of headquarters' root key; another is refused.")] = None,
    store: Annotated[str, typer.Option(help="Number of the store: 1 to 10 of A-Z and 0-9.")] = "S001",
    box: Annotated[str, typer.Option(help="Name of this box: 1 to 10 of A-Z and 0-9.")] = "B1",
    packet: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Headquarters' offline packet, for instance on a stick."),
    ] = None,
    code: Annotated[
        str,
        typer.Option(
            metavar="E1…|7K2M-9QXD",
            envvar="STOREBOX_ENROL_CODE",
            help="The text of an enrolment code; its eight characters, with --store; or what opens the packet.",
        ),
    ] = "",
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the box's key and begin its journal. The same again changes nothing."""
    from agent.core.typed_codes import read_typed_code
    from agent.daemon.lock import StateLock
    from agent.settings import in_force
    from sync.enrol import load_enrolment

    by_code = bool(code) and packet is None
    typed = by_code and read_typed_code(code) is not None
    if [by_code, alone, hq is not None and not typed, packet is not None].count(True) != 1:
        raise typer.BadParameter("give one of --code, --alone, --hq URL with --token, and --packet FILE")
    if by_code:
        _enrol_by_code(" ".join(filter(None, (store, code, hq, root))) if typed else code, state, box, as_json)
        return
    if packet is not None:
        settings = in_force(state)
        _by_packet(settings.state, packet, code, root or settings.hq.root or None, as_json)
        return
    if hq is not None and not token:
        raise typer.BadParameter("headquarters gives a token: --token, or STOREBOX_ENROL_TOKEN")
    folder = in_force(state).state
    with StateLock(folder):
        known = load_enrolment(folder)
        if known is not None:
            _refuse_another(known, store, box, hq)
        enrolment = known or _enrolled(folder, hq, token or "", store, box, root)
        _begin(folder, enrolment)
    _show(enrolment, known is None, as_json)


def _by_packet(folder: Path, file: Path, code: str, root: str | None, as_json: bool) -> None:
    from agent.daemon.clock import SystemClock
    from agent.daemon.lock import StateLock, is_running
    from sync.enrol import load_enrolment
    from sync.grant import enrol_from_packet
    from sync.packet import PACKET_BYTES_MAX

    if not code:
        raise typer.BadParameter("a packet is opened by its code: --code, or STOREBOX_ENROL_CODE")
    with file.open("rb") as opened:
        data = opened.read(PACKET_BYTES_MAX + 1)
    if is_running(folder):
        _show(_by_setup_mode(folder, data, code), True, as_json)
        return
    with StateLock(folder):
        fresh = load_enrolment(folder) is None
        enrolment = enrol_from_packet(folder, data, code, SystemClock().now_ms(), fingerprint=root)
        _begin(folder, enrolment)
    _show(enrolment, fresh, as_json)


def _by_setup_mode(folder: Path, data: bytes, code: str) -> "Enrolment":
    """Have a box in setup mode open a packet, as if a stick had brought it."""
    from agent.cli.setup import asked
    from agent.setup.packets import hand_over
    from sync.enrol import load_enrolment

    asked(folder, "setup.status")
    hand_over(folder, data)
    asked(folder, "setup.packets")
    asked(folder, "setup.code", text=code)
    enrolment = load_enrolment(folder)
    if enrolment is None:
        raise TryLater("setup.not_now")
    return enrolment


def _enrol_by_code(text: str, state: Path | None, box: str, as_json: bool) -> None:
    """Enrol by the code's text: a box in setup mode is told as by its scanner, else it is done here."""
    from agent.cli.setup import asked
    from agent.daemon.clock import SystemClock, SystemEntropy
    from agent.daemon.lock import StateLock, is_running
    from agent.settings import in_force
    from agent.setup.destination import Known, destination_of
    from agent.setup.enrolling import enrol_at
    from sync.enrol import load_enrolment

    settings = in_force(state)
    folder = settings.state
    to = destination_of(text, Known(settings.hq.url, settings.hq.root))
    if is_running(folder):
        refusal = asked(folder, "setup.code", text=text)["refusal"]
        enrolment = load_enrolment(folder)
        if enrolment is None and refusal is not None:
            raise Refused(refusal["code"], **refusal["values"])
        if enrolment is None:
            raise TryLater("setup.no_headquarters", host=to.host)
        _show(enrolment, True, as_json)
        return
    with StateLock(folder):
        known = load_enrolment(folder)
        if known is not None:
            _refuse_another(known, to.store, known.identity.box, to.url)
        enrolment = known or enrol_at(folder, to, box, SystemClock(), SystemEntropy()).enrolment
    _show(enrolment, known is None, as_json)


def _refuse_another(known: "Enrolment", store: str, box: str, hq: str | None) -> None:
    who = known.identity
    if (who.store, who.box) != (store, box) or (known.hq_url is None) != (hq is None):
        raise Refused("enrol.already", store=who.store, box=who.box, epoch=who.epoch)


def _enrolled(state: Path, hq: str | None, token: str, store: str, box: str, root: str | None) -> "Enrolment":
    from sync.enrol import enrol_alone

    return enrol_alone(state, store, box) if hq is None else enrolled_at(state, hq, token, store, box, root)


def enrolled_at(state: Path, hq: str, token: str, store: str, box: str, root: str | None) -> "Enrolment":
    """Enrol by a token in hand; with the root key's fingerprint it leaves only when headquarters proved themselves."""
    from agent.daemon.clock import SystemEntropy
    from sync.enrol import enrol as enrol_at
    from sync.first_contact import first_contact
    from sync.introduction import NONCE_BYTES
    from sync.session import HttpSession

    if root is not None:
        with first_contact(hq, SystemEntropy().random_bytes(NONCE_BYTES), root.lower(), store) as (proved, _):
            return enrol_at(proved, state, token, store, box, fingerprint=root.lower())
    session = HttpSession(hq)
    try:
        return enrol_at(session, state, token, store, box)
    finally:
        session.close()


def _begin(state: Path, enrolment: "Enrolment") -> None:
    from agent.daemon.box import begin_journal
    from agent.daemon.clock import SystemClock

    begin_journal(state, enrolment, SystemClock())


def _show(enrolment: "Enrolment", fresh: bool, as_json: bool) -> None:
    who = enrolment.identity
    if as_json:
        print_json(
            {
                "store": who.store,
                "box": who.box,
                "epoch": who.epoch,
                "public_key": enrolment.public_key.hex(),
                "hq_url": enrolment.hq_url,
                "new": fresh,
            }
        )
        return
    typer.echo(
        f"{'enrolled' if fresh else 'enrolled already'}: store {who.store}, box {who.box}, epoch {who.epoch}, "
        f"{enrolment.hq_url or 'without headquarters'}"
    )
