"""Fifty secrets and personal data planted wherever a box keeps anything; none is in a bundle, in any writing.

The box is a real state folder and the bundle is made by the command, in a process of its own whose environment is
planted, too.
"""

import base64
import gzip
import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.box import begin_journal
from agent.daemon.clock import SystemClock
from agent.disk import write_private
from agent.store import views
from agent.store.answers import keep_answer
from agent.store.connection import JOURNAL_FILE
from agent.store.drafts import save_draft
from agent.store.kept_bills import KeptBills
from agent.store.spool import enqueue
from agent.store.unit import Unit
from agent.store.writer import Writer
from sync.enrol import device_key, enrol_alone
from tests.bundles import found_in
from tests.integration.running import storebox

PLANTED: dict[str, str] = {
    # keys and passwords
    "merchant private key": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
    "merchant api v3 key": "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "merchant api v2 key": "Zk7QpX2mVn4RtY8wLs6HbJ3cFd5Ga1Ne",
    "merchant auth token": "202011BBf7e3d5c9a1b24e6f8d0c2a4b6e8f0d9c",
    "merchant key in a file": "MIICXgIBAAKBgQDCFENGw33yGihy92pDjZQhl0C36rPJj3",
    "pepper": "pepper-of-pins-7c1e9a",
    "payer key": "payer-key-55d20b7e8f",
    "password in the environment": "hunter2-Correct-Horse",
    "token in the environment": "enrol-6f1d2c3b4a59687706",
    "database url": "db-user:sw0rdfish-9911",
    "proxy password": "proxy-Pa55-2291",
    "password of a device url": "netprinter:geheim-3307",
    "query of a device url": "token-of-printer-8812",
    "userinfo of headquarters": "hqadmin:hq-secret-4471",
    "query of headquarters": "access-0f1e2d3c4b5a",
    "wifi password": "kaixin-wifi-66778899",
    "unknown key of the settings": "sk_live_4eC39HqLyjWDarjtT1",
    # sessions and people
    "session token hash": "a7c4e1f09b2d8365" * 4,
    "api key hash": "1f2e3d4c5b6a7988" * 4,
    "api key name": "meituan-till-key-771",
    "pin hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
    "badge hash": "badge-b6a79885c4d3e2f1",
    "cashiers name": "王小明掌柜",
    "managers name": "Ouyang Zhenhua",
    "staff number": "EMP-77104455",
    "session cookie": "storebox_S001=c0ffee5e55104-aa",
    "csrf token": "csrf-9e8d7c6b5a",
    # customers
    "telephone": "13812345678",
    "telephone in a journal": "15900001234",
    "landline": "0571-88886666",
    "members name": "赵钱孙李女士",
    "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    "unionid": "o6_bmasdasdsad6_2sgVt7hMZOPfL",
    "alipay user": "2088102116773037",
    "e-mail": "li.lei+shop@example.cn",
    "address": "杭州市西湖区文三路998号7幢",
    "identity number": "330106199001011234",
    "payment code": "134567890123456789",
    "payment code of alipay": "285512345678901234",
    "card number": "6222021234567890123",
    "member number": "M-20261127-0042",
    "delivery note": "放门口密码3691",
    # where it hides
    "kind of an entry": "hunter.wintersecret",
    "text of a log": "Schneewittchen im Protokoll",
    "exceptions message": "cannot greet Frau Holle",
    "name of a function in a traceback": "greet_rumpelstilzchen",
    "foreign path in a traceback": "/home/rapunzel/plugin.py",
    "bills line": "4200001234202611279876543210",
    "bills merchant": "1900009191-merchant",
    "setup report": "SN-PRINTER-GOLDMARIE-1",
    "name of a usb device": "Dornroeschens iPhone",
    "stores telephone": "400-8200-1234",
    "stores address": "上海市南京西路1266号B1",
}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box whose state folder holds every planted text."""
    folder = tmp_path_factory.mktemp("planted") / "state"
    enrolment = enrol_alone(folder, "S001", "B1")
    begin_journal(folder, enrolment, SystemClock())
    _plant_files(folder)
    writer = Writer(folder / JOURNAL_FILE, views=views, clock=SystemClock(), signer=device_key(folder, enrolment))
    try:
        writer.run(_plant_rows)
    finally:
        writer.close()
    return folder


def _plant_files(folder: Path) -> None:
    p = PLANTED
    write_private(folder / "keys" / "pepper", p["pepper"].encode())
    write_private(folder / "keys" / "payer", p["payer key"].encode())
    merchants = folder / "platforms"
    wechat = {
        "private_key": f"-----BEGIN PRIVATE KEY-----\n{p['merchant private key']}\n-----END PRIVATE KEY-----",
        "api_v3_key": p["merchant api v3 key"],
        "api_v2_key": p["merchant api v2 key"],
    }
    write_private(merchants / "wechat.json", json.dumps(wechat).encode())
    alipay = f'app_auth_token = "{p["merchant auth token"]}"\nprivate_key_file = "alipay-key.pem"\n'
    write_private(merchants / "alipay.toml", alipay.encode())
    write_private(merchants / "alipay-key.pem", p["merchant key in a file"].encode())
    printer = f"tcp:{p['password of a device url']}@192.168.1.50:9100?key={p['query of a device url']}"
    headquarters = f"https://{p['userinfo of headquarters']}@hq.example.cn/?token={p['query of headquarters']}"
    (folder / "storebox.toml").write_text(
        f'[store]\nphone = "{p["stores telephone"]}"\naddress = "{p["stores address"]}"\n'
        f'name = "{p["managers name"]}"\n[hq]\nurl = "{headquarters}"\n[[till]]\nprinter = "{printer}"\n'
        f'label = "{p["cashiers name"]}"\n',
        encoding="utf-8",
    )
    setup = folder / "setup"
    setup.mkdir()
    report = {"at_ms": int(time.time() * 1000), "printers": [p["setup report"]], "wifi": p["wifi password"]}
    (setup / "report.json").write_text(json.dumps(report), encoding="utf-8")
    KeptBills(folder).keep(f"{p['bills line']},{p['bills merchant']},{p['openid']}\n".encode())
    (folder / "bills-copy.csv.gz").write_bytes(gzip.compress(p["bills line"].encode()))


def _plant_rows(unit: Unit) -> None:
    p, connection = PLANTED, unit.connection
    person = {"name": p["members name"], "phone": p["telephone in a journal"], "openid": p["openid"]}
    unit.append("member.joined", {**person, "unionid": p["unionid"], "identity": p["identity number"]})
    unit.append(p["kind of an entry"], {"user": p["alipay user"], "card": p["card number"]})
    unit.append("points.changed", {"member": p["member number"], "mail": p["e-mail"], "code": p["payment code"]})
    slip = {"title": p["members name"], "blocks": [{"kind": "text", "text": f"{p['address']} {p['telephone']}"}]}
    enqueue(unit, slip="S1", printer="receipt1", sale=None, kind="receipt", document=slip, copy=0)
    save_draft(unit, till="1", sale="S001-1-000001", state="open", body={"note": p["delivery note"]})
    keep_answer(connection, p["session cookie"], "f", {"code": p["payment code of alipay"]}, unit.now_ms, None)
    connection.execute(
        "INSERT INTO staff(id, name, role, pin_hash, badge_hash, changed_ms) VALUES(?,?,?,?,?,?)",
        (p["staff number"], p["cashiers name"], "cashier", p["pin hash"], p["badge hash"], unit.now_ms),
    )
    connection.execute(
        "INSERT INTO session(token_hash, staff, till, created_ms, expires_ms) VALUES(?,?,?,?,?)",
        (p["session token hash"], p["staff number"], "1", unit.now_ms, unit.now_ms),
    )
    connection.execute(
        "INSERT INTO api_key(id, name, hash, role, till, created_ms) VALUES(?,?,?,?,?,?)",
        ("k1", p["api key name"], p["api key hash"], "cashier", "1", unit.now_ms),
    )
    connection.execute(
        "INSERT INTO document(kind, version, body, sha256, received_ms) VALUES(?,?,?,?,?)",
        ("staff", 1, f"name = {p['managers name']} {p['telephone']}", "0" * 64, unit.now_ms),
    )


def _log(folder: Path) -> Path:
    p = PLANTED
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "Z"
    traceback = (
        "Traceback (most recent call last):\n"
        f'  File "{p["foreign path in a traceback"]}", line 3, in {p["name of a function in a traceback"]}\n'
        '  File "/opt/storebox/lib/python3.11/site-packages/agent/store/writer.py", line 98, in _serve\n'
        f"ValueError: {p['exceptions message']}\n{p['password in the environment']}Error: x\n"
    )
    lines = [
        {"at": at, "level": "error", "event": f"{p['text of a log']} hq.busy {p['landline']}", "exception": traceback},
        {"at": at, "level": "info", "event": "login", "cookie": p["session cookie"], "csrf": p["csrf token"]},
        {"at": at, "level": p["telephone"], "event": p["payment code"], "source": f"agent/{p['csrf token']}.py:1"},
        {
            "at": p["e-mail"],
            "level": "info",
            "status": 13812345678,
            "ms": int(p["payment code"]),
            "url": p["proxy password"],
        },
    ]
    path = folder / "log.jsonl"
    path.write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines) + p["wifi password"] + "\n",
        encoding="utf-8",
    )
    return path


def bundle_of(state: Path, folder: Path, *more: str, environment: Mapping[str, str] | None = None) -> bytes:
    """Have the command make a bundle, and return its bytes."""
    target = folder / "bundle.zip"
    planted = {
        "STOREBOX_PIN": PLANTED["password in the environment"],
        "STOREBOX_ENROL_TOKEN": PLANTED["token in the environment"],
        "STOREBOX_HQ_DATABASE": f"postgresql://{PLANTED['database url']}@db/hq",
        "https_proxy": f"http://user:{PLANTED['proxy password']}@proxy:3128",
    }
    done = storebox(
        "bundle", "--to", str(target), "--state", str(state), *more, environment={**planted, **(environment or {})}
    )
    assert done.returncode == 0, done.stderr
    assert not found_in((done.stdout + done.stderr).encode(), PLANTED)
    return target.read_bytes()


def member(data: bytes, name: str) -> Any:
    """Return a part of a bundle as data."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return json.loads(archive.read(name))


def test_nothing_planted_leaves_the_box(state: Path, tmp_path: Path) -> None:
    assert len(PLANTED) >= 50
    data = bundle_of(state, tmp_path, "--log", str(_log(tmp_path)))
    own_key = [line for line in (state / "keys" / "device-1.key").read_text().splitlines() if "-----" not in line]
    assert not found_in(data, {**PLANTED, "device key": own_key[0]})
    # It says what it may all the same: else leaving everything out would pass.
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        lines = [json.loads(line) for line in archive.read("logs.jsonl").splitlines()]
    assert lines[0]["codes"] == ["hq.busy"]
    assert lines[0]["raised"] == ["ValueError"]
    assert lines[0]["places"] == ["agent/store/writer.py:98"]
    assert member(data, "journal.json")["kinds"]["other"] >= 1
    assert member(data, "journal.json")["chain"]["good"]
    assert member(data, "settings.json")["settings"]["headquarters"] == {"scheme": "https"}


def test_settings_that_are_wrong_are_told_of_by_code_alone(state: Path, tmp_path: Path) -> None:
    settings = tmp_path / "wrong.toml"
    secret = PLANTED["unknown key of the settings"]
    password = PLANTED["wifi password"]
    settings.write_text(f'{secret} = "{password}"\n', encoding="utf-8")
    data = bundle_of(state, tmp_path, "--quick", environment={"STOREBOX_CONFIG": str(settings)})
    assert member(data, "settings.json")["problems"] == [{"code": "config.unknown_key"}]
    assert not found_in(data, PLANTED)


def test_the_search_finds_what_is_there() -> None:
    text = PLANTED["address"]
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part", b"xx" + gzip.compress(text.encode()) + b"yy")
    hidden = {
        "plain": text.encode(),
        "gbk": text.encode("gb18030"),
        "utf-16": text.encode("utf-16"),
        "base64": base64.b64encode(b"abcd" + text.encode() + b"z"),
        "hex": b"00" + text.encode().hex().upper().encode(),
        "json": json.dumps({"a": text}).encode(),
        "gzip": b"head" + gzip.compress(text.encode()),
        "gzip in base64": b"=" + base64.b64encode(gzip.compress(text.encode())) + b"=",
        "zip": inner.getvalue(),
    }
    missed = [way for way, data in hidden.items() if "address" not in found_in(data, {"address": text})]
    assert not missed
    assert not found_in(b"nothing of it", {"address": text})
