"""Several addresses of one service: which is asked first, and when the next one may be.

What may have been sent is never sent to another address: only when no connection came about does the next one get it.
A question may be asked of each.
"""

from collections.abc import Sequence

from agent.core.errors import StoreboxError, TryLater
from sync.session import Answer, HeaderMaker, HttpSession


class Addresses:
    """Sends requests to the address that last worked. Several threads may use it."""

    def __init__(self, sessions: Sequence[HttpSession]) -> None:
        """`sessions` are the addresses in the order in which they are tried at first; at least one."""
        self._sessions = list(sessions)
        self._preferred = 0

    @property
    def urls(self) -> list[str]:
        """Return the addresses, the one that is asked first first."""
        return [session.base_url for session in (self._sessions[index] for index in self._order())]

    def send(
        self, method: str, target: str, body: bytes, headers: HeaderMaker | None = None, *, question: bool = False
    ) -> Answer:
        """Return the first answer; raises `TryLater` when it was sent nowhere, else what the sending ended with.

        A `question` goes on to the next address also when an answer was lost, or a server says that it is unwell.
        """
        failure: StoreboxError | None = None
        answer: Answer | None = None
        for index in self._order():
            try:
                session = self._sessions[index]
                answer = session.send(method, target, body, {"Content-Type": "application/json"}, headers)
            except StoreboxError as error:
                failure = error
                self._avoid(index)
                if not question and not isinstance(error, TryLater):
                    raise
                continue
            if answer.status < 500:
                self._preferred = index
                return answer
            self._avoid(index)
            if not question:
                return answer
        if answer is not None:
            return answer
        raise failure or TryLater("network.unreachable", server="")

    def close(self) -> None:
        """Close idle connections."""
        for session in self._sessions:
            session.close()

    def _order(self) -> list[int]:
        first = self._preferred
        return [first, *(index for index in range(len(self._sessions)) if index != first)]

    def _avoid(self, index: int) -> None:
        """Begin with another address the next time."""
        if self._preferred == index:
            self._preferred = (index + 1) % len(self._sessions)
