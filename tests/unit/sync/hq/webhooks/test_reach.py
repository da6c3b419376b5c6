"""Where alarms may go: what a name leads to is looked at when the connection stands, before a byte is sent."""

import socket

import pytest

from agent.core.errors import Refused
from sync.hq.webhooks.reach import check_peer, checked_url, guarded_adapter
from sync.session import HttpSession

PUBLIC = "101.226.99.61"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://alarms.example/x", "webhook.not_https"),
        ("http://10.0.0.7/x", "webhook.not_https"),
        ("ftp://alarms.example/x", "webhook.bad_url"),
        ("https:///x", "webhook.bad_url"),
        ("https://user@alarms.example/x", "webhook.bad_url"),
        ("https://alarms.example/x#y", "webhook.bad_url"),
        ("https://alarms.example/a b", "webhook.bad_url"),
        ("https://alarms.example\\@10.0.0.1/", "webhook.bad_url"),
        ("https://alarms.example:99999/", "webhook.bad_url"),
        ("https://alarms.example/\n", "webhook.bad_url"),
        ("https://[::ffff:10.0.0.1]/", "webhook.private_address"),
        ("https://192.168.1.5/x", "webhook.private_address"),
        ("https://169.254.169.254/latest", "webhook.private_address"),
        ("https://0.0.0.0/", "webhook.private_address"),
        ("https://[fd00::1]/", "webhook.private_address"),
        ("https://224.0.0.1/", "webhook.private_address"),
        ("https://x/" + "y" * 600, "webhook.bad_url"),
        ("", "webhook.bad_url"),
    ],
)
def test_what_is_refused_when_it_is_added(url: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_url(url, private=False)
    assert refused.value.code == code


def test_what_may_be_added() -> None:
    robot = "https://qyapi.example/cgi-bin/webhook/send?key=abc"
    assert checked_url(robot, False) == ("https://qyapi.example", "/cgi-bin/webhook/send?key=abc")
    assert checked_url("http://127.0.0.1:9000", False) == ("http://127.0.0.1:9000", "/")
    assert checked_url("http://[::1]:9000/x", False)[0] == "http://[::1]:9000"
    assert checked_url("https://192.168.1.5/x", True)[1] == "/x"


@pytest.mark.parametrize(
    ("host", "peer", "private", "passes"),
    [
        ("alarms.example", PUBLIC, False, True),
        ("alarms.example", "10.1.2.3", False, False),
        ("alarms.example", "10.1.2.3", True, True),
        ("alarms.example", "127.0.0.1", False, False),
        ("alarms.example", "::ffff:127.0.0.1", False, False),
        ("alarms.example", "fe80::1%eth0", False, False),
        ("localhost", "127.0.0.1", False, True),
        ("localhost", "10.0.0.1", False, False),
        ("127.0.0.1", "127.0.0.1", False, True),
        ("alarms.example", "", False, False),
    ],
)
def test_a_connection_is_judged_by_where_it_ended(host: str, peer: str, private: bool, passes: bool) -> None:
    if passes:
        check_peer(host, peer, private)
        return
    with pytest.raises(Refused, match=r"webhook\.private_address"):
        check_peer(host, peer, private)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_is_sent_to_a_name_that_leads_inside(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        session = HttpSession(f"{scheme}://0.0.0.0:{port}", adapter=guarded_adapter(False))
        with pytest.raises(Refused, match=r"webhook\.private_address"):
            session.send("POST", "/", b"secret")
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(5)
            assert accepted.recv(100) == b"", "the connection ended before a byte came"
        session.close()
