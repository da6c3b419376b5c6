"""Codes of the network, as phones make them and as headquarters does."""

from ipaddress import IPv4Address, IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import Refused
from agent.core.ids import BASE32
from agent.core.network_codes import NetworkPlan, Wireless, is_network_code, network_code, read_network_code
from agent.core.setup_codes import sealed_code

STATIC = NetworkPlan(
    IPv4Interface("10.20.30.40/24"),
    IPv4Address("10.20.30.1"),
    (IPv4Address("10.20.1.1"), IPv4Address("223.5.5.5")),
    "proxy.hospital.lan:3128",
    20,
)
passwords = st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63)
wireless = st.builds(Wireless, st.sampled_from(["shop", "店里的网", "a;b:c\\d", '"q"']), passwords, st.booleans())


@given(wireless)
def test_a_wireless_network_is_read_back(network: Wireless) -> None:
    plan = NetworkPlan(wireless=network)
    assert read_network_code(network_code(plan)) == plan


def test_a_static_address_is_read_back() -> None:
    text = network_code(STATIC)
    assert read_network_code(text.lower()) == STATIC
    assert set(text) <= set(BASE32 + "1")
    assert read_network_code(network_code(NetworkPlan())) == NetworkPlan()


def test_no_flipped_bit_is_read() -> None:
    text = network_code(STATIC)
    for place, character in enumerate(text[2:], 2):
        for bit in range(5):
            other = BASE32[BASE32.index(character) ^ 1 << bit]
            with pytest.raises(Refused, match=r"setup\.code_damaged"):
                read_network_code(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WIFI:T:WPA;S:shop;P:password1;;", Wireless("shop", "password1")),
        ("WIFI:S:shop;T:WPA2;P:pass\\;word\\:1\\\\;H:true;;", Wireless("shop", "pass;word:1\\", True)),
        ('WIFI:S:"shop";T:SAE;P:12345678;;', Wireless("shop", "12345678")),
        ("WIFI:T:nopass;S:free;;", Wireless("free")),
        ("WIFI:S:free;;", Wireless("free")),
        ("WIFI:S:x;P:12345678;", Wireless("x", "12345678")),
        ("wifi:t:wpa;s:x;p:12345678", Wireless("x", "12345678")),
    ],
)
def test_a_phones_own_code(text: str, expected: Wireless) -> None:
    assert is_network_code(text)
    assert read_network_code(text).wireless == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("WIFI:T:WEP;S:x;P:12345;;", "setup.network_unsupported"),
        ("WIFI:T:WPA2-EAP;S:x;E:PEAP;I:u;P:p;;", "setup.network_unsupported"),
        ("WIFI:T:WPA;S:x;;", "setup.network_wrong"),
        ("WIFI:T:WPA;S:x;P:short;;", "setup.network_wrong"),
        ("WIFI:T:WPA;S:;P:12345678;;", "setup.network_wrong"),
        ("WIFI:S:" + "x" * 33 + ";;", "setup.network_wrong"),
        ("WIFI:S:a\nb;;", "setup.network_wrong"),
        ("N1", "setup.code_damaged"),
        ("N1AAAA", "setup.code_damaged"),
        (sealed_code("N1", b"\x02"), "setup.code_newer"),
        (sealed_code("N1", b"\x01\x63\x00"), "setup.code_newer"),
        (sealed_code("N1", b"\x01\x01\x05\x0a\x00"), "setup.code_damaged"),
        (sealed_code("N1", b"\x01\x01\x05\x0a\x00\x00\x01\x63"), "setup.code_damaged"),
        (sealed_code("N1", b"\x01\x02\x03\x0a\x00\x00"), "setup.code_damaged"),
        (sealed_code("N1", b"\x01\x07\x0812345678"), "setup.code_damaged"),
        (sealed_code("N1", b"\x01\x06\x02\xff\xfe"), "setup.code_damaged"),
        (sealed_code("N1", b"\x01" + b"\x05\x02\x00\x01" * 2), "setup.code_damaged"),
    ],
)
def test_what_cannot_work_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_network_code(text)
    assert refusal.value.code == code
    assert "12345678" not in str(refusal.value)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (NetworkPlan(IPv4Interface("10.0.0.0/24")), "address"),
        (NetworkPlan(IPv4Interface("10.0.0.255/24")), "address"),
        (NetworkPlan(IPv4Interface("127.0.0.1/8")), "address"),
        (NetworkPlan(IPv4Interface("10.0.0.1/32")), "address"),
        (NetworkPlan(IPv4Interface("10.0.0.5/24"), IPv4Address("10.0.1.1")), "gateway"),
        (NetworkPlan(IPv4Interface("10.0.0.5/24"), IPv4Address("10.0.0.5")), "gateway"),
        (NetworkPlan(name_servers=(IPv4Address("0.0.0.0"),)), "dns"),
        (NetworkPlan(name_servers=(IPv4Address("1.1.1.1"),) * 4), "dns"),
        (NetworkPlan(proxy="proxy"), "proxy"),
        (NetworkPlan(proxy="a b:3128"), "proxy"),
        (NetworkPlan(vlan=0), "vlan"),
        (NetworkPlan(vlan=4095), "vlan"),
        (NetworkPlan(vlan=7, wireless=Wireless("x")), "vlan"),
    ],
)
def test_a_plan_that_cannot_work_names_its_field(plan: NetworkPlan, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        network_code(plan)
    assert refusal.value.values["field"] == field
