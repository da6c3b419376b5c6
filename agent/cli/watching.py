"""`storebox device watch`: what is plugged in and out and how the box's devices change, one happening a line."""

import json
import signal
import time
from datetime import datetime
from pathlib import Path

import typer

from agent.cli.device import states_of
from agent.cli.finding import Row, box_user, find, profiles_shipped, row_of
from agent.core.errors import StoreboxError
from agent.settings import Settings

COLOURS = {"plugged": "green", "unplugged": "red", "renamed": None, "state": "yellow"}


class _Deadline:
    """A hint that ends with the time that was given, or when it was told to."""

    def __init__(self, ends_s: float | None) -> None:
        from drivers.discovery.watch import UdevHint

        self._ends_s = ends_s
        self._ended = False
        self._hint = UdevHint(time.sleep)

    def wait(self, timeout_s: float) -> bool:
        """See drivers.discovery.watch.Hint."""
        rest_s = timeout_s if self._ends_s is None else self._ends_s - time.monotonic()
        return self._hint.wait(max(0.0, min(timeout_s, rest_s)))

    def over(self) -> bool:
        """Whether the time is up."""
        return self._ended or (self._ends_s is not None and time.monotonic() >= self._ends_s)

    def interrupt(self, *_: object) -> None:
        """End at once; where an exception is lost, as in a destructor of udev's objects, after the present look."""
        self._ended = True
        raise KeyboardInterrupt


def watch_and_tell(settings: Settings, dev: Path, sys: Path, seconds: float, *, as_json: bool) -> None:
    """Tell until the time is up, or Ctrl-C, which is how a watch ends and no failure."""
    from drivers.discovery.watch import watch

    deadline = _Deadline(time.monotonic() + seconds if seconds else None)
    profiles, user = profiles_shipped(), box_user()
    before: dict[str, str] = {}
    signal.signal(signal.SIGINT, deadline.interrupt)
    try:
        for changes in watch(lambda: find(dev, sys), deadline):
            for change in changes:
                _tell({"event": change.happening.value, **row_of(change.found, settings, profiles, user)}, as_json)
            after = _states(settings)
            for name in sorted(before.keys() | after.keys()):
                if before.get(name) != after.get(name):
                    _tell(
                        {"event": "state", "device": name, "state": after.get(name), "was": before.get(name)}, as_json
                    )
            before = after
            if deadline.over():
                return
    except KeyboardInterrupt:
        return


def _states(settings: Settings) -> dict[str, str]:
    """Return the states that the running box tells; none while it starts or stops."""
    try:
        return states_of(settings)
    except StoreboxError:
        return {}


def _tell(happening: Row, as_json: bool) -> None:
    at = datetime.now().astimezone()
    if as_json:
        typer.echo(json.dumps({"at": at.isoformat(timespec="milliseconds"), **happening}, ensure_ascii=False))
        return
    typer.echo(f"{at:%H:%M:%S} ", nl=False)
    typer.secho(f"{happening['event']:<9} ", fg=COLOURS[happening["event"]], nl=False)
    if happening["event"] == "state":
        typer.echo(f"{happening['device']}: {happening['was'] or '-'} -> {happening['state'] or '-'}")
        return
    told = happening["line"].splitlines()[:1] or [happening["url"]]
    typer.echo(f"{happening['product']} ({happening['suggestion']})  {told[0]}")
