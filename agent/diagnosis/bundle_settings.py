"""The settings in a bundle: choices and numbers; of addresses only how they are reached, of texts only whether."""

import re
from pathlib import Path
from typing import Any

from agent.diagnosis import closed
from agent.settings import Settings, locate, read, shipped

_SCHEMES = ("serial", "usb", "tcp", "file", "hid", "replay", "http", "https")
_USB_ID = re.compile(r"usb:([0-9a-f]{4}:[0-9a-f]{4})(?:[?@].*)?")
_BAUD = re.compile(r"[?&]baud=(\d{3,6})(?:&|$)")


def settings_told(settings: Settings) -> dict[str, Any]:
    """Return what may be told of the settings in force."""
    profiles = {path.stem for path in shipped("devices").glob("*.toml")}
    return {
        "language": settings.language,
        "timezone": closed.word(settings.timezone, ("Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "UTC")),
        "day_starts": settings.day_starts,
        "custody": settings.payments.custody,
        "abandoned": settings.payments.abandoned,
        "platforms": [name for name in settings.payments.platforms if name in ("wechat", "alipay")],
        "pay_addresses": [_reached(url) for url in settings.payments.pay_urls],
        "pay_page": _reached(settings.payments.page),
        "headquarters": _reached(settings.hq.url),
        "web_port": settings.web.port,
        "web_open": settings.web.host not in ("127.0.0.1", "::1", "localhost"),
        "allowed_hosts": len(settings.web.allowed_hosts),
        "receipts": settings.printing.receipts,
        "drawer_open_s": settings.printing.drawer_open_s,
        "cash_rounding": settings.store.cash_rounding,
        "one_touch": settings.store.one_touch,
        "logo": bool(settings.store.logo),
        "tills": [
            {
                "printer": _reached(till.printer),
                "profile": closed.word(till.profile, profiles),
                "deputy": bool(till.deputy),
                "scanner": _reached(till.scanner),
                "scanner_model": till.scanner_model,
                "display": _reached(till.display),
                "display_charset": till.display_charset,
                "scale": _reached(till.scale),
                "scale_protocol": till.scale_protocol,
            }
            for till in settings.tills
        ],
        "printers": [
            {"printer": _reached(one.url), "profile": closed.word(one.profile, profiles)} for one in settings.printers
        ],
        "routes": [{"slip": one.slip, "departments": len(one.departments)} for one in settings.routes],
    }


def problems_told(state: Path) -> list[dict[str, Any]]:
    """Return the codes of what is wrong with the file in force; keys and values of it may be anything."""
    path = locate(state)
    if path is None:
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return [{"code": "config.unreadable"}]
    return [{"code": closed.code(problem.code)} for problem in read(text)[1]]


def _reached(url: str) -> dict[str, Any] | None:
    """Return how an address is reached: scheme, USB numbers, speed. Hosts, paths, user names and queries stay here."""
    if not url:
        return None
    found: dict[str, Any] = {"scheme": closed.word(url.partition(":")[0], _SCHEMES) or "other"}
    if match := _USB_ID.fullmatch(url):
        found["usb"] = match[1]
    if match := _BAUD.search(url):
        found["baud"] = int(match[1])
    return found
