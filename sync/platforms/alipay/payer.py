"""Who pays, on a page inside Alipay: authorization with scope `auth_base`, which shows the customer nothing.

Facts: opendocs.alipay.com, "用户授权" and `alipay.system.oauth.token`. The code serves once; newer applications get an
`open_id` where older ones get a `user_id` (2088…). The answer is signed like any other.
"""

import re
from urllib.parse import urlencode

from agent.core.errors import Refused
from sync.platforms.alipay.gateway import Gateway
from sync.platforms.payer import checked_code

AUTHORIZE_HOST = "https://openauth.alipay.com"
_WHO = re.compile(r"[0-9A-Za-z_-]{8,128}")


class AlipayPayers:
    """Asks for one merchant's application. Several threads may use it."""

    code_field = "auth_code"

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def redirect_url(self, back_url: str, state: str) -> str:
        """Return Alipay's address."""
        merchant = self._gateway.merchant
        named = {"app_id": merchant.app_id, "scope": "auth_base", "redirect_uri": back_url, "state": state}
        return f"{merchant.authorize_url or AUTHORIZE_HOST}/oauth2/publicAppAuthorize.htm?{urlencode(named)}"

    def payer(self, code: str) -> str:
        """Return the user's id, or the open id where there is no other."""
        reply = self._gateway.call_bare(
            "alipay.system.oauth.token", grant_type="authorization_code", code=checked_code(code)
        )
        who = reply.fields.get("user_id") or reply.fields.get("open_id")
        if reply.code is not None or not isinstance(who, str) or not _WHO.fullmatch(who):
            raise Refused("payer.code_refused")
        return who
