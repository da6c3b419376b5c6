"""A server's certificate as the box sees it: what exactly is wrong with it, by a handshake of our own."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID

from agent.diagnosis.finding import Finding, degraded, failing, well
from agent.diagnosis.targets import Target
from agent.diagnosis.way import Way

SOON = timedelta(days=14)
NOT_YET, EXPIRED = 9, 10
SELF_SIGNED, SELF_SIGNED_ROOT, NO_ISSUER, UNVERIFIED = 18, 19, 20, 21
WRONG_HOST, WRONG_IP = 62, 64
"""Results of OpenSSL's verification, x509_vfy.h."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in a certificate, as far as a person needs it."""

    names: str
    issuer: str
    begins: datetime
    ends: datetime


def examine_certificate(
    way: Way, trusted: str | None, within_s: float, now: datetime, pins: frozenset[str] = frozenset()
) -> Finding:
    """Return what the handshake with a server shows; raises OSError when no connection comes about.

    `pins` are the keys that this server may show, of headquarters'; then its key alone counts, as in `sync.pinning`.
    """
    target = way.target
    if pins:
        return _examine_pinned(way, pins, within_s)
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    context = ssl.create_default_context(cafile=trusted or DEFAULT_CA_BUNDLE_PATH)
    name = f"tls {target.host}"
    try:
        with way.connected(within_s) as line, context.wrap_socket(line, server_hostname=target.host) as tls:
            seen = seen_of(tls.getpeercert(binary_form=True) or b"")
            version = tls.version()
    except ssl.SSLCertVerificationError as error:
        return _refused(target, name, error, _shown_by(way, within_s), now)
    except ssl.SSLError as error:
        return _no_handshake(target, name, error)
    until = seen.ends.strftime("%Y-%m-%d")
    evidence = (f"{version},证书到 {until}", f"{version}, certificate until {until}")
    if seen.ends - now < SOON:
        return degraded("tls.expires_soon", name, evidence, host=target.host, day=until)
    return well(name, *evidence)


def _examine_pinned(way: Way, pins: frozenset[str], within_s: float) -> Finding:
    from sync.pinning import pin_of, trustless_context

    target = way.target
    name = f"tls {target.host}"
    try:
        with way.connected(within_s) as line, trustless_context().wrap_socket(line, server_hostname=target.host) as tls:
            shown, version = pin_of(tls.getpeercert(binary_form=True) or b""), tls.version()
    except ssl.SSLError as error:
        return _no_handshake(target, name, error)
    if shown not in pins:
        said = f"{shown[:16]}…, {len(pins)} pins"
        return failing("tls.pin_mismatch", name, (said, said), host=target.host, shown=shown[:16])
    return well(name, f"{version},钥匙在总部清单上({shown[:16]}…)", f"{version}, key listed by HQ ({shown[:16]}…)")


def seen_of(der: bytes) -> Seen:
    """Read a certificate; raises ValueError when it is none."""
    found = x509.load_der_x509_certificate(der)
    try:
        given = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*given.get_values_for_type(x509.DNSName), *map(str, given.get_values_for_type(x509.IPAddress))]
    except x509.ExtensionNotFound:
        names = []
    subject = [str(one.value) for one in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    issuer = [str(one.value) for one in found.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return Seen(
        ", ".join(names or subject)[:80] or "—",
        ", ".join(issuer)[:80] or found.issuer.rfc4514_string()[:80],
        found.not_valid_before_utc,
        found.not_valid_after_utc,
    )


def _refused(
    target: Target, name: str, error: ssl.SSLCertVerificationError, seen: Seen | None, now: datetime
) -> Finding:
    said = f"{error.verify_message} ({error.verify_code})"
    evidence = (said, said)
    host = target.host
    if seen is None:
        return failing("tls.handshake", name, evidence, host=host, reason=error.verify_message)
    if error.verify_code == EXPIRED:
        return failing("tls.expired", name, evidence, host=host, day=seen.ends.strftime("%Y-%m-%d"))
    if error.verify_code == NOT_YET:
        return failing("tls.not_yet_valid", name, evidence, host=host, day=seen.begins.strftime("%Y-%m-%d"))
    if error.verify_code in (WRONG_HOST, WRONG_IP):
        return failing("tls.wrong_name", name, evidence, host=host, names=seen.names)
    if error.verify_code == SELF_SIGNED:
        if seen.ends < now:
            return failing("tls.expired", name, evidence, host=host, day=seen.ends.strftime("%Y-%m-%d"))
        return failing("tls.self_signed", name, evidence, host=host)
    return failing("tls.unknown_root", name, evidence, host=host, issuer=seen.issuer)


def _no_handshake(target: Target, name: str, error: ssl.SSLError) -> Finding:
    reason = (error.reason or str(error))[:60].lower().replace("_", " ")
    evidence = (reason, reason)
    if "wrong version number" in reason or "http request" in reason or "record layer" in reason:
        return failing("tls.not_tls", name, evidence, host=target.address)
    return failing("tls.handshake", name, evidence, host=target.address, reason=reason)


def _shown_by(way: Way, within_s: float) -> Seen | None:
    """Return what the server shows to whoever believes everything; nothing is sent to it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with way.connected(within_s) as line, context.wrap_socket(line, server_hostname=way.target.host) as tls:
            return seen_of(tls.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):
        return None


def now_of(at_ms: int) -> datetime:
    """Return a moment as certificates write theirs."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)
