"""`storebox seal`: root's part of keeping the box's key; what storebox-seal.service runs."""

import typer

from agent.cli.output import JsonOption, StateOption, print_json


def seal(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Seal the box's key to this machine, as root. The same again changes nothing."""
    from agent.sealing import CREDSTORE, DECRYPT, ENCRYPT, systemd_creds
    from agent.sealing import seal as sealed
    from agent.settings import in_force

    fresh = sealed(in_force(state).state, CREDSTORE, systemd_creds(ENCRYPT), systemd_creds(DECRYPT))
    if as_json:
        print_json({"file": CREDSTORE, "new": fresh})
    else:
        typer.echo(f"{'sealed' if fresh else 'sealed already'}: {CREDSTORE}; the next start uses it")
