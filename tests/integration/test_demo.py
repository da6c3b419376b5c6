"""The demo as a visitor starts it: a whole shop within seconds, faults on the desk, nothing left behind."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.running import Running, TillPage, line_to, processes_naming, wait_for

WATER = "6900000010112"
MORNING_WITHIN_S = 60.0
BEEF_CODE = "281234567890123456"
"""A payment code of the shape that one wallet uses."""


class Demo:
    """A running demo and its desk."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        environment = {**os.environ, "STOREBOX_LANGUAGE": "en"}
        self.program = Running("demo", "--state", str(state), "--port", "0", "--no-browser", *options, env=environment)
        self.said: list[str] = []
        while not self.said or not self.said[-1].startswith("till: "):
            self.said.append(self.program.line())
        self.url = self.said[-1].split()[-1]

    def desk(self, line: str) -> str:
        """Give the desk a line."""
        return line_to(self.state / "run" / "desk.sock", line)

    def printed(self, till: str = "1") -> list[dict[str, object]]:
        """Return the paper log of a till."""
        return self.paper(f"till{till}")

    def paper(self, tape: str) -> list[dict[str, object]]:
        """Return a paper log."""
        path = self.state / "paper" / f"{tape}.jsonl"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def next_morning(self) -> dict[str, Any]:
        """Let the next morning come and return what came of it."""
        assert self.desk("morning") == "ok"
        assert self.desk("morning").startswith("refused"), "one at a time"

        def ended() -> dict[str, Any] | None:
            now: dict[str, Any] = json.loads(self.desk("state"))["morning"]
            return now if now["phase"] in ("done", "refused") else None

        return wait_for(ended, MORNING_WITHIN_S)

    def cuts(self) -> int:
        """Return how many slips were cut off."""
        return sum(line["kind"] == "cut" for line in self.printed())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.program.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def till(demo: Demo) -> TillPage:
    """The manager's page at the first till; the demo has opened day and shift."""
    till = TillPage(demo.url)
    till.log_in("01", "1111")
    return till


def test_the_console_names_people_and_says_where_last(demo: Demo) -> None:
    assert any("07 小周" in line and "7777" in line for line in demo.said)
    assert demo.said[-2].endswith(f"{demo.url}/desk")
    assert any("王会计" in line and "storebox-demo" in line for line in demo.said)
    assert TillPage(demo.url).get("/health")["version"]


def test_goods_on_the_scale_are_weighed_and_the_customer_reads_the_sale(demo: Demo, till: TillPage) -> None:
    assert demo.desk("scale 350") == "ok"
    wait_for(lambda: (now := till.get("/api/v1/scale"))["stable"] and now["weight_g"] == 350)
    assert demo.desk("scan F201") == "ok"
    basket = wait_for(lambda: till.state()["basket"])
    assert [line["quantity"] for line in basket["lines"]] == [350]
    wait_for(lambda: "0.350kg" in demo.desk("display state"))
    assert demo.desk("till 2 scale 350").startswith("refused")
    till.post("/basket/cancel", {"reason": "test"})
    assert demo.desk("scale 0") == "ok"


def test_a_sale_by_scans_alone_prints_on_the_paper(demo: Demo) -> None:
    before = demo.cuts()
    assert demo.desk(f"scan {WATER}") == "ok"
    assert demo.desk("scan X1CASH") == "ok"
    wait_for(lambda: demo.cuts() > before)
    till = TillPage(demo.url)
    till.log_in("01", "1111")
    assert any("纯净水" in str(line.get("text")) for line in demo.printed())
    assert till.state()["last"]["total_fen"] == 200


def test_the_kitchen_gets_its_dishes_and_nothing_else(demo: Demo) -> None:
    for code in ("D002", WATER, "X1CASH"):
        assert demo.desk(f"scan {code}") == "ok"
    wait_for(lambda: any(mark["kind"] == "cut" for mark in demo.paper("kitchen")))
    lines = [str(mark.get("text", "")) for mark in demo.paper("kitchen")]
    assert any("小炒黄牛肉" in line and "x1" in line for line in lines)
    assert not any("纯净水" in line for line in lines)


def test_a_wallet_pays_by_its_code(demo: Demo, till: TillPage) -> None:
    demo.desk(f"scan {WATER}")
    sale = wait_for(lambda: till.state()["basket"])["sale"]
    till.post("/basket/total", {})
    demo.desk(f"scan {BEEF_CODE}")
    assert wait_for(lambda: (till.state()["last"] or {}).get("sale") == sale)


def test_a_customers_phone_pays_with_a_fresh_code(demo: Demo, till: TillPage) -> None:
    people = json.loads(demo.desk("phones"))
    assert "C1" in {one["customer"] for one in people}
    assert demo.desk("phone C9 wechat").startswith("refused")
    for platform in ("wechat", "alipay"):
        demo.desk(f"scan {WATER}")
        sale = wait_for(lambda: till.state()["basket"])["sale"]
        till.post("/basket/total", {})
        assert demo.desk(f"phone C1 {platform}") == "ok"
        assert wait_for(lambda sale=sale: (till.state()["last"] or {}).get("sale") == sale)


def test_a_power_cut_refuses_no_connection(demo: Demo, till: TillPage) -> None:
    seq = till.get("/api/v1/events?limit=500")["next_after"]
    assert demo.desk("power") == "ok"
    assert till.get("/api/v1/events?limit=500")["next_after"] >= seq
    assert till.get("/api/v1/session")["staff"] == "01"


def test_the_network_can_be_cut_and_trade_goes_on(demo: Demo, till: TillPage) -> None:
    wait_for(lambda: till.state()["unsent"]["entries"] == 0)
    assert demo.desk("network off") == "ok"
    assert json.loads(demo.desk("state"))["network"] is False
    demo.desk(f"scan {WATER}")
    wait_for(lambda: till.state()["basket"])
    demo.desk("scan X1CASH")
    wait_for(lambda: till.state()["lamps"]["hq"]["state"] == "down")
    assert till.state()["unsent"]["amount_fen"] == 200
    demo.desk("network on")
    wait_for(lambda: till.state()["unsent"]["entries"] == 0)


def test_the_desk_is_on_a_page_of_its_own(demo: Demo, till: TillPage) -> None:
    assert demo.desk("scanner unplug") == "ok"
    state = till.get("/desk/state")
    assert (state["network"], state["paper"], state["scanner"]) == (True, "ok", False)
    assert [one["place"] for one in state["places"]] == ["receipt1", "receipt2", "kitchen"]  # type: ignore[index,attr-defined]
    assert demo.desk("scan X").startswith("refused")
    assert demo.desk("scanner plug") == "ok"
    assert {"07", "03", "01"} <= {one["staff"] for one in state["people"]}
    lines = till.get("/desk/paper?after=3")
    assert lines and lines[0]["n"] == 4  # type: ignore[index,call-overload]


def test_a_word_that_nobody_knows_is_refused(demo: Demo) -> None:
    assert demo.desk("paper backwards").startswith("refused")
    assert demo.desk("till 9 state").startswith("refused")
    assert demo.desk("receipt2").startswith("refused")
    assert demo.desk("kitchen scan D001").startswith("refused")
    assert json.loads(demo.desk("till 2 state"))["place"] == json.loads(demo.desk("receipt2 state"))["place"]


def test_on_the_next_morning_what_was_planted_has_its_reason_and_the_portals_refund_its_sale(
    demo: Demo, till: TillPage
) -> None:
    refunded = json.loads(demo.desk("plant refund"))
    assert json.loads(demo.desk("plant payment"))["amount_fen"] > 0
    came = demo.next_morning()
    assert (came["phase"], came["differences"]) == ("done", 2), came
    said = " ".join(one["en"] for one in came["reasons"])
    assert "portal" in said and "static code" in said
    sales = till.get("/api/v1/sales")
    (sold,) = (one for one in sales if one["portal_fen"])  # type: ignore[index,call-overload]
    assert sold["portal_fen"] == refunded["amount_fen"]  # type: ignore[index,call-overload]
    assert till.state()["day"]["state"] == "closed"


def test_a_second_demo_in_the_same_folder_is_refused(demo: Demo) -> None:
    second = Running("demo", "--state", str(demo.state), "--port", "0")
    assert second.process.wait(10) == 1
    assert second.process.stderr is not None
    assert second.process.stderr.read().startswith("demo.running")
    second.end()


def test_an_interrupt_ends_everything(demo: Demo) -> None:
    assert demo.program.end(signal.SIGINT) == 0
    assert not processes_naming(str(demo.state))
    assert not (demo.state / "run" / "desk.sock").exists()


def test_it_starts_again_and_ends_with_its_parent(demo: Demo) -> None:
    again = Demo(demo.state)
    assert json.loads(again.desk("state"))["power"] is True
    till = TillPage(again.url)
    till.log_in("01", "1111")
    wait_for(lambda: till.state()["lamps"]["hq"]["state"] == "ok", 3)
    assert again.program.end(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: not processes_naming(str(demo.state)), 5)


def test_headquarters_take_the_money_when_asked_to(tmp_path: Path) -> None:
    through_hq = Demo(tmp_path / "demo", "--custody", "hq")
    till = TillPage(through_hq.url)
    till.log_in("01", "1111")
    for platform in ("wechat", "alipay"):
        through_hq.desk(f"scan {WATER}")
        sale = wait_for(lambda: till.state()["basket"])["sale"]
        till.post("/basket/total", {})
        assert through_hq.desk(f"phone C1 {platform}") == "ok"
        assert wait_for(lambda sale=sale: (till.state()["last"] or {}).get("sale") == sale)
    events = till.get("/api/v1/events?limit=500")["entries"]
    assert [one["body"]["custody"] for one in events if one["kind"] == "attempt.started"] == ["hq", "hq"]
    came = through_hq.next_morning()
    assert (came["state"], came["differences"]) == ("matched", 0), came
    assert through_hq.program.end() == 0
