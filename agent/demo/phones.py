"""The telephones of the demo's customers: who there is, and a fresh payment code to hold before a scanner."""

import json
from typing import Any
from urllib.parse import quote

from agent.core.errors import StoreboxError

ANSWER_WITHIN_S = 3.0
PLATFORMS = ("wechat", "alipay")


def customers(url: str) -> list[dict[str, Any]]:
    """Return the simulator's customers, `{customer, name, name_en}`; none while it does not answer."""
    found = _asked(url, "/sim/customers")
    rows = found if isinstance(found, list) else []
    return [{"customer": one["id"], "name": one["name"], "name_en": one["name_en"]} for one in rows]


def fresh_code(url: str, customer: str, platform: str) -> str | None:
    """Return a customer's payment code, good for a minute and once; None without such a customer, or an answer."""
    if platform not in PLATFORMS:
        return None
    found = _asked(url, f"/sim/customers/{quote(customer, safe='')}/code?platform={platform}")
    code = found.get("code") if isinstance(found, dict) else None
    return code if isinstance(code, str) else None


def _asked(url: str, target: str) -> Any:
    from sync.session import HttpSession

    session = HttpSession(url, connect_timeout_s=ANSWER_WITHIN_S, read_timeout_s=ANSWER_WITHIN_S)
    try:
        answer = session.send("GET", target)
        return json.loads(answer.body) if answer.status == 200 else None
    except (StoreboxError, ValueError):
        return None
    finally:
        session.close()
