"""What the columns of a roll-out's sheet mean, and what stands in one row of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv4Interface
from typing import TypeVar

from agent.core.errors import Refused
from agent.core.network_codes import NetworkPlan, Wireless, checked_plan

T = TypeVar("T")

ROW_MAX = 5_000
TILLS = range(1, 21)
TEXT_CHARACTERS = 60
_STORE = re.compile(r"[A-Z0-9]{1,10}")
_PHONE = re.compile(r"[0-9+() -]{0,20}")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it may be headed besides, in lower case."""

    name: str
    also: tuple[str, ...]


COLUMNS = (
    Column("store", ("门店", "门店编号", "店号")),
    Column("name", ("名称", "门店名称", "店名")),
    Column("phone", ("电话", "门店电话")),
    Column("entity", ("公司", "法人", "主体")),
    Column("tills", ("柜台", "柜台数", "收银台", "收银台数")),
    Column("technician", ("技术员", "工程师")),
    Column("day", ("日期", "计划日", "上门日期", "date")),
    Column("wifi", ("无线", "无线名", "wifi名")),
    Column("wifi_password", ("无线密码", "wifi密码")),
    Column("address", ("地址", "固定地址", "固定ip", "ip")),
    Column("gateway", ("网关",)),
    Column("dns", ("域名服务器", "dns服务器")),
    Column("vlan", ()),
    Column("proxy", ("代理",)),
)
_COLUMN_OF_PLAN = {"ssid": "wifi", "password": "wifi_password"}
"""Where the network's codes call a field otherwise than the sheet."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field of a row."""

    column: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlannedStore:
    """One row: blank texts leave a known store as it is; `network` None is a network that needs no code."""

    store: str
    name: str
    phone: str
    entity: str
    tills: int
    technician: str
    day: str
    network: NetworkPlan | None


class _WrongField(Exception):
    def __init__(self, column: str, zh: str, en: str) -> None:
        super().__init__(column)
        self.fault = FieldFault(column, zh, en)


def parsed_row(values: Mapping[str, str]) -> tuple[PlannedStore | None, list[FieldFault]]:
    """Return the store of a row, or every fault of it."""
    faults: list[FieldFault] = []

    def read(reader: Callable[[Mapping[str, str]], T], fallback: T) -> T:
        try:
            return reader(values)
        except _WrongField as wrong:
            faults.append(wrong.fault)
            return fallback

    store = PlannedStore(
        store=read(_store, ""),
        name=read(lambda row: _text(row, "name"), ""),
        phone=read(_phone, ""),
        entity=read(lambda row: _text(row, "entity"), ""),
        tills=read(_tills, 1),
        technician=read(lambda row: _text(row, "technician"), ""),
        day=read(_day, ""),
        network=read(_network, None),
    )
    return (None if faults else store), faults


def _store(row: Mapping[str, str]) -> str:
    value = row.get("store", "").upper()
    if not _STORE.fullmatch(value):
        raise _WrongField("store", "1 到 10 个 A-Z、0-9", "1 to 10 of A-Z and 0-9")
    return value


def _text(row: Mapping[str, str], column: str) -> str:
    value = row.get(column, "")
    if len(value) > TEXT_CHARACTERS or not value.isprintable():
        raise _WrongField(
            column, f"最多 {TEXT_CHARACTERS} 个看得见的字", f"at most {TEXT_CHARACTERS} visible characters"
        )
    return value


def _phone(row: Mapping[str, str]) -> str:
    value = row.get("phone", "")
    if not _PHONE.fullmatch(value):
        raise _WrongField("phone", "只能有数字、+、- 和括号", "digits, +, - and brackets only")
    return value


def _tills(row: Mapping[str, str]) -> int:
    value = row.get("tills", "") or "1"
    if not (value.isascii() and value.isdecimal() and len(value) < 4 and int(value) in TILLS):
        raise _WrongField(
            "tills", f"{TILLS[0]} 到 {TILLS[-1]} 的整数", f"a whole number from {TILLS[0]} to {TILLS[-1]}"
        )
    return int(value)


def _day(row: Mapping[str, str]) -> str:
    value = row.get("day", "")
    if not value:
        return ""
    match = _DATE.fullmatch(value)
    try:
        return date(*(int(part) for part in match.groups())).isoformat() if match else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> str:
    raise _WrongField("day", "写成 2026-11-30 这样的日期", "a date like 2026-11-30")


def _network(row: Mapping[str, str]) -> NetworkPlan | None:
    said = {name: row.get(name, "") for name in ("wifi", "wifi_password", "address", "gateway", "dns", "vlan", "proxy")}
    if not any(said.values()):
        return None
    if said["wifi_password"] and not said["wifi"]:
        raise _WrongField("wifi", "有密码没有无线名", "a password without a network")
    servers = re.split(r"[\s,;、\uff0c\uff1b]+", said["dns"].strip())
    vlan = said["vlan"]
    if vlan and not (vlan.isascii() and vlan.isdecimal() and len(vlan) <= 4):
        raise _WrongField("vlan", "1 到 4094", "1 to 4094")
    wireless = Wireless(said["wifi"], said["wifi_password"] or None) if said["wifi"] else None
    plan = NetworkPlan(
        address=_one("address", IPv4Interface, said["address"]) if said["address"] else None,
        gateway=_one("gateway", IPv4Address, said["gateway"]) if said["gateway"] else None,
        name_servers=tuple(_one("dns", IPv4Address, server) for server in servers if server),
        proxy=said["proxy"].lower(),
        vlan=int(vlan) if vlan else None,
        wireless=wireless,
    )
    if said["address"] and "/" not in said["address"]:
        raise _WrongField("address", "要带前缀,如 192.168.1.50/24", "with its prefix, as 192.168.1.50/24")
    try:
        return checked_plan(plan)
    except Refused as error:
        column = _COLUMN_OF_PLAN.get(str(error.values.get("field")), str(error.values.get("field")))
        raise _WrongField(column, "这样连不上网", "no box can reach a network by this") from error


def _one(column: str, reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text)
    except ValueError as error:
        raise _WrongField(column, "不是 IPv4 地址", "no IPv4 address") from error
