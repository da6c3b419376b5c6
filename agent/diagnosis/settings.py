"""The settings file: every key known, every value possible, every address of a device well formed."""

from collections.abc import Iterable

from agent.diagnosis.finding import Finding, of_error, well
from agent.diagnosis.site import Site


def settings_file(site: Site) -> Iterable[Finding]:
    """Return each problem by its key, or where the settings come from."""
    from agent.daemon.named_devices import wrong_addresses
    from agent.settings import locate

    problems = [*site.problems, *wrong_addresses(site.settings)]
    path = locate(site.settings.state)
    if not problems:
        place = str(path) if path else "-"
        return [well("settings", f"没有问题({place})", f"nothing wrong ({place})")]
    return [of_error("settings", problem) for problem in problems]


EXAMINATIONS = (settings_file,)
