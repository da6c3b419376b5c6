"""Payment platforms: their files and bills; when asked for, each merchant asked about an order that cannot exist."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from agent.core.errors import Refused, StoreboxError, UnknownOutcome
from agent.core.ports import Entropy
from agent.diagnosis.finding import Finding, Said, degraded, of_error, well
from agent.diagnosis.site import Site
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
        found.append(_none())
    return found


def _none() -> Finding:
    return well("platforms", "没有支付平台,只收别的方式", "no payment platform; other tenders are taken")


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
        return well(title, zh, en)
    sentence, remedy = _explained(name, one)
    evidence = (f"{call[0]}:{one.code}", f"{call[1]}: {one.code}")
    return Finding(title, "fail", evidence, remedy, one.code, sentence)


def _explained(name: str, one: "Examined") -> tuple[Said, Said]:
    """Return what a code means and what helps: a code of ours, or one of the platform's."""
    from agent.core.sentences import known_codes, sentence_of
    from sync.platforms.errors import situation

    code = one.code or ""
    listed = situation(name, code)
    if listed is not None:
        return (listed.zh, listed.en), (listed.remedy_zh, listed.remedy_en)
    if code in known_codes():
        said = sentence_of(_as_error(code, one.values))
    else:
        said = sentence_of(UnknownOutcome("platform.unlisted_answer", answer=code[:60]))
    return (said.zh_title, said.en_title), (said.zh_remedy, said.en_remedy)


def _as_error(code: str, values: Mapping[str, int | str | None]) -> StoreboxError:
    return UnknownOutcome(code, **values)


def files(site: Site) -> Iterable[Finding]:
    """Whether the merchants' files are right; the platforms themselves are not asked."""
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.platforms import from_folder

    if site.settings.payments.custody == "hq":
        return  # what headquarters hold is looked at with headquarters
    found, problems = from_folder(site.settings.state, SystemEntropy())
    yield from (of_error("platforms", problem) for problem in problems)
    if found:
        names = ", ".join(found)
        yield well("platforms", names, names)
    elif not problems:
        yield _none()


def bills(site: Site) -> Finding:
    """Whether the platforms' bills agree with the journal, where this box matches them itself."""
    from contextlib import closing

    from agent.core.reconcile.statement import StatementState
    from agent.services import bill_journal
    from agent.store.connection import JOURNAL_FILE, open_reader, snapshot

    if site.settings.payments.custody == "hq":
        return well("bills", "由总部对账", "matched by headquarters")
    with closing(open_reader(site.settings.state / JOURNAL_FILE)) as connection, snapshot(connection):
        newest, differences = bill_journal.bills(connection, 1), bill_journal.open_differences(connection)
        late = [one for one in bill_journal.bills(connection) if one["state"] == StatementState.OVERDUE]
    if late:
        day = str(late[0]["day"])
        return degraded("bill.not_come", "bills", (f"{day} 的账单没来", f"the bill of {day} has not come"), day=day)
    if differences:
        days, count = ", ".join(sorted({str(one["bill_day"]) for one in differences})), len(differences)
        said = (f"{days} 有 {count} 笔对不上", f"{count} lines of {days} do not agree")
        return degraded("bill.lines_differ", "bills", said, days=days, count=count)
    if not newest:
        return well("bills", "还没有对过账", "none was matched yet")
    day = str(newest[0]["day"])
    return well("bills", f"对到 {day},一致", f"matched up to {day}, nothing differs")


EXAMINATIONS = (files, bills)
