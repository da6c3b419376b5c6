"""Who pays, in WeChat's own browser: web authorization with scope `snsapi_base`, which shows the customer nothing.

Facts: developers.weixin.qq.com, "网页授权". The code serves once, for five minutes. The answer carries no
signature: TLS is what speaks for it, and a wrong openid costs nothing but a refused order.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from agent.core.errors import Refused, TryLater, UnknownOutcome
from sync.platforms.payer import checked_code
from sync.platforms.wechat.settings import WechatMerchant
from sync.session import HttpSession

AUTHORIZE_HOST = "https://open.weixin.qq.com"
SNS_HOST = "https://api.weixin.qq.com"
_OPENID = re.compile(r"[0-9A-Za-z_-]{8,128}")
_BUSY = -1


class WechatPayers:
    """Asks for one merchant's application. Several threads may use it."""

    code_field = "code"

    def __init__(self, merchant: WechatMerchant, app_secret: str) -> None:
        self._merchant = merchant
        self._app_secret = app_secret
        self._session = HttpSession(merchant.sns_url or SNS_HOST, read_timeout_s=merchant.read_timeout_s)

    def redirect_url(self, back_url: str, state: str) -> str:
        """Return WeChat's address; the order of its parameters is fixed, and so is the end."""
        host = self._merchant.authorize_url or AUTHORIZE_HOST
        back = quote(back_url, safe="")
        query = f"appid={self._merchant.appid}&redirect_uri={back}&response_type=code&scope=snsapi_base&state={state}"
        return f"{host}/connect/oauth2/authorize?{query}#wechat_redirect"

    def payer(self, code: str) -> str:
        """Return the openid of who opened the page. The code, like the secret, is shown nowhere."""
        query = urlencode(
            {
                "appid": self._merchant.appid,
                "secret": self._app_secret,
                "code": checked_code(code),
                "grant_type": "authorization_code",
            }
        )
        answer = self._session.send("GET", f"/sns/oauth2/access_token?{query}")
        fields = _fields(answer.body) if answer.status == 200 else None
        if fields is None:
            raise UnknownOutcome("platform.garbage_answer")
        if fields.get("errcode") == _BUSY:
            raise TryLater("payer.busy")
        openid = fields.get("openid")
        if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
            raise Refused("payer.code_refused")
        return openid


def _fields(body: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
