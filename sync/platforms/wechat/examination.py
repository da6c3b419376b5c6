"""Examining a merchant of WeChat Pay: v3's key, certificate number and trust, the APIv3 key, V2's key."""

from agent.core.errors import UnknownOutcome
from sync.platforms.examination import Examined, asked
from sync.platforms.situations import Meaning
from sync.platforms.wechat import refusals
from sync.platforms.wechat.channel import Channel, Reply
from sync.platforms.wechat.errors import situation

_SECRET = "platform.secret_refused"


def examine(channel: Channel, query_target: str, who_v2: dict[str, str], out_trade_no: str) -> list[Examined]:
    """Ask about an order that cannot exist, over each protocol that the merchant uses."""
    found = [asked("query", lambda: _code(channel.v3("GET", query_target)))]
    if found[0].code is None:
        found.append(asked("certificates", lambda: _certificates(channel)))
    if channel.merchant.api_v2_key is not None:
        fields = {**who_v2, "out_trade_no": out_trade_no}
        found.append(_v2(asked("query over V2", lambda: _code(channel.v2("/pay/orderquery", fields)))))
    if "v2" in (channel.merchant.code_pay, channel.merchant.refunds) and _needs_certificate(channel):
        values = {"setting": "certificate_file, private_key_file"}
        found.append(Examined("client certificate", "platform.setting_missing", values))
    return found


def _code(reply: Reply) -> str | None:
    """Return what an answer about an order that cannot exist means; its not being there is well."""
    if reply.code == "SIGN_ERROR":
        return refusals.of_v3(str(reply.fields.get("message", "")))
    listed = situation(reply.code)
    if listed is not None and listed.meaning is Meaning.NOT_FOUND:
        return None
    return reply.code or "platform.answer_of_another"


def _certificates(channel: Channel) -> str | None:
    """Open the list of platform certificates with the APIv3 key; a merchant without such a list is well."""
    reply = channel.v3("GET", "/v3/certificates")
    if reply.code is not None:
        return None if reply.code == "RESOURCE_NOT_EXISTS" else reply.code
    if not channel.trust.learn_rows(reply.fields):
        raise UnknownOutcome(_SECRET, setting="api_v3_key")
    return None


def _v2(found: Examined) -> Examined:
    """Name the key: V2 has no other secret."""
    if found.code == "platform.signature_refused":
        return Examined(found.call, _SECRET, {"setting": "api_v2_key"})
    return found


def _needs_certificate(channel: Channel) -> bool:
    return channel.merchant.url.startswith("https:") and channel.merchant.client_certificate is None
