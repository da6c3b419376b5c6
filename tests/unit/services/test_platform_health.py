"""Which platforms answer, and whose fault it is when one does not."""

from agent.core.phase import Line
from agent.services.platform_health import PlatformHealth


class Told:
    def __init__(self) -> None:
        self.at_ms = 1_000
        self.changes = 0

    def now_ms(self) -> int:
        return self.at_ms

    def changed(self) -> None:
        self.changes += 1


def test_one_lost_answer_is_no_outage_and_two_are_since_the_first() -> None:
    told = Told()
    health = PlatformHealth(told.now_ms, told.changed)
    hear = health.listener("wechat")
    assert health.lamps()["wechat"]["state"] == "ok"
    hear("platform.failed")
    assert (health.lamp("wechat").state, told.changes) == ("ok", 0)
    told.at_ms = 2_000
    hear("platform.failed")
    lamp = health.lamp("wechat")
    assert (lamp.state, lamp.code, lamp.since_ms, told.changes) == ("down", "platform.failed", 1_000, 1)
    hear(None)
    assert (health.lamp("wechat").state, told.changes) == ("ok", 2)


def test_the_line_is_down_when_nobody_outside_answers() -> None:
    told = Told()
    health = PlatformHealth(told.now_ms)
    health.hear("wechat", "network.unreachable")
    assert health.line("wechat", others_answer=False) is Line.LINE_DOWN
    health.hear("wechat", "network.unreachable")
    assert health.line("wechat", others_answer=True) is Line.PLATFORM_DOWN
    health.hear("alipay", None)
    assert health.line("wechat", others_answer=False) is Line.PLATFORM_DOWN
    assert health.line("alipay", others_answer=False) is Line.UP


def test_what_comes_back_wrong_is_the_platforms_fault() -> None:
    health = PlatformHealth(Told().now_ms)
    for _ in range(2):
        health.hear("wechat", "platform.failed")
    assert health.line("wechat", others_answer=False) is Line.PLATFORM_DOWN
