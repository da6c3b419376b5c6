"""Which of several addresses is asked, and when the next one may be."""

import pytest

from agent.core.errors import TryLater, UnknownOutcome
from sync.addresses import Addresses
from sync.session import Answer, HttpSession


class Server(HttpSession):
    """A session without a network: gives or raises what it is told to, and counts."""

    def __init__(self, name: str) -> None:
        super().__init__(f"http://{name}")
        self.say: Answer | Exception = Answer(200, {}, b"")
        self.asked = 0

    def send(self, *_: object, **__: object) -> Answer:  # type: ignore[override]
        self.asked += 1
        if isinstance(self.say, Exception):
            raise self.say
        return self.say


def send(addresses: Addresses, *, question: bool = False) -> Answer:
    return addresses.send("POST", "/v1/x", b"{}", question=question)


DEAD, LOST, ILL = TryLater("network.unreachable"), UnknownOutcome("network.no_answer"), Answer(503, {}, b"")


def test_an_act_goes_on_only_when_nothing_was_sent() -> None:
    first, second = Server("a"), Server("b")
    addresses = Addresses([first, second])
    first.say = DEAD
    assert send(addresses).status == 200 and (first.asked, second.asked) == (1, 1)
    assert send(addresses).status == 200 and (first.asked, second.asked) == (1, 2), "where it worked it goes on"
    second.say = LOST
    with pytest.raises(UnknownOutcome):
        send(addresses)
    assert first.asked == 1
    first.say = ILL
    assert send(addresses).status == 503 and second.asked == 3, "it begins elsewhere, and goes no further"


def test_a_question_goes_to_each() -> None:
    first, second = Server("a"), Server("b")
    addresses = Addresses([first, second])
    first.say = LOST
    assert send(addresses, question=True).status == 200
    second.say = ILL
    first.say = Answer(200, {}, b"")
    assert send(addresses, question=True).status == 200
    first.say, second.say = LOST, DEAD
    with pytest.raises((TryLater, UnknownOutcome)):
        send(addresses, question=True)
