"""What `storebox doctor platform` finds: each merchant asked about an order that cannot exist, the answer explained."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from agent.cli.findings import Finding, Said, of_error
from agent.core.errors import Refused, StoreboxError, UnknownOutcome
from agent.core.ports import Entropy
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.core.payment import Platform
    from sync.platforms.examination import Examined

CALLS: Mapping[str, Said] = {
    "query": ("查单", "query"),
    "certificates": ("平台证书", "platform certificates"),
    "query over V2": ("V2 查单", "query over V2"),
    "client certificate": ("客户端证书", "client certificate"),
}


def examine_platforms(
    settings: Settings, name: str | None = None, advance: Callable[[int], None] = lambda _steps: None
) -> list[Finding]:
    """Return the findings about every merchant of this box, or about one; refuses a name that there is not.

    Nothing is paid, closed or given back: the number asked about cannot be an order.
    """
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.platforms import from_folder, through_headquarters

    entropy = SystemEntropy()
    through_hq = settings.payments.custody == "hq"
    platforms, problems = (
        through_headquarters(settings, entropy) if through_hq else from_folder(settings.state, entropy)
    )
    if name is not None and name not in platforms and not problems:
        raise Refused("platform.unknown", platform=name[:20], known=", ".join(sorted(platforms)) or "-")
    found = [of_error("settings", problem) for problem in problems]
    for one, platform in sorted(platforms.items()):
        if name in (None, one):
            found += examine_platform(one, platform, entropy)
            advance(1)
    if not found:
        said = ("没有支付平台,只收别的方式", "no payment platform; other tenders are taken")
        found.append(Finding("platforms", "ok", said))
    return found


def examine_platform(name: str, platform: "Platform", entropy: Entropy) -> list[Finding]:
    """Return one finding for each question put to a platform, whoever holds its keys."""
    from sync.platforms.examination import examined, probe_number

    began_s = time.monotonic()
    answers = examined(platform, probe_number(entropy))
    took_ms = (time.monotonic() - began_s) * 1000 / len(answers)
    return [_finding(name, one, took_ms) for one in answers]


def _finding(name: str, one: "Examined", took_ms: float) -> Finding:
    call = CALLS.get(one.call, (one.call, one.call))
    title = f"{name} {one.call}"
    if one.code is None:
        zh = f"{call[0]}:平台认得我们,回话的签名也对({took_ms:.0f} 毫秒)"
        en = f"{call[1]}: the platform knows us, and its answer is signed ({took_ms:.0f} ms)"
        return Finding(title, "ok", (zh, en))
    evidence, remedy = _explained(name, one)
    return Finding(title, "fail", (f"{call[0]}:{evidence[0]}", f"{call[1]}: {evidence[1]}"), remedy, code=one.code)


def _explained(name: str, one: "Examined") -> tuple[Said, Said]:
    """Return what a code means and what helps: a code of ours, or one of the platform's."""
    from agent.core.sentences import known_codes, sentence_of
    from sync.platforms.errors import situation

    code = one.code or ""
    listed = situation(name, code)
    if listed is not None:
        evidence = (f"{code}:{listed.zh}", f"{code}: {listed.en}")
        return evidence, (listed.remedy_zh, listed.remedy_en)
    if code in known_codes():
        said = sentence_of(_as_error(code, one.values))
        return (f"{said.zh_title}({code})", f"{said.en_title} ({code})"), (said.zh_remedy, said.en_remedy)
    said_so = (f"平台回了 {code[:60]}", f"the platform answered {code[:60]}")
    return said_so, ("按这个代码查商户平台的文档。", "Look this code up in the platform's documentation.")


def _as_error(code: str, values: Mapping[str, int | str | None]) -> StoreboxError:
    return UnknownOutcome(code, **values)
