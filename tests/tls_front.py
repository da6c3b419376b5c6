"""What terminates TLS before headquarters: passes bytes on to a port under a certificate that a test exchanges."""

import datetime
import socket
import ssl
import threading
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sync.pinning import key_pin


@dataclass(frozen=True, slots=True)
class ServerKey:
    """A key with its self-signed certificate, as files."""

    certificate: Path
    key: Path
    pin: str


def server_key(folder: Path, name: str, *, years_ago: int = 0, host: str = "127.0.0.1") -> ServerKey:
    """Make a key and a certificate of one year that began so many years ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) - datetime.timedelta(days=365 * years_ago)
    address = x509.IPAddress(ip_address(host)) if host[0].isdecimal() else x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return ServerKey(*files, key_pin(key.public_key()))


class TlsFront:
    """Listens on loopback; `shows` exchanges the certificate for connections that come from then on."""

    def __init__(self, port: int, key: ServerKey) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.heard = bytearray()
        """What callers sent, in the clear."""
        self.shows(key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        with self._lock:
            for line in self._open:
                line.close()

    def shows(self, key: ServerKey) -> None:
        """Show this certificate from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(key.certificate, key.key)
        self._context = context

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._passed_on, args=(line,), daemon=True).start()

    def _passed_on(self, line: socket.socket) -> None:
        try:
            caller = self._context.wrap_socket(line, server_side=True)
            server = socket.create_connection(("127.0.0.1", self._port), 5)
        except OSError:
            line.close()  # the caller did not like the certificate
            return
        with self._lock:
            self._open += [caller, server]
        threading.Thread(target=self._copied, args=(server, caller, False), daemon=True).start()
        self._copied(caller, server, True)

    def _copied(self, source: socket.socket, target: socket.socket, heard: bool) -> None:
        try:
            while data := source.recv(65_536):
                if heard:
                    self.heard += data
                target.sendall(data)
        except OSError:
            return  # one side has gone
        finally:
            for end in (source, target):
                end.close()
