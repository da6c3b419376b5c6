"""`storebox drill`: the acceptance test on site, step by step, with a signed slip at the end."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import JsonOption, StateOption, found_wrong, language, print_json
from agent.core.drill import ENDED, Step, StepState
from agent.core.errors import Refused, StoreboxError
from agent.settings import Settings, in_force

if TYPE_CHECKING:
    from agent.diagnosis.drill import Stage
    from agent.diagnosis.drill_record import DrillRecord

drill_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@drill_app.callback(invoke_without_command=True)
def drill(
    context: typer.Context,
    steps: Annotated[
        str, typer.Option(metavar="STEP,…", help=f"Only these: {', '.join(step.value for step in Step)}.")
    ] = "",
    till: Annotated[str, typer.Option(help="The till whose printer and scanner are tried; default: the first.")] = "",
    slips: Annotated[bool, typer.Option("--slips", help="Print each instruction as a slip too.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Begin anew instead of going on after a power cut.")] = False,
    within: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="How long a step waits for your hands.")
    ] = 600,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Walk through cut internet, cut power, empty paper, unplugged scanner and a late platform.

    The box itself tells when each has happened and is over; nobody has to confirm anything. After a real power cut run
    it again: it goes on. At the end the till prints a slip that the box has signed; exit code 1 when a step failed.
    """
    if context.invoked_subcommand is not None:
        return
    from agent.setup.reporting import report_drill

    settings = in_force(state)
    record = _record(settings, _steps(steps), till, again=again)
    record = _taken(settings, record, slips=slips, within_s=within, quiet=as_json)
    report_drill(settings.state, record.told())
    if as_json:
        print_json(record.document())
    else:
        typer.echo(record.code)
    if not record.drilled().passed:
        found_wrong()


@drill_app.command()
def verify(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The text of the slip's code, D1…")],
    key: Annotated[str, typer.Option(metavar="HEX", help="The box's public key; default: that of this box.")] = "",
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the code of a drill's slip: is it genuine, of which box, when, how did each step end?"""
    from agent.cli.boxes import clock_text
    from agent.core.drill_code import read_code
    from agent.diagnosis.drill_words import STATES, WORDS

    settings, chosen = in_force(state), 0 if language() == "zh" else 1
    found = read_code(code, lambda identity: _key(settings, identity, key))
    if as_json:
        outcomes = {step.value: outcome.value for step, outcome in found.outcomes.items()}
        print_json({"box": str(found.identity), "at_ms": found.at_ms, "passed": found.passed, "steps": outcomes})
    else:
        typer.echo(f"{found.identity}  {clock_text(found.at_ms, settings)}")
        for step, outcome in found.outcomes.items():
            typer.echo(f"  {WORDS[step].title[chosen]}: {STATES[outcome][chosen]}")
    if not found.passed:
        found_wrong()


def _key(settings: Settings, identity: Any, given: str) -> bytes | None:
    """Return the public key by which a slip is judged: the given one, else this box's own when it is of this box."""
    from sync.enrol import load_enrolment

    if given:
        try:
            return bytes.fromhex(given)
        except ValueError:
            return b""
    enrolled = load_enrolment(settings.state)
    return enrolled.public_key if enrolled is not None and enrolled.identity == identity else None


def _steps(names: str) -> list[Step]:
    known = [step.value for step in Step]
    wanted = [name.strip() for name in names.split(",") if name.strip()] or known
    for name in wanted:
        if name not in known:
            raise Refused("drill.unknown_step", step=name[:20], known=", ".join(known))
    return [Step(name) for name in known if name in wanted]


def _record(settings: Settings, steps: Sequence[Step], till: str, *, again: bool) -> "DrillRecord":
    """Return the drill that a power cut interrupted, else a new one."""
    from agent.daemon.box import enrolment_of
    from agent.diagnosis.drill_record import load_record
    from agent.diagnosis.drill_stage import new_record

    identity = enrolment_of(settings.state).identity
    kept = load_record(settings.state)
    if kept is not None and not again and not kept.is_over and kept.identity == identity:
        return kept
    return new_record(settings, steps, till)


def _taken(settings: Settings, record: "DrillRecord", *, slips: bool, within_s: float, quiet: bool) -> "DrillRecord":
    from agent.diagnosis.drill import run_drill
    from agent.diagnosis.drill_slip import pass_slip
    from agent.diagnosis.drill_stage import till_of

    if not _wait_until_it_runs(settings, within_s if any(one.asked_ms for one in record.steps) else 0):
        raise Refused("drill.box_not_running")
    done = run_drill(record, _stage(settings, record, slips=slips, within_s=within_s, quiet=quiet))
    if till_of(settings, record.till).printer is not None:
        _print(settings, record.till, pass_slip(done, settings.zone, settings.language))
    return done


def _wait_until_it_runs(settings: Settings, within_s: float) -> bool:
    """Tell whether the box answers; after a power cut it may still be starting."""
    from agent.diagnosis.drill_stage import asked

    ends_s = time.monotonic() + within_s
    while True:
        try:
            asked(settings, "status", {})
        except (StoreboxError, OSError):
            if time.monotonic() >= ends_s:
                return False
            threading.Event().wait(0.3)
        else:
            return True


def _stage(settings: Settings, record: "DrillRecord", *, slips: bool, within_s: float, quiet: bool) -> "Stage":
    from agent.diagnosis.drill_slip import advice
    from agent.diagnosis.drill_stage import proves, stage_of, till_of

    def wait(seconds: float) -> None:
        pause.wait(seconds)

    def say(step: Step, state: StepState, code: str | None) -> str | None:
        if not quiet:
            _tell(step, state, code, within_s)
        without_power = step is Step.POWER and state is StepState.BROKEN
        if state in ENDED or without_power or not (slips or proves(step, state)) or not has_printer:
            return None
        return _print(settings, record.till, advice(step, state, settings.language))

    has_printer = till_of(settings, record.till).printer is not None
    pause = threading.Event()
    return stage_of(settings, record, say, wait, within_s)


def _tell(step: Step, state: StepState, code: str | None, within_s: float) -> None:
    from agent.core.sentences import sentence_of
    from agent.diagnosis.drill_words import STATES, WORDS

    chosen, said = 0 if language() == "zh" else 1, WORDS[step]
    if state is StepState.ASKED:
        typer.secho(f"\n{said.title[chosen]}", bold=True)
        typer.echo(f"  {said.break_it[chosen]}")
    elif state is StepState.BROKEN:
        typer.echo(f"  {said.mend_it[chosen]}")
    else:
        colour = {StepState.PASSED: "green", StepState.FAILED: "red"}.get(state)
        typer.secho(f"  {said.title[chosen]}: {STATES[state][chosen]}", fg=colour)
    if code is not None:
        found = sentence_of(Refused(code, seconds=int(within_s)))
        typer.echo(f"  {(found.zh_title, found.en_title)[chosen]}. {(found.zh_remedy, found.en_remedy)[chosen]}")


def _print(settings: Settings, till: str, document: Mapping[str, Any]) -> str:
    import json

    from agent.diagnosis.drill_stage import asked

    told = asked(settings, "drill.print", {"till": till, "document": json.dumps(document)})
    return str(told["slip"])
