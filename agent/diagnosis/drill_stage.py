"""A drill's stage on a real box: which devices are drilled, how it is looked at, how a record begins and is kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.core.drill import Step, StepState, Till
from agent.core.errors import Refused
from agent.diagnosis.drill import Stage
from agent.diagnosis.drill_record import DrillRecord, StepRecord, save_record
from agent.diagnosis.drill_sights import Sights
from agent.settings import Settings

Say = Callable[[Step, StepState, str | None], str | None]


def now_ms() -> int:
    """Return the wall clock."""
    return time.time_ns() // 1_000_000


def asked(settings: Settings, verb: str, values: Mapping[str, str]) -> Any:
    """Have the running box run a verb; raises `StoreboxError` or OSError when it does not."""
    from agent.daemon.control import ask

    return ask(settings.state, verb, values)


def new_record(settings: Settings, steps: Sequence[Step], till: str, *, by_card: bool = False) -> DrillRecord:
    """Return a drill of these steps that has not begun; the first till when none is named. Refuses `till.unknown`."""
    from agent.daemon.box import enrolment_of

    tills = [one.till for one in settings.tills]
    if till and till not in tills:
        raise Refused("till.unknown", till=till[:40])
    began_ms = now_ms()
    planned = tuple(StepRecord(step, StepState.PLANNED if step in steps else StepState.LEFT_OUT) for step in Step)
    identity = enrolment_of(settings.state).identity
    return DrillRecord(identity, till or tills[0], began_ms, began_ms, planned, by_card=by_card)


def till_of(settings: Settings, name: str) -> Till:
    """Return the devices of a till by the names that lamps have; refuses `till.unknown`."""
    from agent.settings import receipt_printer

    found = next((one for one in settings.tills if one.till == name), None)
    if found is None:
        raise Refused("till.unknown", till=name[:40])
    return Till(
        receipt_printer(name) if found.printer else None,
        f"scanner{name}" if found.scanner else None,
    )


def proves(step: Step, state: StepState) -> bool:
    """Tell whether the slip of a state is part of the test: what is printed offline, and what waits for paper."""
    return step in (Step.WAN, Step.PAPER) and state is StepState.BROKEN


def stage_of(
    settings: Settings,
    record: DrillRecord,
    say: Say,
    wait: Callable[[float], None],
    within_s: float,
    skipped: Callable[[], bool] = lambda: False,
) -> Stage:
    """Return the stage of a box that runs; `say` tells people, `wait` waits or ends it all by raising."""
    from agent.daemon.box import enrolment_of
    from sync.enrol import device_key

    signer = device_key(settings.state, enrolment_of(settings.state))
    return Stage(
        sights=Sights(settings, lambda verb, values: asked(settings, verb, values), now_ms),
        till=till_of(settings, record.till),
        platforms=_takes_wallets(settings),
        say=say,
        keep=lambda kept: save_record(settings.state, kept),
        sign=signer.sign,
        now_ms=now_ms,
        monotonic_s=time.monotonic,
        wait=wait,
        break_within_s=within_s,
        mend_within_s=within_s,
        skipped=skipped,
    )


def _takes_wallets(settings: Settings) -> bool:
    from sync.platforms.files import FOLDER, merchant_files

    return settings.payments.custody == "hq" or any(merchant_files(settings.state / FOLDER))
