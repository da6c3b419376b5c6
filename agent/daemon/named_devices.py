"""Every device that the settings name, in one list: what commands show, examine and check."""

from dataclasses import dataclass
from typing import Literal

from agent.core.errors import Refused
from agent.settings import Settings, receipt_printer
from drivers.base import DeviceError
from drivers.registry import check_url

Kind = Literal["printer", "scanner", "display", "scale"]


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """One device of the settings; `till` is None for what serves all tills, `profile` is a printer's."""

    kind: Kind
    name: str
    url: str
    till: str | None = None
    profile: str = ""


def named_devices(settings: Settings) -> list[NamedDevice]:
    """Return the devices of the tills, then further printers; what has no address is left out."""
    named: list[NamedDevice] = []
    for till in settings.tills:
        named.append(NamedDevice("printer", receipt_printer(till.till), till.printer, till.till, till.profile))
        named.append(NamedDevice("scanner", f"scanner{till.till}", till.scanner, till.till))
        named.append(NamedDevice("display", f"display{till.till}", till.display, till.till))
        named.append(NamedDevice("scale", f"scale{till.till}", till.scale, till.till))
    named += [NamedDevice("printer", one.name, one.url, None, one.profile) for one in settings.printers]
    return [one for one in named if one.url]


def printers_of(settings: Settings) -> list[NamedDevice]:
    """Return the printers."""
    return [one for one in named_devices(settings) if one.kind == "printer"]


def wrong_addresses(settings: Settings) -> list[Refused]:
    """Return what is wrong with addresses that could never be opened; touches no device."""
    problems = []
    for one in named_devices(settings):
        try:
            check_url(one.url)
        except DeviceError as error:
            problems.append(Refused(error.code, device=one.name, detail=error.detail))
    return problems
