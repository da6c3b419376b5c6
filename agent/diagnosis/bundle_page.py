"""The first page of a bundle, for a person: what box, how it is, what is inside; and the same in short for a printer.

Sentences come from the product's own tables by code; nothing of the shop's data stands here. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from agent.core.chain import Identity
from agent.core.receipt_parts import Document, Translate, both, centred, document, pair, qr, rule, text
from agent.core.sentences import sentence_for

PARTS: Mapping[str, tuple[str, str]] = {
    "versions.json": ("各部分的版本", "releases of everything"),
    "settings.json": ("设置里的选项,没有地址和名字", "choices of the settings, no addresses or names"),
    "units.json": ("系统服务的状态", "how the system's units stand"),
    "security.json": ("服务的权限", "how the unit is locked in"),
    "usb.json": ("USB 设备", "USB devices"),
    "logs.jsonl": ("最近两小时的日志:时间、程序行、代码,没有文字", "logs of two hours: time, line, code; no texts"),
    "metrics.json": ("运行指标", "figures of the running box"),
    "selftests.json": ("开机自检和夜里核账", "self-tests and the nightly verification"),
    "journal.json": ("账本:条数、核对结果,没有内容", "the journal: counts and verification, no content"),
    "findings.json": ("逐项检查的结果", "what the examinations found"),
}
"""Each part with what it holds."""
_STATES = {"ok": ("正常", "ok"), "degraded": ("注意", "degraded"), "fail": ("不行", "FAIL")}


@dataclass(frozen=True, slots=True)
class Told:
    """What an examination found, as a bundle tells it: by name, state and code."""

    name: str
    state: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands on the first page."""

    identity: Identity
    made_at_ms: int
    version: str
    findings: tuple[Told, ...]
    journal: Mapping[str, Any]
    log_lines: int
    log_bad: int

    @property
    def bad(self) -> Sequence[Told]:
        """Return what is not well, the worst first."""
        order = {"fail": 0, "degraded": 1}
        return sorted((one for one in self.findings if one.state in order), key=lambda one: order[one.state])


def first_page(summary: Summary, zone: tzinfo) -> str:
    """Return the page, Chinese above English on each line."""
    who, at = summary.identity, datetime.fromtimestamp(summary.made_at_ms / 1000, zone)
    lines = [
        "storebox 诊断包 / diagnostics bundle",
        "=" * 60,
        f"门店/盒子/纪元  store/box/epoch   {who.store} / {who.box} / {who.epoch}",
        f"版本  version                     {summary.version}",
        f"时间  made at                     {at:%Y-%m-%d %H:%M:%S %z}",
        "",
        "检查 / examinations",
        "-" * 60,
        *_examined(summary),
        "",
        "账本 / journal",
        "-" * 60,
        *_of_journal(summary.journal),
        f"两小时日志 {summary.log_lines} 行,其中警告以上 {summary.log_bad} 行",
        f"{summary.log_lines} lines of log in two hours, {summary.log_bad} of them warnings or worse",
        "",
        "里面有什么 / what is inside",
        "-" * 60,
        *(line for name, said in PARTS.items() for line in (f"{name:16} {said[0]}", f"{'':16} {said[1]}")),
        f"{'manifest.json':16} 每个文件的 SHA-256",
        f"{'':16} the SHA-256 of each file",
        "",
        "没有:钥匙、口令、付款码、电话、名字、地址、单据内容。只放列明的项,其余一律不放。",
        "Not inside: keys, passwords, payment codes, telephone numbers, names, addresses, slips, bodies of entries.",
        "Only what is listed by name may stand here; all else is left out.",
    ]
    return "\n".join(lines) + "\n"


def _examined(summary: Summary) -> list[str]:
    if not summary.findings:
        return ["没有检查 / not examined"]
    lines = []
    for one in summary.findings:
        zh, en = _STATES[one.state]
        lines.append(f"{zh} {en:9} {one.name}")
        if one.state != "ok" and one.code is not None:
            said = sentence_for(one.code)
            lines += [f"    {one.code}", f"    {said.zh_title}", f"    {said.en_title}"]
    return lines


def _of_journal(journal: Mapping[str, Any]) -> list[str]:
    if not journal:
        return ["没有账本 / there is no journal"]
    chain = journal["chain"]
    good = chain["good"] and journal["quick_check"]["good"]
    verdict = ("核对无误", "sound") if good else (f"不对:{chain['fault']}", f"NOT sound: {chain['fault']}")
    scope = ("整本", "whole") if chain["whole"] else ("末尾", "its tail")
    return [
        f"到第 {journal['last_seq']} 条,{scope[0]}{verdict[0]}",
        f"up to #{journal['last_seq']}, {scope[1]} {verdict[1]}",
    ]


def slip(summary: Summary, bundle_sha256: str, translate: Translate, zone: tzinfo, language: str) -> Document:
    """Return the page as a slip with a QR code, for a box that reaches nobody: a telephone carries it on.

    Names of examinations and codes are the product's own; the code is ASCII.
    """
    who, at = summary.identity, datetime.fromtimestamp(summary.made_at_ms / 1000, zone)
    bad = summary.bad
    version = translate("version {version}").format(version=summary.version)
    photograph = translate("Photograph this and send it to headquarters")
    blocks = [
        centred(translate("DIAGNOSIS"), "double"),
        both(f"{who.store}/{who.box}/{who.epoch}", f"{at:%Y-%m-%d %H:%M}"),
        both(version, f"#{summary.journal.get('last_seq', '-')}"),
        rule(),
        *(pair(one.name, one.code or one.state) for one in bad),
        *(() if bad else (text(translate("Nothing is wrong." if summary.findings else "Nothing was examined.")),)),
        rule(),
        qr(code_of(summary, bundle_sha256), caption=photograph, millimetres=36),
        text(translate("Not for customers")),
    ]
    return document(translate("DIAGNOSIS"), language, blocks)


def code_of(summary: Summary, bundle_sha256: str) -> str:
    """Return the text of the slip's QR code: who, when, release, last entry, chain, what is wrong, the bundle."""
    who, journal = summary.identity, summary.journal
    chain = journal.get("chain") or {}
    parts = [
        f"STOREBOX {who.store}/{who.box}/{who.epoch}",
        f"at {summary.made_at_ms}",
        f"v {summary.version}",
        f"seq {journal.get('last_seq', '-')}",
        f"head {str(chain.get('head') or '-')[:16]}",
        *(f"{one.state} {one.name} {one.code or '-'}" for one in summary.bad[:8]),
        f"bundle {bundle_sha256[:16]}",
    ]
    return "\n".join(parts)
