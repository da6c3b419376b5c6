"""What comes from a network or from the machine's files may be anything: it is read, or said to be unreadable."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.diagnosis.examine import examine
from agent.diagnosis.names import answer_of, ask, question, servers_of
from agent.diagnosis.power import BOOT, RECORD, RUN_LEVEL, boots_of
from agent.diagnosis.site import Roots, Site
from agent.diagnosis.smart import Health, health_in
from agent.settings import Settings
from tests.liars import NO_SUCH_NAME, name_server


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=65_535))
def test_any_packet_is_an_answer_or_none(packet: bytes, number: int) -> None:
    answer_of(packet, number)
    answer_of(struct.pack(">6H", number, 0x8180, 1, 3, 0, 0) + packet, number)


def test_a_name_that_points_to_itself_ends() -> None:
    assert answer_of(struct.pack(">6H", 7, 0x8180, 1, 1, 0, 0) + b"\x3f" * 4000, 7) is None
    loop = struct.pack(">6H", 7, 0x8180, 0, 1, 0, 0) + b"\xc0\x0c" + struct.pack(">2HIH", 1, 1, 1, 4) + bytes(4)
    assert answer_of(loop, 7) is not None, "pointers are stepped over and never followed"


def test_an_answer_to_another_question_is_none() -> None:
    assert answer_of(question("hq.example.com", 7), 7) is None, "a question is no answer"
    assert answer_of(struct.pack(">6H", 8, 0x8180, 0, 0, 0, 0), 7) is None


def test_a_server_is_asked_and_believed_by_the_number() -> None:
    with name_server(lambda name: (0, "192.0.2.7") if name == "hq.example.com" else (NO_SUCH_NAME, None)) as server:
        known, unknown = ask(server, "hq.example.com", 2), ask(server, "other.example.com", 2)
        assert known is not None and known.addresses == ("192.0.2.7",)
        assert unknown is not None and (unknown.result, unknown.addresses) == (NO_SUCH_NAME, ())
        assert ask(server, "x" * 70 + ".example.com", 2) is None


def test_name_servers_are_read_as_the_system_does() -> None:
    text = "# no\nnameserver 10.0.0.1\n nameserver fe80::1%eth0 # a comment\nsearch lan\nnameserver\n"
    assert servers_of(text) == [("10.0.0.1", 53), ("fe80::1", 53)]


@given(st.text(max_size=60))
def test_any_word_of_a_disk_is_read(text: str) -> None:
    assert health_in(text) == Health(None, None)
    assert health_in('{"smart_status": [], "endurance_used": {"current_percent": true}}') == Health(None, None)


@given(st.binary(max_size=2000))
def test_any_record_of_starts_can_be_read(data: bytes) -> None:
    assert all(isinstance(boot.clean, bool) for boot in boots_of(data))


@pytest.mark.parametrize(
    ("records", "clean"),
    [
        ([(BOOT, b"reboot")], [True]),
        ([(BOOT, b"reboot"), (BOOT, b"reboot")], [True, False]),
        ([(BOOT, b"reboot"), (RUN_LEVEL, b"shutdown"), (BOOT, b"reboot")], [True, True]),
        ([(BOOT, b"reboot"), (RUN_LEVEL, b"runlevel"), (BOOT, b"reboot")], [True, False]),
    ],
)
def test_a_start_is_clean_after_a_shutdown(records: list[tuple[int, bytes]], clean: list[bool]) -> None:
    data = b"".join(
        RECORD.pack(kind, 0, b"~", b"~~", user, b"", 0, 0, 0, place, 0, b"")
        for place, (kind, user) in enumerate(records)
    )
    assert [boot.clean for boot in boots_of(data)] == clean


def test_a_reading_that_makes_no_sense_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    firmware = tmp_path / "devices" / "platform" / "soc" / "soc:firmware"
    firmware.mkdir(parents=True)
    (firmware / "get_throttled").write_text("soon\n", encoding="ascii")
    found = examine(Site(Settings(state=tmp_path), roots=Roots(sys=tmp_path)), ["power"])
    (unreadable,) = [one for one in found if one.code == "doctor.unreadable"]
    assert unreadable.name == "voltage" and "soon" in unreadable.remedy[1]
    assert [one.name for one in found][-1] == "mains"


@pytest.mark.parametrize(
    ("supplies", "code"),
    [
        ([("AC", "Mains", "0", ""), ("BAT0", "Battery", "", "")], "power.on_battery"),
        ([("AC", "Mains", "0", ""), ("BAT0", "Battery", "", ""), ("kb", "Battery", "1", "Device")], "power.on_battery"),
        ([("usbc", "USB", "0", "")], None),
        ([("usbc", "USB", "0", ""), ("kb", "Battery", "1", "Device")], None),
        ([("usbc", "USB", "0", ""), ("BAT0", "Battery", "", "System")], "power.on_battery"),
        ([("AC", "Mains", "1", ""), ("usbc", "USB", "0", ""), ("BAT0", "Battery", "", "")], None),
    ],
)
def test_only_a_battery_of_the_machine_itself_is_one(
    tmp_path: Path, supplies: list[tuple[str, str, str, str]], code: str | None
) -> None:
    for name, *words in supplies:
        folder = tmp_path / "class" / "power_supply" / name
        folder.mkdir(parents=True)
        for file, word in zip(("type", "online", "scope"), words, strict=True):
            if word:
                (folder / file).write_text(f"{word}\n", encoding="ascii")
    found = examine(Site(Settings(state=tmp_path), roots=Roots(sys=tmp_path)), ["power"])
    assert [one.code for one in found if one.name == "mains"] == [code]
