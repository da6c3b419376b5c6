"""The simulated platforms over https, asking who connects: V2's `/secapi/` demands the merchant's certificate.

Every connection is asked for a certificate of the simulator's authority and may have none; which one it showed stands
in each request's state, and the desk that needs it looks there.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from agent.disk import write_private
from sync.serving import AnnouncingServer
from sync.simulator.accounts import Accounts

STATE_KEY = "client_certificate"
ROOT_FILE = "root.pem"
"""What a client must trust to reach the simulator over https (`authorities_file`)."""


class KnowingProtocol(H11Protocol):
    """HTTP/1.1 that tells each request which certificate its connection showed, DER; None without one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look at who connects."""
        super().connection_made(transport)
        line: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        shown = None if line is None else line.getpeercert(binary_form=True)
        self.app_state: dict[str, Any] = {**self.app_state, STATE_KEY: shown}


def secure(server: AnnouncingServer, accounts: Accounts, state: Path) -> Path:
    """Have a server speak https on loopback and ask for certificates; returns the file of the authority to trust."""
    key, certificate = accounts.for_server()
    folder = state / "tls"
    root, key_file, certificate_file = folder / ROOT_FILE, folder / "server.key", folder / "server.pem"
    for file, text in ((root, accounts.keys.root_certificate), (key_file, key), (certificate_file, certificate)):
        write_private(file, text.encode())
    config = server.config
    config.http = KnowingProtocol
    config.ssl_keyfile, config.ssl_certfile, config.ssl_ca_certs = str(key_file), str(certificate_file), str(root)
    config.ssl_cert_reqs = ssl.CERT_OPTIONAL
    return root
