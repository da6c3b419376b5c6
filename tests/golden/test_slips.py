"""Slips against the reference layouts, character by character, on paper of 58 mm (32 cells) and 80 mm (48)."""

import difflib

import pytest

from agent.core import receipt
from agent.services.language import translator
from tests.golden import slip_examples as examples
from tests.golden.paper import golden, paper

CHINESE = translator("zh-CN")
SLIPS = {
    "sale": lambda: receipt.sale_document(examples.SALE, CHINESE),
    "refund": lambda: receipt.refund_document(examples.REFUND, CHINESE),
    "shift_z": lambda: receipt.shift_document(examples.SHIFT_Z, CHINESE),
    "prebill": lambda: receipt.prebill_document(examples.PREBILL, CHINESE),
    "pending": lambda: receipt.pending_document(examples.PENDING, CHINESE),
}


@pytest.mark.parametrize(
    ("name", "cells"),
    [(name, cells) for name in ("sale", "refund", "shift_z") for cells in (32, 48)]
    + [("prebill", 32), ("pending", 32)],
)
def test_a_slip_is_the_reference_layout(name: str, cells: int) -> None:
    """Each line equals the golden one."""
    printed, wanted = paper(SLIPS[name](), cells), golden(name, cells)
    differences = difflib.unified_diff(wanted.splitlines(), printed.splitlines(), "golden", "printed", lineterm="")
    assert printed == wanted, "\n".join(differences)
