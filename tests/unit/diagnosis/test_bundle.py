"""The parts of a bundle: what passes and what does not, the pack, the last look, the slip."""

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.core.chain import Identity
from agent.core.errors import Broken, Refused
from agent.diagnosis import closed
from agent.diagnosis.bundle_guard import check, writings
from agent.diagnosis.bundle_logs import LEVELS, line_told, logs_told
from agent.diagnosis.bundle_machine import security, units, usb
from agent.diagnosis.bundle_metrics import metrics_told
from agent.diagnosis.bundle_pack import FIRST_PAGE, MANIFEST, manifest, packed, write
from agent.diagnosis.bundle_page import Summary, Told, code_of, first_page, slip
from agent.services.language import translator

NOW_MS = 1_790_995_200_000
SHANGHAI = ZoneInfo("Asia/Shanghai")
SUMMARY = Summary(
    Identity("S001", "B1", 2),
    NOW_MS,
    "0.1.0",
    (Told("keys", "ok", None), Told("clock", "degraded", None), Told("journal", "fail", "journal.bad_tail")),
    {"last_seq": 41, "chain": {"good": False, "whole": True, "fault": "chain.gap"}, "quick_check": {"good": True}},
    7,
    2,
)


@given(st.text())
def test_free_text_passes_nowhere(text: str) -> None:
    assume(not closed.codes_in(text) and text not in LEVELS and closed.digest(text) is None)
    assert [closed.word(text, ("",)) or None, closed.code(text), closed.count(text)] == [None, None, None]
    told = line_told(json.dumps({"at": None, "level": text, "event": f"{text} hq.busy", "source": text, "x": text}))
    assert told == {"at_ms": None, "level": None, "source": None, "codes": ["hq.busy"]}


@pytest.mark.parametrize("value", [-1, 10**9, 13_812_345_678, True, "1", 1.5, None])
def test_what_is_no_count_does_not_pass(value: object) -> None:
    assert closed.count(value) is None


def test_only_young_lines_are_told_and_lines_that_are_not_ours_lose_their_text() -> None:
    old = json.dumps({"at": "2026-10-03T00:00:00Z", "level": "info", "event": "x"})
    young = json.dumps({"at": "2026-10-03T01:59:00Z", "level": "warning", "event": "x", "status": 503})
    found = logs_told([old, young, "Segmentation fault for Frau Holle\n", "\n"], NOW_MS)
    assert [one.get("status") for one in found] == [503, None]
    assert found[1] == {"at_ms": None, "level": None, "codes": [], "form": "text"}


def test_units_are_told_in_the_words_of_systemd() -> None:
    said = (
        "Id=storebox.service\nLoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=3\n"
        "MemoryCurrent=94371840\nResult=Frau Holle\n\nId=other.service\nLoadState=loaded\n"
    )
    assert units(said) == [
        {
            "unit": "storebox.service",
            "LoadState": "loaded",
            "ActiveState": "active",
            "SubState": "running",
            "NRestarts": 3,
            "MemoryCurrentKiB": 92160,
        }
    ]


def test_security_is_told_by_setting() -> None:
    rows = [{"set": True, "json_field": "PrivateUsers", "description": "Frau Holle", "exposure": "0.2"}, {"x": 1}, 5]
    assert security(json.dumps(rows)) == [{"setting": "PrivateUsers", "set": True, "exposure": "0.2"}]
    assert security("Failed to connect") == []


def test_usb_devices_are_told_without_their_texts(tmp_path: Path) -> None:
    device = tmp_path / "1-1"
    interface = device / "1-1:1.0"
    interface.mkdir(parents=True)
    for place, text in (
        ("idVendor", "04b8\n"),
        ("idProduct", "0e15\n"),
        ("product", "Holles iPhone\n"),
        ("speed", "12\n"),
    ):
        (device / place).write_text(text)
    (device / "descriptors").write_bytes(bytes.fromhex("12010002"))
    (interface / "bInterfaceClass").write_text("07\n")
    (found,) = usb(tmp_path)
    assert (found["idVendor"], found["speed_mbit"], found["descriptors"]) == ("04b8", "12", "12010002")
    assert found["interfaces"][0]["class"] == "07"
    assert "iPhone" not in json.dumps(found)


def test_metrics_of_another_form_are_left_out() -> None:
    good = {"name": "storebox_part_good", "labels": {"part": "receipt1"}, "value": 1.0}
    bad = [
        {**good, "labels": {"part": "13812345678"}},
        {**good, "name": "Frau Holle"},
        {**good, "value": "x"},
        {"name": "storebox_x"},
    ]
    assert metrics_told([good, *bad]) == [good]


def test_a_pack_has_its_page_first_and_hashes_of_all() -> None:
    files = {"b.json": b"{}", FIRST_PAGE: "页".encode(), "a.json": b"[]"}
    files[MANIFEST] = manifest(files, {"store": "S001"})
    data = packed(files)
    assert data == packed(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [FIRST_PAGE, MANIFEST, "a.json", "b.json"]
        listed = json.loads(archive.read(MANIFEST))["files"]
        assert {name: one["sha256"] for name, one in listed.items()} == {
            name: sha256(archive.read(name)).hexdigest() for name in listed
        }
    assert set(listed) == {FIRST_PAGE, "a.json", "b.json"}


def test_a_bundle_is_on_disk_whole_or_not_at_all(tmp_path: Path) -> None:
    target = write(tmp_path / "b.zip", b"PK1")
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"PK1", 0o600)
    with pytest.raises(Refused, match=r"bundle\.cannot_write"):
        write(tmp_path / "nowhere" / "b.zip", b"PK1")
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


@pytest.mark.parametrize("prefix", [b"", b"a", b"ab", b"abc"])
def test_the_last_look_finds_a_secret_in_each_writing(prefix: bytes) -> None:
    import base64

    secret = b"9f8e7d6c5b4a39281706f5e4"
    hidden = [
        secret,
        secret.hex().encode(),
        base64.b64encode(prefix + secret + b"tail"),
        secret.decode().encode("utf-16"),
    ]
    for data in hidden:
        with pytest.raises(Broken, match=r"bundle\.secret_inside"):
            check({"part.json": b"{" + data + b"}"}, [secret])
    check({"part.json": b"nothing"}, [secret, b"short"])
    assert secret in set(writings(secret))


def test_the_page_says_what_is_wrong_in_both_languages() -> None:
    page = first_page(SUMMARY, SHANGHAI)
    assert "S001 / B1 / 2" in page
    assert "2026-10-03 10:40:00 +0800" in page
    assert "不行 FAIL      journal" in page
    assert "journal.bad_tail" in page
    assert "不对:chain.gap" in page
    assert "not examined" not in page


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_slip_carries_what_is_wrong_in_its_code(language: str) -> None:
    document = slip(SUMMARY, "ab" * 32, translator(language), SHANGHAI, language)
    blocks = document["blocks"]
    assert isinstance(blocks, list)
    code = next(block["data"] for block in blocks if block["kind"] == "qr")
    assert code == code_of(SUMMARY, "ab" * 32)
    assert "fail journal journal.bad_tail" in code.splitlines()
    assert code.isascii()
    assert [block["left"] for block in blocks if block["kind"] == "pair" and block.get("align") != "left"] == [
        "journal",
        "clock",
    ]
