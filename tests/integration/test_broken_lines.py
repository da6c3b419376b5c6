"""What breaks between the box and the world: line, names, log-in pages, certificates, headquarters, platforms.

Each is really broken, by servers on loopback and network namespaces; doctor names the first broken layer.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.cli import app
from agent.daemon.box import enrol_without_headquarters
from agent.daemon.clock import SystemClock
from agent.diagnosis.site import Roots
from sync.enrol import device_key, load_enrolment
from sync.hq import registry
from sync.session import PROXY_VARIABLE
from sync.simulator.accounts import settings_of
from tests.broken import Patient, copied, in_own_network, needs_root, told
from tests.liars import NO_SUCH_NAME, Authority, black_hole, mute_server, name_server, web_server
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import AT_MS, RunningHq, running_hq
from tests.unit.sync.platforms.merchants import key

DAY_MS = 86_400_000
HQ = "hq.example.com"
SMALL = ("link set lo up", "link add wan0 type veth peer name zone0", "link set wan0 address 02:00:5e:10:00:01")
UP = (*SMALL, "link set wan0 up", "link set zone0 up")
ROUTED = (*UP, "address add 192.168.7.2/24 dev wan0", "route add default via 192.168.7.1")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("enrolled")
    enrol_without_headquarters(state, "S007", "B1", SystemClock())
    return state


@pytest.fixture
def box(template: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> Patient:
    return Patient(copied(template, state), capsys)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


# The machine's own part of the line


@needs_root
@pytest.mark.parametrize(
    ("commands", "code", "mentions"),
    [
        (SMALL, "network.no_link", ("wan0 down",)),
        (UP, "network.no_address", ("02:00:5e:10:00:01", "DHCP")),
        ((*UP, "address add 169.254.9.9/16 dev wan0"), "network.self_assigned", ("169.254.9.9",)),
        ((*UP, "address add 192.168.7.2/24 dev wan0"), "network.no_gateway", ("192.168.7.2",)),
        (ROUTED, "network.dns_none", ("resolv.conf",)),
    ],
)
def test_the_first_broken_layer_of_the_machine_is_named(
    box: Patient, tmp_path: Path, commands: tuple[str, ...], code: str, mentions: tuple[str, ...]
) -> None:
    box.configure(f'[hq]\nurl = "https://{HQ}"\n')
    (tmp_path / "resolv.conf").write_text("# nothing\n", encoding="utf-8")
    site = box.site(roots=Roots(resolver=tmp_path / "resolv.conf"))
    left, rows = in_own_network(commands, lambda: box.examined(site, "network"))
    told(left, rows, code, *mentions)
    assert rows[-1]["code"] == code, "what lies behind the broken layer is left out"


@needs_root
def test_a_way_that_is_closed_is_named(box: Patient) -> None:
    box.configure('[hq]\nurl = "https://203.0.113.7"\n')
    commands = (*ROUTED, "route add unreachable 203.0.113.7")
    left, rows = in_own_network(commands, lambda: box.examined(box.site(), "network"))
    told(left, rows, "network.no_route", "203.0.113.7:443")


# Names

Answers = Callable[[str], tuple[int, str | None]]


def _says_everything(_name: str) -> tuple[int, str | None]:
    return 0, "10.1.1.1"


def _knows_nothing(_name: str) -> tuple[int, str | None]:
    return NO_SUCH_NAME, None


def _blocks(name: str) -> tuple[int, str | None]:
    return (0, "0.0.0.0") if name == HQ else (NO_SUCH_NAME, None)


@needs_root
@pytest.mark.parametrize(
    ("answers", "code", "mentions"),
    [
        (None, "network.dns_silent", ("UDP 53",)),
        (_says_everything, "network.dns_lies", ("10.1.1.1", ".invalid")),
        (_knows_nothing, "network.dns_no_name", (HQ,)),
        (_blocks, "network.dns_loopback", ("0.0.0.0", HQ)),
    ],
)
def test_a_name_server_that_lies_or_is_silent_is_named(
    box: Patient, answers: Answers | None, code: str, mentions: tuple[str, ...]
) -> None:
    box.configure(f'[hq]\nurl = "https://{HQ}"\n')

    def look() -> tuple[int, list[dict[str, object]]]:
        with name_server(answers) as server:
            return box.examined(box.site(name_servers=(server,)), "network")

    left, rows = in_own_network(ROUTED, look)
    told(left, rows, code, *mentions)
    assert rows[-1]["code"] == code


# Connection and log-in pages


def at(box: Patient, port: int, scheme: str = "http") -> None:
    box.configure(f'[hq]\nurl = "{scheme}://localhost:{port}"\n')


def test_a_service_that_does_not_run_and_a_firewall_that_drops_are_told_apart(box: Patient) -> None:
    with mute_server() as port:
        pass
    at(box, port)
    box.diagnosed("network", "network.refused", f"localhost:{port}", "storebox-hq")
    with black_hole() as port:
        box.configure(f'[hq]\nurl = "http://127.0.0.1:{port}"\n')
        box.diagnosed("network", "network.black_hole", f"127.0.0.1:{port}", "storebox doctor network --form")


def test_a_log_in_page_is_named_with_its_address(box: Patient) -> None:
    with web_server(lambda _: (302, {"Location": "http://10.1.1.1/login?mac=1"}, b"")) as port:
        at(box, port)
        box.diagnosed("network", "network.captive_portal", "http://10.1.1.1/login", "MAC")
    with web_server(lambda _: (200, {"Content-Type": "text/html"}, b"<h1>Welcome to the mall</h1>")) as port:
        at(box, port)
        box.diagnosed("network", "network.captive_portal", "text/html")


@needs_root
def test_a_proxy_that_is_off_and_one_that_refuses_are_told_apart(box: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    box.configure(f'[hq]\nurl = "https://{HQ}"\n')

    def refusing() -> tuple[int, list[dict[str, object]]]:
        with web_server(lambda _: (200, {}, b"")) as port:
            monkeypatch.setenv(PROXY_VARIABLE, f"127.0.0.1:{port}")
            return box.examined(box.site(), "network")

    left, rows = in_own_network(ROUTED, refusing)
    told(left, rows, "network.proxy_refuses", HQ, "CONNECT", "501")
    monkeypatch.setenv(PROXY_VARIABLE, "127.0.0.1:9")
    left, rows = in_own_network(ROUTED, lambda: box.examined(box.site(), "network"))
    told(left, rows, "network.refused", "127.0.0.1:9")


# Certificates


@pytest.mark.parametrize(
    ("host", "begins", "ends", "code", "how", "mentions"),
    [
        ("localhost", -30, -1, "tls.expired", "fail", ("localhost", "timedatectl")),
        ("localhost", 2, 30, "tls.not_yet_valid", "fail", ("localhost", "timedatectl")),
        ("wifi.mall.example", -1, 30, "tls.wrong_name", "fail", ("localhost", "wifi.mall.example")),
        ("localhost", -30, 3, "tls.expires_soon", "degraded", ("localhost",)),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(
    box: Patient, authority: Authority, host: str, begins: int, ends: int, code: str, how: str, mentions: tuple[str]
) -> None:
    with web_server(_time, authority.server(host, begins, ends)) as port:
        at(box, port, "https")
        box.diagnosed("network", code, *mentions, state=how, site=box.site(certificates=str(authority.file)))


def _time(_path: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, b'{"at_ms":1}'


def test_a_certificate_by_oneself_and_one_by_a_stranger_are_told_apart(
    box: Patient, authority: Authority, tmp_path: Path
) -> None:
    trusting = {"certificates": str(authority.file)}
    with web_server(_time, authority.self_signed("localhost")) as port:
        at(box, port, "https")
        box.diagnosed("network", "tls.self_signed", "localhost", site=box.site(**trusting))
    stranger = Authority(tmp_path, "Mall Firewall CA")
    with web_server(_time, stranger.server("localhost", -1, 30)) as port:
        at(box, port, "https")
        box.diagnosed("network", "tls.unknown_root", "Mall Firewall CA", site=box.site(**trusting))


def test_a_port_that_does_not_speak_tls_is_named(box: Patient) -> None:
    with web_server(_time) as port:
        at(box, port, "https")
        box.diagnosed("network", "tls.not_tls", f"localhost:{port}")


# Headquarters


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq") as running:
        yield running


def register(hq: RunningHq, box: Patient) -> None:
    """Make the box known to headquarters with the key that it has."""
    enrolled = load_enrolment(box.state)
    assert enrolled is not None
    public_key = device_key(box.state, enrolled).public_key
    with hq.office.database.write() as connection:
        registry.add_store(connection, "S007", "S007", AT_MS)
        registry.register_epoch(connection, enrolled.identity, public_key, "enrolled", AT_MS)


def test_headquarters_that_are_well_are_believed_by_their_signature(box: Patient, hq: RunningHq) -> None:
    box.pin_headquarters(hq.url, hq.state)
    register(hq, box)
    left, rows = box.examined(box.site(), "headquarters", "clock", "network")
    assert left == 0
    assert {row["name"] for row in rows if row["code"] is None} >= {"headquarters", "headquarters' signature"}
    (offset,) = [row for row in rows if row["name"] == "clock offset"]
    assert offset["state"] == "ok" and "(signed)" in offset["evidence"]["en"]


def test_a_clock_three_days_off_is_named_by_the_signed_time(box: Patient, hq: RunningHq) -> None:
    box.pin_headquarters(hq.url, hq.state)
    register(hq, box)
    ahead = box.site(now_ms=lambda: time.time_ns() // 1_000_000 + 3 * DAY_MS)
    found = box.diagnosed("clock", "clock.differs", "set-ntp", site=ahead)
    assert "(signed)" in found["evidence"]["en"] and "25920" in found["evidence"]["en"]


def test_headquarters_that_are_down_do_not_stop_the_shop(box: Patient, hq: RunningHq) -> None:
    box.pin_headquarters(hq.url, hq.state)
    hq.stop()
    found = box.diagnosed("headquarters", "network.unreachable", hq.url, state="degraded")
    assert "trade goes on" in found["sentence"]["en"]
    hq.start()


def test_somebody_in_headquarters_place_is_found_out(box: Patient, hq: RunningHq, tmp_path: Path) -> None:
    box.pin_headquarters(hq.url, tmp_path / "the real one")
    register(hq, box)
    box.diagnosed("headquarters", "hq.receipt_not_signed", "keys.bad_signature", "storebox sync status")


def test_headquarters_that_do_not_know_this_box_say_so(box: Patient, hq: RunningHq) -> None:
    box.pin_headquarters(hq.url, hq.state)
    left, rows = box.examined(box.site(), "headquarters")
    (refused,) = [row for row in rows if row["state"] == "fail"]
    told(left, rows, refused["code"], "storebox-hq")
    assert refused["name"] == "headquarters' signature"


@pytest.mark.parametrize(
    ("answer", "code", "mentions"),
    [
        ((500, {}, b"oops"), "hq.failed", ("500",)),
        ((200, {"Content-Type": "application/json"}, b'{"at_ms": "soon"}'), "hq.garbage_answer", ()),
        ((503, {"Retry-After": "30"}, b""), "hq.busy", ("503",)),
    ],
)
def test_headquarters_that_are_not_well_are_told_apart(
    box: Patient, tmp_path: Path, answer: tuple[int, dict[str, str], bytes], code: str, mentions: tuple[str, ...]
) -> None:
    with web_server(lambda _: answer) as port:
        box.pin_headquarters(f"http://localhost:{port}", tmp_path / "hq")
        box.diagnosed("headquarters", code, *mentions, state="degraded")


def test_headquarters_that_take_the_call_and_say_nothing_are_named(box: Patient, tmp_path: Path) -> None:
    with mute_server() as port:
        box.pin_headquarters(f"http://127.0.0.1:{port}", tmp_path / "hq")
        box.diagnosed(
            "headquarters", "network.no_answer", f"127.0.0.1:{port}", state="degraded", site=box.site(within_s=0.2)
        )


def test_payments_of_headquarters_that_do_not_run_are_named(box: Patient, tmp_path: Path) -> None:
    with mute_server() as port:
        pass
    box.configure(f'[payments]\ncustody = "hq"\npay_urls = ["http://127.0.0.1:{port}"]\n')
    box.pin_headquarters(f"http://127.0.0.1:{port}", tmp_path / "hq")
    box.diagnosed("headquarters", "hq.no_payments", "storebox-hq pay", f"127.0.0.1:{port}")


# Platforms


def test_a_wrong_key_of_a_merchant_is_named_by_the_platform_itself(
    box: Patient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = RunningSimulator(tmp_path / "platform")
    try:
        (box.state / "platforms").mkdir()
        found = {**settings_of(simulator.account("alipay"), simulator.url), "private_key": key("merchant")}
        (box.state / "platforms" / "alipay.json").write_text(json.dumps(found), encoding="utf-8")
        with pytest.raises(SystemExit) as left:
            app.run(["doctor", "platform", "--state", str(box.state), "--json"])
        told(int(left.value.code or 0), json.loads(capsys.readouterr().out)["rows"], "platform.signature_refused")
    finally:
        simulator.close()


# The form for whoever keeps the firewall


def test_the_form_lists_what_this_box_has_to_reach_by_its_custody(
    box: Patient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hosts() -> list[str]:
        with pytest.raises(SystemExit):
            app.run(["doctor", "network", "--form", "--state", str(box.state), "--json"])
        return [f"{row['host']}:{row['port']}" for row in json.loads(capsys.readouterr().out)["rows"]]

    (box.state / "platforms").mkdir()
    (box.state / "platforms" / "wechat.json").write_text("{}", encoding="utf-8")
    box.configure(f'[hq]\nurl = "https://{HQ}"\n')
    assert hosts() == [f"{HQ}:443", "api.mch.weixin.qq.com:443", "DNS:53", "NTP:123"]
    box.configure(f'[hq]\nurl = "https://{HQ}"\n[payments]\ncustody = "hq"\n')
    assert hosts() == [f"{HQ}:443", "DNS:53", "NTP:123"]
    monkeypatch.setenv(PROXY_VARIABLE, "10.0.0.1:3128")
    assert hosts() == ["10.0.0.1:3128", f"{HQ}:443", "NTP:123"]
