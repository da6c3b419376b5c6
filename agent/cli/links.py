"""What `storebox doctor` looks at outside the state folder: clock, devices, headquarters."""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from agent.cli.device import states_of
from agent.cli.findings import Finding, State
from agent.core.errors import Refused, StoreboxError
from agent.settings import Settings

ANSWER_WITHIN_S = 3.0
CLOCK_GOOD_MS = 120_000
CLOCK_BAD_MS = 3_600_000
YEAR_FIRST = 2024


def clock(settings: Settings) -> Finding:
    """Whether the clock can be right: against headquarters, else against the last entry."""
    now_ms = time.time_ns() // 1_000_000
    shown = datetime.fromtimestamp(now_ms / 1000, settings.zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    remedy = ("timedatectl;检查网络和主板电池。", "timedatectl; look at the network and the clock's battery.")
    if datetime.fromtimestamp(now_ms / 1000, UTC).year < YEAR_FIRST:
        return Finding("clock", "fail", (f"{shown} 不可能", f"{shown} cannot be"), remedy)
    other_ms = _time_of_headquarters(settings)
    if other_ms is None:
        return _clock_by_journal(settings, now_ms, shown)
    away_ms = abs(now_ms - other_ms)
    state: State = "ok" if away_ms <= CLOCK_GOOD_MS else "degraded" if away_ms <= CLOCK_BAD_MS else "fail"
    seconds = away_ms // 1000
    return Finding("clock", state, (f"{shown},与总部差 {seconds} 秒", f"{shown}, {seconds} s from HQ's"), remedy)


def _clock_by_journal(settings: Settings, now_ms: int, shown: str) -> Finding:
    from agent.cli.boxes import journal_of

    with journal_of(settings) as connection:
        last_ms = connection.execute("SELECT coalesce(max(at_ms), 0) FROM journal").fetchone()[0]
    if last_ms > now_ms + CLOCK_GOOD_MS:
        return Finding(
            "clock",
            "degraded",
            (f"{shown} 比最后一条流水还早", f"{shown} is before the last entry"),
            ("timedatectl 对时。", "Set it: timedatectl."),
        )
    return Finding("clock", "ok", (f"{shown}(无总部可比)", f"{shown} (no HQ to compare with)"))


def devices(settings: Settings) -> Finding:
    """Whether the devices that are set up are there."""
    states = states_of(settings)
    if states:
        bad = [f"{name} {state}" for name, state in sorted(states.items()) if state != "ok"]
    else:
        bad = [f"{url} -" for url in _paths(settings) if not Path(url).exists()]
    if bad:
        text = ", ".join(bad)
        return Finding(
            "devices",
            "degraded",
            (f"不在位:{text}", f"not there: {text}"),
            ("检查电源和线;storebox device list。", "Check power and cable; storebox device list."),
        )
    count = len(states) or len(_paths(settings))
    return Finding("devices", "ok", (f"{count} 台在位", f"{count} in place"))


def _paths(settings: Settings) -> list[str]:
    """Return the device files of the settings; network printers and those of libusb have none."""
    from agent.daemon.named_devices import named_devices

    paths = [one.url.partition(":")[2].partition("?")[0] for one in named_devices(settings)]
    return [path for path in paths if path.startswith("/")]


def headquarters(settings: Settings) -> Finding:
    """Whether headquarters answers."""
    url = _hq_url(settings)
    if not url:
        return Finding("headquarters", "ok", ("本店独立,没有总部", "none: this shop trades alone"))
    began_s = time.perf_counter()
    at_ms = _time_of_headquarters(settings)
    took_ms = round((time.perf_counter() - began_s) * 1000)
    if at_ms is None:
        return Finding(
            "headquarters",
            "degraded",
            (f"{url} 没有应答;照常卖,账存在盒子里", f"{url} does not answer; trade goes on, the box keeps it all"),
            ("检查网线、路由器;storebox sync status。", "Check cable and router; storebox sync status."),
        )
    return Finding("headquarters", "ok", (f"{url},{took_ms} 毫秒", f"{url}, {took_ms} ms"))


def payments_of_headquarters(settings: Settings) -> Finding:
    """Whether headquarters' payments answer at every address, and their key is known here."""
    from agent.daemon.platforms import pay_urls
    from sync.enrol import load_enrolment

    enrolled = load_enrolment(settings.state)
    keys = None if enrolled is None else enrolled.key_ring()
    if keys is None:
        raise Refused("payments.no_headquarters")
    urls = pay_urls(settings, _hq_url(settings))
    silent = [url for url in urls if not _answers(url)]
    if silent:
        state: State = "fail" if len(silent) == len(urls) else "degraded"
        text = ", ".join(silent)
        return Finding(
            "platforms",
            state,
            (f"总部收款没有应答:{text}", f"headquarters' payments do not answer: {text}"),
            (
                "检查网线、路由器和 [payments] pay_urls;总部看 storebox-hq pay 在不在跑。",
                "Check cable, router and [payments] pay_urls; at HQ see whether storebox-hq pay runs.",
            ),
        )
    names = ", ".join(settings.payments.platforms)
    return Finding("platforms", "ok", (f"总部代收:{names}", f"{names}, through headquarters"))


def _answers(url: str) -> bool:
    from sync.session import HttpSession

    session = HttpSession(url, connect_timeout_s=ANSWER_WITHIN_S, read_timeout_s=ANSWER_WITHIN_S)
    with closing(session):
        try:
            return session.send("GET", "/v1/keys").status == 200
        except StoreboxError:
            return False


def _hq_url(settings: Settings) -> str:
    from sync.enrol import load_enrolment

    known = load_enrolment(settings.state)
    return settings.hq.url or (known.hq_url if known is not None else None) or ""


def _time_of_headquarters(settings: Settings) -> int | None:
    """Return HQ's clock, or None when there is no HQ or it does not answer."""
    from sync.enrol import device_key, load_enrolment
    from sync.headquarters import HqClient
    from sync.session import HttpSession

    url, enrolled = _hq_url(settings), load_enrolment(settings.state)
    if not url or enrolled is None:
        return None
    session = HttpSession(url, connect_timeout_s=ANSWER_WITHIN_S, read_timeout_s=ANSWER_WITHIN_S)
    with closing(HqClient(session, device_key(settings.state, enrolled))) as client:
        try:
            return client.time_ms()
        except StoreboxError:
            return None
