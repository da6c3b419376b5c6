"""What trust costs: signing one call to a payment platform and checking its answer, in processor time."""

import json
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from agent.bench.figures import Round, middle
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from sync.platforms.alipay import sign as alipay
from sync.platforms.wechat import sign as wechat

BAR = Bar("value", "<", 3)
CALLS, QUICK_CALLS = 200, 5
MILLI = 1000
_NODE = "alipay_trade_query_response"

Act = Callable[[], object]


def measure(plan: Plan) -> list[Row]:
    """Measure both platforms against a bare signature and a bare check with the same key."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    acts = {"WeChat Pay v3": _wechat(key), "Alipay": _alipay(key)}
    rounds: dict[str, list[Round]] = {name: [] for name in acts}
    bare, calls = _bare(key), plan.count(CALLS, QUICK_CALLS)
    with plan.progress("platform calls", plan.rounds * len(acts)) as advance:
        for _ in range(plan.rounds):
            for name, act in acts.items():
                rounds[name].append(Round(_processor_s(act, calls), _processor_s(bare, calls)))
                advance()
    title = "signing a call and checking its answer, processor time, against bare RSA"
    return [Row.of_round(f"{name}: {title}", middle(found), "ms", BAR, MILLI) for name, found in rounds.items()]


def _processor_s(act: Act, times: int) -> float:
    began_s = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began_s) / times


def _bare(key: RSAPrivateKey) -> Act:
    public, message = key.public_key(), bytes(32)

    def act() -> None:
        public.verify(key.sign(message, PKCS1v15(), SHA256()), message, PKCS1v15(), SHA256())

    return act


def _wechat(key: RSAPrivateKey) -> Act:
    order = {"out_trade_no": "S001_1_000001_A1ABCD", "trade_state": "SUCCESS", "amount": {"total": 1280}}
    answer, nonce, now_s = json.dumps(order).encode() * 4, "n" * 32, 1_791_000_000
    signature = wechat.rsa_signature(key, wechat.answer_message(str(now_s), nonce, answer).decode())
    target = "/v3/pay/transactions/out-trade-no/S001_1_000001_A1ABCD?mchid=1900000001"
    public = key.public_key()

    def act() -> None:
        message = wechat.request_message("GET", target, now_s, nonce, b"")
        wechat.authorization("1900000001", "A" * 40, wechat.rsa_signature(key, message), now_s, nonce)
        if not wechat.rsa_verified(public, wechat.answer_message(str(now_s), nonce, answer), signature):
            raise RuntimeError("a true signature was not believed")

    return act


def _alipay(key: RSAPrivateKey) -> Act:
    content = {
        "out_trade_no": "S001_1_000001_A1ABCD",
        "total_amount": "12.80",
        "subject": "湘味小馆",
        "items": ["x"] * 40,
    }
    node = json.dumps({"code": "10000", **content}, ensure_ascii=False)
    body = f'{{"{_NODE}":{node},"sign":"{alipay.rsa_signature(key, node.encode())}"}}'
    parameters = {"app_id": "2021000000000001", "method": "alipay.trade.pay", "biz_content": json.dumps(content)}
    public = key.public_key()

    def act() -> None:
        alipay.rsa_signature(key, alipay.joined(parameters))
        document = json.loads(body)
        if not alipay.rsa_verified(public, (alipay.node_of(body, _NODE) or "").encode(), document["sign"]):
            raise RuntimeError("a true signature was not believed")

    return act
