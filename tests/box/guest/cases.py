"""All cases, in the order in which they run: what leaves its port closing for half a minute comes last."""

from __future__ import annotations

from tests.box.guest import cases_cable, cases_discovery, cases_printer, cases_rights, cases_scanner, cases_stall
from tests.box.guest.registry import REGISTERED, Case

_MODULES = (cases_discovery, cases_printer, cases_scanner, cases_cable, cases_rights, cases_stall)

CASES: dict[str, Case] = {
    name: case for module in _MODULES for name, case in REGISTERED.items() if case.__module__ == module.__name__
}
