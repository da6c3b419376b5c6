"""From a blank box to its first sale: the real daemon, headquarters, printer and scanner; nothing is typed."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.settings import in_force
from tests.integration.running import TillPage, storebox, wait_for
from tests.integration.test_run import free_port
from tests.lossy import Fault, LossyLine
from tests.setup_stage import Bench, Headquarters, copy_catalogue

PIN = "246810"
MACHINE_TIME_MAX_S = 60.0


def test_three_inputs_from_power_on_to_the_first_sale(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Power, enrolment code, test slip. Machine time is what nobody scans in."""
    with Headquarters(tmp_path / "hq", "S001") as headquarters, Bench(tmp_path / "box") as bench:
        copy_catalogue(bench.state)
        code = headquarters.code("S001")
        began_s = time.monotonic()
        bench.start(free_port())  # the first input: power
        invitation = bench.slip_with("等待开通")
        assert "Newland" in invitation
        invited_s = time.monotonic()
        bench.scan(code)  # the second
        slip_code = bench.test_code()
        tested_s = time.monotonic()
        bench.scan(slip_code)  # the third
        assert bench.box is not None
        assert bench.box.line().startswith("storebox ready at")
        ready_s = time.monotonic()
        assert "总部已收到报告" in bench.slip_with("可以收银了")
        report = headquarters.report("S001")
        assert report is not None
        assert report.closed_loop  # a slip was printed, and the same slip was read
        page = TillPage(bench.url)
        assert wait_for(lambda: page.get("/health")["status"] == "ok")
        spent = {"invited": invited_s - began_s, "tested": tested_s - began_s, "ready": ready_s - began_s}
        for name, seconds in spent.items():
            record_property(f"{name}_s", round(seconds, 1))
        assert spent["ready"] < MACHINE_TIME_MAX_S, spent
        first_sale(bench, page)
        bench.cut_power()
        bench.start(free_port())  # a box that was set up trades at once
        assert wait_for(lambda: page_of(bench).get("/health")["status"] == "ok")


def page_of(bench: Bench) -> TillPage:
    return TillPage(bench.url)


def first_sale(bench: Bench, page: TillPage) -> None:
    """Ring up the first sale of a store."""
    ring_up(bench, page)
    assert len(page.get("/api/v1/sales")) == 1


def ring_up(bench: Bench, page: TillPage) -> None:
    """Open day and shift and sell one article by scanner, to the receipt."""
    for number, role in (("01", "store_manager"), ("07", "cashier")):
        added = ("staff", "add", number, number, "--role", role, "--state", str(bench.state))
        done = storebox(*added, environment={"STOREBOX_PIN": PIN})
        assert done.returncode == 0, done.stderr
    page.log_in("01", PIN)
    page.post("/day/open", {})
    page.log_in("07", PIN)
    page.post("/shift/open", {"float_fen": 50_000})
    for text in ("6900000030851", "X1SUBTOTAL", "X1CASH"):
        bench.scan(text)
    bench.slip_with("可乐")


@pytest.mark.torture
def test_two_tills_a_lost_answer_and_a_command_line(tmp_path: Path) -> None:
    """One longer visit: each process that starts costs a second, so that the visit is one test."""
    with (
        Headquarters(tmp_path / "hq", "S001") as headquarters,
        LossyLine(headquarters.port, [Fault.NONE, Fault.ANSWER_LOST]) as line,
        Bench(tmp_path / "box", tills=2) as bench,
    ):
        bench.start(free_port())
        bench.slip_with("等待开通")
        a_code_of_a_customer_enrols_nobody(bench)
        by_command_line(bench, headquarters.code("S001", line.port))
        assert "setup.no_answer" in "".join(bench.slips())  # said once on paper, and tried again by itself
        assert headquarters.epochs("S001") == [bench.facts()["box"]]
        two_tills_are_bound_by_their_own_scanners(bench)
        refused = storebox("setup", "status", "--state", str(bench.state))
        assert (refused.returncode, refused.stderr.split()[0].rstrip(":")) == (1, "setup.not_in_setup")


def a_code_of_a_customer_enrols_nobody(bench: Bench) -> None:
    bench.scan("6901234567892")
    refusal = bench.slip_with("setup.not_enrolled_yet")
    assert "盒子还没开通" in refusal
    assert "The box is not enrolled yet" in refusal


def by_command_line(bench: Bench, code: str) -> None:
    state = ("--state", str(bench.state))
    assert storebox("setup", "invite", *state).stdout.startswith("invited: box SB")
    damaged = storebox("enrol", "--code", code[:-1], *state)
    assert (damaged.returncode, damaged.stderr.split()[0].rstrip(":")) == (1, "setup.code_damaged")
    storebox("enrol", "--code", code, *state)
    wait_for(lambda: bench.facts()["state"] == "testing")


def two_tills_are_bound_by_their_own_scanners(bench: Bench) -> None:
    bench.test_code(0)
    bench.test_code(1)
    before = [len(bench.slips(till)) for till in (0, 1)]
    bench.scan("X1ENC")  # garbled Chinese: each slip anew with fewer characters
    first, second = (
        bench.slip_with("T1", till, after=printed).split("T1", 1)[1][:16] for till, printed in enumerate(before)
    )
    first, second = f"T1{first}", f"T1{second}"
    bench.scan(first, 1)  # till 1's slip by the other scanner: that one is till 1's now
    bench.slip_with("收银台好了", 0)
    bench.scan(second, 1)
    assert "这把枪是1号机的" in bench.slip_with("setup.scanner_taken")
    bench.scan(second, 0)
    assert bench.box is not None
    assert bench.box.line().startswith("storebox ready at")
    tills = in_force(bench.state).tills
    assert [till.printer.rpartition("-")[2] for till in tills] == ["ttyUSB0?baud=115200", "ttyUSB1?baud=115200"]
    assert [till.chinese for till in tills] == ["gb2312", "gb2312"]
    assert [till.scanner.rpartition("-")[2] for till in tills] == ["ttyACM1", "ttyACM0"]


@pytest.mark.torture
def test_power_may_be_cut_at_any_moment_of_setup(tmp_path: Path) -> None:
    """However often, and whenever: one epoch at headquarters, and the box trades in the end."""
    drawn = random.Random(20)
    stores = [f"S{number:03d}" for number in range(8)]
    with Headquarters(tmp_path / "hq", *stores) as headquarters:
        for store in stores:
            with Bench(tmp_path / store) as bench:
                code = headquarters.code(store)
                bench.start(free_port())
                bench.slip_with("等待开通")
                bench.scan(code)
                for _ in range(drawn.randint(1, 4)):
                    time.sleep(drawn.random() * 1.2)
                    bench.cut_power()
                    bench.start(free_port())
                if bench.facts()["state"] == "invited":
                    bench.scan(code)
                scan_slips_until_it_trades(bench)
                assert len(headquarters.epochs(store)) == 1
                assert code not in (bench.state / "setup" / "progress.json").read_text()


def scan_slips_until_it_trades(bench: Bench) -> None:
    """Scan every test slip as it comes: a printer goes on with what a box sent that has no power any more."""
    scanned: set[str] = set()

    def trades() -> bool:
        for code in bench.test_codes():
            if code not in scanned:
                bench.scan(code)
                scanned.add(code)
        return bool(page_of(bench).get("/health")["status"] != "setup")

    wait_for(trades, 60.0)
