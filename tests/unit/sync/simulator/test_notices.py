"""Notifications come again until they are answered, across restarts, and end some time."""

from pathlib import Path

from sync.simulator.notices import WECHAT_AFTER_S, Courier, Notice, Notices
from tests.contract.recorder import recording
from tests.unit.sync.fakes import FakeClock


def composed(notice: Notice) -> tuple[bytes, dict[str, str]]:
    return f"{notice.id} {notice.number}".encode(), {"Content-Type": "application/json"}


def test_what_is_not_answered_comes_again_at_its_times_until_they_are_over(tmp_path: Path) -> None:
    clock = FakeClock()
    with recording() as wire:
        notices = Notices(tmp_path, clock.now_ms)
        notices.add("wechat", "order", "N1", f"{wire.url}/told?by=test")
        for wait_s in WECHAT_AFTER_S:
            assert Courier(notices, composed).step() == wait_s
            notices.close()
            notices = Notices(tmp_path, clock.now_ms)
            clock.now += wait_s
        Courier(notices, composed).step()
        assert notices.due() is None
        notices.close()
    assert len(wire.requests) == len(WECHAT_AFTER_S) + 1
    assert {(sent.target, sent.body) for sent in wire.requests} == {("/told?by=test", b"1 N1")}


def test_a_notification_with_nothing_to_tell_or_nowhere_to_go_is_dropped(tmp_path: Path) -> None:
    notices = Notices(tmp_path, FakeClock().now_ms)
    notices.add("wechat", "order", "N1", "http://127.0.0.1:9/")
    notices.add("wechat", "order", "N2", "no address")
    Courier(notices, lambda notice: None if notice.number == "N1" else composed(notice)).step()
    assert notices.due() is None
    notices.close()
