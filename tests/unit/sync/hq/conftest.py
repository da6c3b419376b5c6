"""Passwords are hashed at no cost here: what is tried is who may log in, not how long a guess takes."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from argon2 import PasswordHasher

    monkeypatch.setattr(
        "sync.hq.people.accounts._hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    yield
