"""Servers that stand between a box and headquarters in real shops: name servers that lie, log-in pages, wrong
certificates, silence. Real sockets on loopback, each for the length of a block.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NO_SUCH_NAME = 3
Said = tuple[int, dict[str, str], bytes]
Answers = Callable[[str], tuple[int, str | None]]
"""What a name server says of a name: result code and address."""


@contextmanager
def name_server(answers: Answers | None) -> Iterator[tuple[str, int]]:
    """Serve names over UDP; None: take questions and never answer."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                packet, asker = line.recvfrom(4096)
            except OSError:
                return
            if not packet:
                return
            if answers is not None:
                line.sendto(_answer(packet, answers), asker)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = line.getsockname()
    try:
        yield address
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", address)
        thread.join(5)
        line.close()


def _answer(packet: bytes, answers: Answers) -> bytes:
    labels, place = [], 12
    while packet[place]:
        labels.append(packet[place + 1 : place + 1 + packet[place]].decode("ascii"))
        place += 1 + packet[place]
    question = packet[12 : place + 5]
    result, address = answers(".".join(labels))
    head = packet[:2] + struct.pack(">5H", 0x8180 | result, 1, int(address is not None), 0, 0)
    if address is None:
        return head + question
    return head + question + b"\xc0\x0c" + struct.pack(">2HIH", 1, 1, 60, 4) + ip_address(address).packed


@contextmanager
def web_server(says: Callable[[str], Said], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve what `says` returns for a path on a free port: status, headers, body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = says(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on standard error."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: Any, client_address: Any) -> None:
            if context is not None:
                try:
                    request = context.wrap_socket(request, server_side=True)
                except OSError:
                    return  # whoever asked did not like the certificate
            super().finish_request(request, client_address)

        def handle_error(self, request: object, client_address: object) -> None:
            """A caller that went away is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def black_hole() -> Iterator[int]:
    """Take no further connection: the queue of a listener is full, as behind a firewall that drops."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for line in waiting:
        line.setblocking(False)
        line.connect_ex(listener.getsockname())
    try:
        yield int(listener.getsockname()[1])
    finally:
        for line in (*waiting, listener):
            line.close()


@contextmanager
def mute_server() -> Iterator[int]:
    """Take connections and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


class Authority:
    """An authority of certificates of the test's own; `file` is what one has to trust to believe it."""

    def __init__(self, folder: Path, name: str = "Test Root") -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        root = (
            self._begun(self._name, self._key, now - timedelta(days=3650), now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, SHA256())
        )
        self.file = folder / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(root.public_bytes(Encoding.PEM))

    def _begun(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        begins: datetime,
        ends: datetime,
        issuer: x509.Name | None = None,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )

    def server(self, host: str, begins_days: float, ends_days: float) -> ssl.SSLContext:
        """Return what a server needs to show a certificate for a name, valid in these days from now."""
        now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = (
            self._begun(subject, key, now + timedelta(days=begins_days), now + timedelta(days=ends_days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, SHA256())
        )
        return self._context(certificate, key)

    def self_signed(self, host: str) -> ssl.SSLContext:
        """Return what a router shows: a certificate that nobody but itself signed."""
        now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = (
            self._begun(name, key, now - timedelta(days=1), now + timedelta(days=365), issuer=name)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(key, SHA256())
        )
        return self._context(certificate, key)

    def _context(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
        file = self._folder / "server.pem"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context
