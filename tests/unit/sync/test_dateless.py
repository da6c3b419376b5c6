"""The first contact: a certificate's dates are not asked, its authority and name are; and the way through a proxy."""

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from agent.core.errors import TryLater
from sync.dateless import DatelessAdapter
from sync.session import PROXY_VARIABLE, HttpSession, proxies_for


class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers everything with ok."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def expired_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate that was good years ago, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    then = datetime.datetime(2016, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(then)
        .not_valid_after(then + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_path, key_path


@pytest.fixture(params=["localhost", "other.example"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """A server with an expired certificate for a name; gives the name, its URL and the certificate."""
    certificate, key = expired_certificate(tmp_path, request.param)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield request.param, f"https://localhost:{server.server_address[1]}", certificate
    server.shutdown()
    server.server_close()


def test_an_expired_certificate_of_the_right_name_is_taken_at_first_contact(served: tuple[str, str, Path]) -> None:
    name, url, certificate = served
    usual = HttpSession(url, certificates=str(certificate))
    first = HttpSession(url, certificates=str(certificate), adapter=DatelessAdapter())
    with pytest.raises(TryLater, match=r"network\.certificate"):
        usual.send("GET", "/")
    if name == "localhost":
        assert first.send("GET", "/").body == b"ok"
    else:
        with pytest.raises(TryLater, match=r"network\.certificate"):
            first.send("GET", "/")


def test_an_unknown_authority_is_refused_at_first_contact_too(served: tuple[str, str, Path]) -> None:
    with pytest.raises(TryLater, match=r"network\.certificate"):
        HttpSession(served[1], adapter=DatelessAdapter()).send("GET", "/")


def test_everything_but_this_machine_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROXY_VARIABLE, raising=False)
    assert proxies_for("hq.example.com") == {}
    monkeypatch.setenv(PROXY_VARIABLE, "proxy.lan:3128")
    assert proxies_for("hq.example.com")["https"] == "http://proxy.lan:3128"
    assert proxies_for("127.0.0.1") == proxies_for("localhost") == proxies_for("::1") == {}
