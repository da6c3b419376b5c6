"""What is sent for an alarm: our JSON, signed as Standard Webhooks has it, or a line for a chat robot.

Signature: `webhook-signature: v1,BASE64(HMAC-SHA256(secret, "{webhook-id}.{webhook-timestamp}.{body}"))`, secret
`whsec_BASE64` (github.com/standard-webhooks/standard-webhooks, spec 1.0). Robots of WeCom and DingTalk take
`{"msgtype":"text","text":{"content":…}}` and say with HTTP 200 and `errcode` whether they took it
(developer.work.weixin.qq.com/document/path/91770, open.dingtalk.com "custom robot").
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

from agent.core.money import yuan
from agent.core.sentences import sentence_for
from sync.hq.webhooks.alarms import Told

SECRET_PREFIX = "whsec_"
SECRET_BYTES = 32
ROBOT_ALARMS_MAX = 15
ROBOT_BYTES_MAX = 2000
"""Of one message: a robot takes 2 kB of text and twenty messages a minute."""


class Form(StrEnum):
    """What an endpoint understands."""

    SIGNED = "signed"
    ROBOT = "robot"
    """A group's robot in WeCom or DingTalk."""


def secret_of(random_bytes: bytes) -> str:
    """Return a secret as it is written."""
    return SECRET_PREFIX + base64.b64encode(random_bytes).decode()


def held(form: Form, alarms: Sequence[Told], names: Mapping[str, str]) -> int:
    """Return how many of some alarms, from the first on, one message holds whole; at least one."""
    if form is not Form.ROBOT:
        return 1
    size = 0
    for count, alarm in enumerate(alarms[:ROBOT_ALARMS_MAX]):
        size += len(line(alarm, names).encode()) + 1
        if count and size - 1 > ROBOT_BYTES_MAX:
            return count
    return min(len(alarms), ROBOT_ALARMS_MAX)


def message(form: Form, alarms: Sequence[Told], names: Mapping[str, str]) -> bytes:
    """Return the body for as many alarms as one message holds; `names` are what stores are called."""
    if form is Form.ROBOT:
        text = "\n".join(line(alarm, names) for alarm in alarms)
        content = text.encode()[:ROBOT_BYTES_MAX].decode(errors="ignore")
        return json.dumps({"msgtype": "text", "text": {"content": content}}, ensure_ascii=False).encode()
    return json.dumps(document(alarms[0], names), ensure_ascii=False, separators=(",", ":")).encode()


def document(alarm: Told, names: Mapping[str, str]) -> dict[str, object]:
    """Return an alarm as JSON, for programs and for people."""
    said = sentence_for(alarm.kind, alarm.values)
    return {
        "id": alarm.identifier,
        "type": alarm.kind.value,
        "at_ms": alarm.at_ms,
        "store": alarm.store,
        "store_name": names.get(alarm.store, alarm.store),
        "subject": alarm.subject,
        "values": dict(alarm.values),
        "zh": {"title": said.zh_title, "detail": said.zh_detail, "remedy": said.zh_remedy},
        "en": {"title": said.en_title, "detail": said.en_detail, "remedy": said.en_remedy},
    }


def line(alarm: Told, names: Mapping[str, str], chinese: bool = True) -> str:
    """Return an alarm as one line: what, where, when, how much, what to do."""
    said = sentence_for(alarm.kind, alarm.values)
    title, detail = (said.zh_title, said.zh_detail) if chinese else (said.en_title, said.en_detail)
    place = f"{names.get(alarm.store, alarm.store)} {alarm.store}"
    parts = [
        place if alarm.store in names else alarm.store,
        *(str(alarm.values[name]) for name in ("day", "box") if alarm.values.get(name)),
        *(f"#{alarm.values[name]}" for name in ("seq",) if alarm.values.get(name) is not None),
        *(f"¥{yuan(amount)}" for amount in [alarm.values.get("amount_fen")] if isinstance(amount, int)),
    ]
    return f"【{title}】{' · '.join(parts)} {detail}" if chinese else f"{title}: {' · '.join(parts)}. {detail}"


def signed_headers(secret: str, identifier: str, at_s: int, body: bytes) -> dict[str, str]:
    """Return the headers that let a receiver check who sent a body, and when."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.new(key, f"{identifier}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "storebox-hq",
        "webhook-id": identifier,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def is_taken(form: Form, status: int, body: bytes) -> bool:
    """Tell whether an answer means that the message was taken."""
    if not 200 <= status < 300:
        return False
    if form is Form.SIGNED:
        return True
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("errcode") == 0
