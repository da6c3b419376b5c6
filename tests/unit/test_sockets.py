"""Where a box listens: passed sockets, addresses of its own, sockets in deep folders; and the demo's wire."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.daemon import sockets
from agent.daemon.lock import StateLock, is_running
from agent.demo.forwarder import HOST, Forwarder
from sync import serving


def test_no_variables_no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    assert sockets.inherited() == []


def test_sockets_meant_for_another_process_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", "1")
    assert sockets.inherited() == []
    assert "LISTEN_FDS" not in os.environ


def test_a_taken_address_is_refused() -> None:
    with sockets.listening("127.0.0.1", 0) as taken:
        assert sockets.url_of(taken).startswith("http://127.0.0.1:")
        with pytest.raises(Refused, match=r"web\.address_taken"):
            sockets.listening("127.0.0.1", taken.getsockname()[1])


def test_a_socket_in_a_deep_folder_can_be_reached(tmp_path: Path) -> None:
    path = tmp_path / ("deep" * 20) / ("er" * 30) / "agent.sock"
    with sockets.listening_unix(path) as listener, sockets.connected_unix(path, 5) as client:
        connection, _ = listener.accept()
        with connection:
            client.sendall(b"x")
            assert connection.recv(1) == b"x"
    with pytest.raises(OSError):
        sockets.connected_unix(path, 1)


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    with StateLock(tmp_path):
        assert is_running(tmp_path)
        with pytest.raises(Refused, match=r"store\.in_use"), StateLock(tmp_path):
            raise AssertionError("two owners")
    assert not is_running(tmp_path)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


def test_a_cut_wire_tears_connections_off_and_refuses_new_ones() -> None:
    async def story() -> None:
        server = await asyncio.start_server(echo, HOST, 0)
        wire = Forwarder()
        wire.target_port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, wire.port)
        await wire.connect()
        reader, writer = await asyncio.open_connection(HOST, wire.port)
        writer.write(b"here")
        assert await reader.readexactly(4) == b"here"
        await wire.cut()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read(1) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, wire.port)
        await wire.connect()
        reader, again = await asyncio.open_connection(HOST, wire.port)
        again.write(b"back")
        assert await reader.readexactly(4) == b"back"
        for end in (writer, again):
            end.close()
        await wire.close()
        server.close()

    asyncio.run(asyncio.wait_for(story(), 10))


def test_a_url_names_loopback_when_the_box_listens_everywhere() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        assert sockets.url_of(listener).startswith("http://127.0.0.1:")


def test_answers_leave_at_once() -> None:
    """asyncio sets TCP_NODELAY only on sockets that say that they are TCP."""
    with sockets.listening("127.0.0.1", 0) as ours, serving.listening("127.0.0.1", 0) as headquarters:
        assert ours.proto == headquarters.proto == socket.IPPROTO_TCP
