"""The journal: sound from its last seal on, verified as a whole, copied."""

from datetime import UTC, datetime

from agent.core.errors import Broken
from agent.diagnosis.finding import Finding, degraded, failing, of_error, well
from agent.diagnosis.site import Site

DAY_MS = 24 * 3600 * 1000
COPY_DAYS_GOOD = 2


def journal(site: Site) -> Finding:
    """Whether the journal is sound from its last seal on."""
    from agent.store.connection import JOURNAL_FILE
    from agent.store.verify import verify_tail

    path = site.settings.state / JOURNAL_FILE
    if not path.exists():
        raise Broken("store.missing", path=str(path))
    report = verify_tail(path)
    if report.fault is not None and not report.fault.seq:
        raise Broken(report.fault.code)  # no entry is at fault, the file is
    if report.fault is not None:
        fault = Broken("journal.bad_tail", reason=report.fault.code, seq=report.fault.seq)
        return of_error("journal", fault)
    place = "-" if report.last is None else f"#{report.last.seq}"
    return well("journal", f"末尾完好,到 {place}", f"its tail is sound, up to {place}")


def verified(site: Site) -> Finding:
    """When the whole journal was verified, and what came of it."""
    from agent.jobs import last_verification

    found = last_verification(site.settings.state)
    if found is None:
        return degraded("journal.never_verified", "verified", ("verified.json 没有", "no verified.json"))
    day = datetime.fromtimestamp(found["at_ms"] / 1000, site.settings.zone).strftime("%Y-%m-%d %H:%M")
    if found["fault"] is not None:
        reason = str(found["fault"]["code"])
        return failing("journal.found_damaged", "verified", (reason, reason), day=day, reason=reason)
    entries = found["entries"]
    said = (f"{day} 核过 {entries} 条,无误", f"{entries} entries on {day}, nothing wrong")
    if site.now_ms() - found["at_ms"] > COPY_DAYS_GOOD * DAY_MS:
        return degraded("journal.verified_late", "verified", said, day=day)
    return well("verified", *said)


def copies(site: Site) -> Finding:
    """How old the newest copy of the journal is."""
    from agent.jobs import last_backup

    newest = last_backup(site.settings.state)
    if newest is None:
        return degraded("journal.no_copy", "copies", ("没有 backup-*.db", "no backup-*.db"))
    said = (f"最新 {newest}", f"the newest is of {newest}")
    today = datetime.fromtimestamp(site.now_ms() / 1000, UTC).date()
    if (today - newest).days > COPY_DAYS_GOOD:
        return degraded("journal.copy_late", "copies", said, day=str(newest))
    return well("copies", *said)


EXAMINATIONS = (journal, verified, copies)
