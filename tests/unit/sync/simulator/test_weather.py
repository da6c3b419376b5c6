"""The words of the weather, and chance that repeats with its seed."""

import pytest

from agent.core.errors import Refused
from sync.simulator.weather import Weather


def test_the_next_requests_only() -> None:
    weather = Weather()
    weather.command("next lost 2")
    assert [weather.of_next_request() for _ in range(3)] == ["lost", "lost", "ok"]


def test_chance_repeats_with_the_seed() -> None:
    def drawn(seed: int) -> list[str]:
        weather = Weather(seed=seed)
        weather.command("chance lost 20")
        weather.command("chance busy 20")
        return [weather.of_next_request() for _ in range(200)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 20 < drawn(1).count("lost") < 60 and 20 < drawn(1).count("busy") < 60


def test_a_mode_ends_chance_and_what_was_coming() -> None:
    weather = Weather()
    for words in ("chance lost 100", "next 500 5", "ok"):
        weather.command(words)
    assert weather.of_next_request() == "ok"


@pytest.mark.parametrize("words", ["", "sunny", "next", "next sunny", "chance lost 101", "bill tomorrow", "renew x"])
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(Refused, match=r"simulator\.unknown_word"):
        Weather().command(words)
