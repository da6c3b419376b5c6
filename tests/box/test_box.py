"""Our drivers on the real kernel's usblp, cdc-acm and HID, in an emulated machine: one boot, many cases.

What no pty can show: udev's names, an unplugged cable as the kernel reports it, a close(2) that takes half a minute.
docs/testing-box.md says how it works.
"""

from __future__ import annotations

import pytest

from tests.box import machine
from tests.box.guest.cases import CASES

pytestmark = [pytest.mark.torture, pytest.mark.box]


@pytest.fixture(scope="module")
def booted(request: pytest.FixtureRequest) -> machine.Run:
    """One run of the machine with those cases that pytest has selected."""
    missing = machine.what_is_missing()
    if missing is not None:
        pytest.skip(f"the box in an emulated machine {missing}")
    selected = {item.name for item in request.session.items if item.path == request.path}
    return machine.run([name for name in CASES if f"test_case[{name}]" in selected])


@pytest.mark.parametrize("name", CASES)
def test_case(booted: machine.Run, name: str) -> None:
    report = booted.reports.get(name)
    assert report is not None, f"{name} did not end; the run took {booted.wall_s:.0f} s:\n{booted.console_tail}"
    assert report.outcome == "passed", f"{report.detail}\nthe console inside:\n{booted.console_tail}"


def test_the_machine_ends_in_time(booted: machine.Run) -> None:
    """A box that takes minutes would not be run."""
    assert booted.wall_s < machine.WALL_LIMIT_S, booted.console_tail
