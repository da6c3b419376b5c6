"""TLS for a box whose clock may be years off: authorities and host name are checked, the certificate's dates are not.

Only for the first contact, where the clock is still to be learned and the enrolment code's root key proves the answer.
"""

import ssl
from typing import Any

from requests.adapters import HTTPAdapter

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL (x509_vfy.h); Python has no name for it."""


class DatelessAdapter(HTTPAdapter):
    """Connections that do not ask when a certificate is valid."""

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        """Make the pools with a context of our own; requests gives it the authorities."""
        super().init_poolmanager(*args, ssl_context=dateless_context(), **settings)

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        """Make the pools of a way through a proxy, with the same context."""
        return super().proxy_manager_for(proxy, ssl_context=dateless_context(), **settings)


def dateless_context() -> ssl.SSLContext:
    """Return a context that checks all but the dates."""
    context = ssl.create_default_context()
    context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return context
