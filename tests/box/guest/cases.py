"""All cases, in the order in which they run: what leaves its port closing for half a minute comes last."""

from __future__ import annotations

from tests.box.guest import cases_discovery, cases_printer, cases_scanner, cases_stall
from tests.box.guest.registry import CASES

MODULES = (cases_discovery, cases_printer, cases_scanner, cases_stall)

__all__ = ["CASES", "MODULES"]
