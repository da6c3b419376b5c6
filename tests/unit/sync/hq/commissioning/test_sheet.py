"""Sheets of stores as people keep them: every encoding, every fault with its place, all or nothing."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from openpyxl import Workbook

from agent.core.errors import Refused
from agent.core.network_codes import read_network_code
from sync.hq import registry
from sync.hq.commissioning.planning import SheetRefused, import_sheet, network_qr, plans
from sync.hq.commissioning.sheet import read_sheet
from sync.hq.commissioning.sheet_fields import ROW_MAX
from sync.hq.office import Office

CHINESE = (
    "门店,店名,电话,柜台数,上门日期,WiFi,无线密码\r\n"
    "A001,人民路店,0571-1234,2,2026/11/30,shop,12345678\r\n"
    "\r\n"
    "A002,,,,,,\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_it_is_read_in_every_encoding_that_excel_saves(encoding: str) -> None:
    sheet = read_sheet(CHINESE.encode(encoding))
    assert sheet.faults == []
    first, second = sheet.stores
    assert (first.store, first.name, first.tills, first.day) == ("A001", "人民路店", 2, "2026-11-30")
    assert first.network is not None and first.network.wireless is not None and first.network.wireless.name == "shop"
    assert (second.name, second.tills, second.network) == ("", 1, None)


def test_a_workbook_gives_numbers_and_dates_as_people_see_them() -> None:
    book = Workbook()
    servers = "223.5.5.5、192.168.1.1"
    book.active.append(["store", "phone", "tills", "day", "address", "gateway", "dns"])
    book.active.append([101, 13800000000.0, 3.0, date(2026, 12, 1), "192.168.1.50/24", "192.168.1.1", servers])
    file = io.BytesIO()
    book.save(file)
    (store,) = read_sheet(file.getvalue()).stores
    assert (store.store, store.phone, store.tills, store.day) == ("101", "13800000000", 3, "2026-12-01")
    assert store.network is not None and store.network.address == IPv4Interface("192.168.1.50/24")
    assert len(store.network.name_servers) == 2


def test_every_bad_place_is_named_by_row_and_column() -> None:
    text = (
        "门店,name,tills,day,wifi_password,address,gateway,vlan\n"
        "a-1,ok,0,2026-02-30,,,,\n"
        "A002,\x07,x,,geheim12,,,\n"
        "A003,,,,,192.168.1.5,,\n"
        "A004,,,,,192.168.1.5/24,10.0.0.1,\n"
        "A005,,,,,300.1.1.1/24,,9999\n"
        "A006,,,,,,,,surplus\n"
        "A007,,,,,,,\n"
        "A007,,,,,,,\n"
    )
    sheet = read_sheet(text.encode())
    assert sheet.stores == ()
    assert [(fault.row, fault.column) for fault in sheet.faults] == [
        (2, "门店"), (2, "tills"), (2, "day"),
        (3, "name"), (3, "tills"), (3, "wifi"),
        (4, "address"), (5, "gateway"), (6, "address"), (7, "+"), (9, "门店"),
    ]  # fmt: skip
    assert sheet.faults[0].text(chinese=True).startswith("第 2 行 门店:")
    assert "row 8" in sheet.faults[-1].text(chinese=False)


def test_wrong_heads_name_the_nearest() -> None:
    faults = read_sheet(b"stor,name,name\nA001,x,y\n").faults
    assert [(fault.row, fault.column) for fault in faults] == [(1, "stor"), (1, "name"), (1, "store")]
    assert "store?" in faults[0].en


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \r\n",
        b",,,\n",
        "store\nA001\n".encode("utf-16"),
        b"PK\x03\x04 broken",
        b'store\n"A001\n',
        b"store\0\n",
        b"\xff" * 9,
    ],
)
def test_what_is_no_sheet_is_refused_whole(data: bytes) -> None:
    with pytest.raises(Refused, match=r"rollout\.bad_sheet"):
        read_sheet(data)


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def swapped(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return a workbook whose sheet says something else."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, part.replace(old, new) if name == "xl/worksheets/sheet1.xml" else part)
    return made.getvalue()


def test_a_workbook_that_was_damaged_on_its_way_is_refused_by_name() -> None:
    whole = workbook(["store", "name"], *([f"A{number:03}", "店"] for number in range(20)))
    encrypted, packed_otherwise = bytearray(whole), bytearray(whole)
    for place in (found.start() for found in re.finditer(rb"PK\x01\x02", whole)):
        encrypted[place + 8] |= 1
        packed_otherwise[place + 10] = 99
    torn = [bytearray(whole) for _ in range(60)]
    for number, one in enumerate(torn):
        one[60 + number * (len(whole) // 61)] ^= 0x55
    for data in (encrypted, packed_otherwise, *torn):
        try:
            read_sheet(bytes(data))
        except Refused as refused:
            assert refused.code == "rollout.bad_sheet"


def test_blank_rows_below_the_stores_and_blank_columns_beside_them_are_no_rows() -> None:
    far = b'<row r="90000"><c r="XFD90000" s="0"/></row></sheetData>'
    data = swapped(workbook(["store"], ["A001"]), b"</sheetData>", far)
    assert [store.store for store in read_sheet(data).stores] == ["A001"]
    assert [store.store for store in read_sheet(b"store,name\r\nA001,\r\n" + b",\r\n" * ROW_MAX).stores] == ["A001"]
    stores = "".join(f"A{number}\n" for number in range(2 * ROW_MAX))
    with pytest.raises(Refused, match=r"rollout\.bad_sheet"):
        read_sheet(f"store\n{stores}".encode())


def test_a_formula_without_a_result_is_no_name_of_a_shop() -> None:
    faults = read_sheet("store,name,wifi\nA001,#N/A,\nA002,店,#REF!\n#N/A,,\n".encode()).faults
    assert [(fault.row, fault.column) for fault in faults] == [(2, "name"), (3, "wifi"), (4, "store")]
    assert all("formula" in fault.en for fault in faults)


@pytest.fixture
def office(tmp_path: Path, database_url: str | None) -> Iterator[Office]:
    made = Office.open(tmp_path, database_url)
    yield made
    made.close()


def test_all_or_nothing_and_the_same_again_changes_nothing(office: Office) -> None:
    with office.database.write() as connection:
        registry.add_store(connection, "A002", "旧名", 0, "110", "甲公司")
    bad = CHINESE + "A003,,,999,,,\n"
    with pytest.raises(SheetRefused) as refused, office.database.write() as connection:
        import_sheet(connection, bad.encode(), "小刘", 1)
    assert [(fault.row, fault.column) for fault in refused.value.faults] == [(5, "柜台数")]
    with office.database.read() as connection:
        assert plans(connection) == {} and [name for name, _ in registry.store_names(connection)] == ["A002"]
    for _ in range(2):
        with office.database.write() as connection:
            import_sheet(connection, CHINESE.encode(), "小刘", 2)
    with office.database.read() as connection:
        found = plans(connection)
        assert (found["A002"].name, found["A002"].phone, found["A002"].entity) == ("旧名", "110", "甲公司")
        assert found["A001"].name == "人民路店"
        assert connection.exec_driver_sql("SELECT count(*) FROM note WHERE kind = 'enrolment.planned'").scalar() == 2


@pytest.mark.parametrize(
    ("row", "begins"),
    [
        ("shop;1,12345678,,", "WIFI:S:shop\\;1;T:WPA;P:12345678;;"),
        ("open,,,", "WIFI:S:open;T:nopass;;"),
        ("人民路,12345678,,", "N1"),
        ("shop,12345678,10.0.0.5/24,10.0.0.1", "N1"),
        (",,10.0.0.5/24,10.0.0.1", "N1"),
    ],
)
def test_a_network_is_told_by_a_code_that_says_it_all(row: str, begins: str) -> None:
    (store,) = read_sheet(f"store,wifi,wifi_password,address,gateway\nA001,{row}\n".encode()).stores
    code = network_qr(store.network)
    assert code is not None and code.startswith(begins)
    assert read_network_code(code) == store.network
    assert network_qr(None) is None
