"""The server of a box: how it ends, and what is remembered of the end."""

import os
import signal
import socket

import pytest

from agent.daemon.serve import BoxServer
from agent.watchdog import Notifier
from agent.web.hub import Hub


async def nothing(scope: object, receive: object, send: object) -> None:
    """An application that is never asked."""


@pytest.mark.parametrize("signalled", [False, True])
def test_a_signal_that_comes_while_the_server_ends_by_itself_is_not_lost(signalled: bool) -> None:
    """Whoever goes on after the end, as setup mode does into trading, would else run for ever after a SIGTERM."""

    def ready() -> None:
        server.end()
        if signalled:
            os.kill(os.getpid(), signal.SIGTERM)

    server = BoxServer(nothing, Hub(), ready, Notifier())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.run(sockets=[listener.dup()])
    assert server.signalled is signalled
