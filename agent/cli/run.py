"""`storebox run`: serve the shop until SIGINT or SIGTERM."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.finding import DevOption, SysOption
from agent.cli.output import StateOption, print_error

if TYPE_CHECKING:
    from agent.core.payment import Platform
    from agent.core.receipt_diagnosis import Complaint
    from agent.daemon.box import Box, Publish
    from agent.daemon.run import MakeCompanion, Standing
    from agent.services.platform_health import PlatformHealth
    from agent.settings import Settings
    from agent.web.desk import DeskPort

_PARENTS = "For a parent such as storebox demo."


def run(
    state: StateOption = None,
    hq: Annotated[
        str | None, typer.Option(hidden=True, help=f"Headquarters' URL instead of the settings'. {_PARENTS}")
    ] = None,
    wallet: Annotated[str | None, typer.Option(hidden=True, help=f"The simulator's URL. {_PARENTS}")] = None,
    wallet_state: Annotated[Path | None, typer.Option(hidden=True, help=f"Its state folder. {_PARENTS}")] = None,
    desk: Annotated[Path | None, typer.Option(hidden=True, help=f"The desk's control socket. {_PARENTS}")] = None,
    hurry: Annotated[
        int,
        typer.Option(hidden=True, min=1, max=1000, help="Platforms' times are divided by it; for simulated ones only."),
    ] = 1,
    dev: DevOption = Path("/dev"),
    sys: SysOption = Path("/sys"),
) -> None:
    """Serve the shop: till pages, devices, journal, sync. What systemd starts; says its URL when ready.

    A box that has no store yet is set up first, by its scanner and printer.
    """
    from agent import logs
    from agent.cli.verbs_from_afar import verbs_of
    from agent.daemon.platforms import hurried
    from agent.daemon.run import Surroundings
    from agent.daemon.run import run as serve
    from agent.services.platform_health import PlatformHealth
    from agent.settings import in_force
    from agent.setup.progress import needs_setup
    from agent.setup.reporting import ReportSender

    settings = in_force(state)
    logs.configure()
    stands = None
    if needs_setup(settings.state):
        stands = _set_up(settings, dev, sys)
        if stands is None:
            return
        settings = in_force(state)
    health = PlatformHealth()
    platforms = {**_platforms(settings, hq, wallet, wallet_state, health), **_own_phones(settings, hq)}
    hurried(platforms, hurry)
    companions = _companions(hq or settings.hq.url or None, settings.rescue.copy_to)
    verbs = verbs_of(settings, hq)
    surroundings = Surroundings(hq, platforms, _desk(desk), health, _examine, companions, verbs)
    reports = ReportSender(settings.state)
    reports.start()
    try:
        serve(settings, surroundings, _say, stands)
    finally:
        reports.stop()


def _set_up(settings: "Settings", dev: Path, sys: Path) -> "Standing | None":
    """Run setup mode; returns what the process stands on when the box is ready, None when a signal ended it."""
    from agent.daemon.run import standing
    from agent.setup.run import run_setup
    from drivers.discovery.found import Roots

    stands = standing(settings)
    ready = run_setup(settings, stands.sockets, stands.notifier, stands.every_s, _say_setup, Roots(dev, sys))
    return stands if ready else None


def _say_setup(url: str) -> None:
    sys.stdout.write(f"storebox in setup mode at {url}\n")
    sys.stdout.flush()


def _examine(box: "Box", language: str) -> "tuple[int, list[Complaint]]":
    """Look at the running box for its command card; loaded when somebody first asks."""
    from agent.diagnosis.slip import examine_running_box

    return examine_running_box(box, language)


def _companions(hq_url: str | None, copy_to: str) -> "tuple[MakeCompanion, ...]":
    """Return what runs beside the trade: the box's own rescue, drills by card, the warm copy where it has a folder."""
    from agent.daemon.clock import SystemClock, SystemEntropy
    from agent.diagnosis.drill_by_card import CardDrill
    from agent.rescue.worker import RescueWorker

    def rescue(box: "Box", publish: "Publish") -> RescueWorker:
        return RescueWorker(box, SystemClock(), SystemEntropy(), publish, hq_url)

    def drill(box: "Box", publish: "Publish") -> CardDrill:
        return CardDrill(box)

    if not copy_to:
        return (rescue, drill)
    from agent.rescue.warm_copy import WarmCopy

    return (rescue, drill, lambda box, publish: WarmCopy(box.readers, box.settings.state, Path(copy_to), publish))


def _say(url: str) -> None:
    sys.stdout.write(f"storebox ready at {url}\n")
    sys.stdout.flush()


def _platforms(
    settings: "Settings", hq: str | None, url: str | None, simulator: Path | None, health: "PlatformHealth"
) -> "dict[str, Platform]":
    """Return the platforms: headquarters' custody, or the merchants' own.

    With a simulator and the keys here they are its merchants', or where it made none the wallet under their names.
    """
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.platforms import from_folder, practised, simulated, through_headquarters

    through_hq = settings.payments.custody == "hq"
    if through_hq or url is None or simulator is None:
        entropy = SystemEntropy()
        platforms, problems = (
            through_headquarters(settings, entropy, hq, health)
            if through_hq
            else from_folder(settings.state, entropy, health)
        )
        for problem in problems:
            print_error(problem)
        return platforms
    found = practised(simulator, url, SystemEntropy(), health)
    if found:
        return found
    merchant = json.loads((simulator / "merchant.json").read_text(encoding="utf-8"))
    return simulated({"url": url, **merchant}, SystemEntropy(), health=health)


def _own_phones(settings: "Settings", hq: str | None) -> "dict[str, Platform]":
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.platforms import own_phones

    platforms, problems = own_phones(settings, SystemEntropy(), hq)
    for problem in problems:
        print_error(problem)
    return platforms


def _desk(socket: Path | None) -> "DeskPort | None":
    if socket is None:
        return None
    from agent.demo.desk import DeskClient

    return DeskClient(socket)
