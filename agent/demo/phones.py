"""The telephones of the demo's customers: who there is, and what each holds before a scanner.

A fresh payment code, or the proof that headquarters' pay page shows there; telephones have a network of their own.
"""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import quote

from agent.core.errors import StoreboxError
from agent.demo.reading import read_code

ANSWER_WITHIN_S = 3.0
PLATFORMS = ("wechat", "alipay")


def customers(url: str) -> list[dict[str, Any]]:
    """Return the simulator's customers, `{customer, name, name_en, page}`; none while it does not answer.

    `page` is the address of that customer's telephone, where passwords are typed.
    """
    found = _asked(url, "/sim/customers")
    rows = found if isinstance(found, list) else []
    return [
        {
            "customer": one["id"],
            "name": one["name"],
            "name_en": one["name_en"],
            "page": f"{url}/phone?customer={quote(one['id'], safe='')}",
        }
        for one in rows
    ]


def fresh_code(url: str, customer: str, platform: str) -> str | None:
    """Return a customer's payment code, good for a minute and once; None without such a customer, or an answer."""
    if platform not in PLATFORMS:
        return None
    found = _asked(url, f"/sim/customers/{quote(customer, safe='')}/code?platform={platform}")
    code = found.get("code") if isinstance(found, dict) else None
    return code if isinstance(code, str) else None


def proof(pay_url: str, address: str) -> str | None:
    """Return the code that the pay page at an address shows, read off its picture; None when it shows none.

    Only pages of `pay_url` are opened. Refuses like `agent.demo.reading.read_code`.
    """
    host, _, token = address.rpartition("/O/")
    if host.upper() != pay_url.upper() or not token.isalnum() or not token.isascii():
        return None
    shown = _asked(pay_url, f"/O/{token}/state")
    picture = (shown.get("proof") or {}).get("png") if isinstance(shown, dict) else None
    return read_code(b64decode(picture.partition(",")[2])) if isinstance(picture, str) else None


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
