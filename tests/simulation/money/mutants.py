"""Boxes that are wrong on purpose, each in one way in which such programs are wrong: the test must find them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent.core.payment import NUMBER_USED, PlatformAnswer, Verdict
from agent.services import payments
from tests.simulation.money.box import Incarnation
from tests.simulation.money.play import Play


class Altered:
    """A platform whose answers are understood wrongly."""

    def __init__(self, honest: Any) -> None:
        self._honest = honest
        self.name = honest.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._honest, name)


class SilenceIsRefusal(Altered):
    """No answer to a payment is taken for a no."""

    def pay(self, *arguments: Any) -> PlatformAnswer:
        answer: PlatformAnswer = self._honest.pay(*arguments)
        return replace(answer, verdict=Verdict.DECLINED) if answer.verdict is Verdict.UNKNOWN else answer


class UndoAlwaysWorks(Altered):
    """An undo that was asked for is taken for done."""

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        answer: PlatformAnswer = self._honest.reverse(out_trade_no)
        return replace(answer, verdict=Verdict.REVERSED) if answer.verdict is Verdict.UNKNOWN else answer


class NotFoundIsNever(Altered):
    """An order that is not there yet is taken for one that never will be."""

    def query(self, out_trade_no: str) -> PlatformAnswer:
        answer: PlatformAnswer = self._honest.query(out_trade_no)
        return replace(answer, verdict=Verdict.CLOSED) if answer.verdict is Verdict.NOT_FOUND else answer


class UsedNumberIsOurs(Altered):
    """A number that is used already is looked up, and what is found there counts."""

    def pay(self, *arguments: Any) -> PlatformAnswer:
        answer: PlatformAnswer = self._honest.pay(*arguments)
        if answer.code != NUMBER_USED:
            return answer
        return self._honest.query(answer.out_trade_no)  # type: ignore[no-any-return]


def trusts_a_used_number(play: Play) -> None:
    _with_platforms(play, UsedNumberIsOurs)


def _with_platforms(play: Play, altered: type[Altered]) -> None:
    play.alter = lambda platforms: {name: altered(platform) for name, platform in platforms.items()}


def takes_silence_for_a_refusal(play: Play) -> None:
    _with_platforms(play, SilenceIsRefusal)


def believes_that_an_undo_worked(play: Play) -> None:
    _with_platforms(play, UndoAlwaysWorks)


def believes_not_found(play: Play) -> None:
    _with_platforms(play, NotFoundIsNever)


def submits_again_after_a_crash(play: Play) -> None:
    """What is open at a start is sent once more, with the code that the box still knows."""
    codes: dict[str, str] = {}

    class Remembering(Altered):
        def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
            codes[out_trade_no] = auth_code
            return self._honest.pay(out_trade_no, amount_fen, auth_code, subject)  # type: ignore[no-any-return]

    _with_platforms(play, Remembering)

    def begin(life: Incarnation) -> None:
        for found in payments.unresolved(life.shop.read()):
            number, platform = found["attempt"], life.shop.platforms[found["platform"]]
            if number in codes:

                def submit(number: str = number, found: Any = found, platform: Any = platform) -> None:
                    answer = platform.pay(number, found["amount_fen"], codes[number], "")
                    payments.settle(life.shop, number, answer)

                life.spawn("submit again", submit)

    play.births.append(begin)


def forgets_what_was_open(play: Play) -> None:
    """What an earlier life left open is nobody's business."""

    def begin(life: Incarnation) -> None:
        old = {found["attempt"] for found in payments.unresolved(life.shop.read())}

        class Forgetful(Altered):
            def query(self, out_trade_no: str) -> PlatformAnswer:
                if out_trade_no in old:
                    return PlatformAnswer(Verdict.UNKNOWN, out_trade_no)
                return self._honest.query(out_trade_no)  # type: ignore[no-any-return]

            def reverse(self, out_trade_no: str) -> PlatformAnswer:
                if out_trade_no in old:
                    return PlatformAnswer(Verdict.UNKNOWN, out_trade_no)
                return self._honest.reverse(out_trade_no)  # type: ignore[no-any-return]

        life.shop.platforms = {name: Forgetful(platform) for name, platform in life.shop.platforms.items()}

    play.births.append(begin)
