"""The user that the box runs as, by which permissions are judged: a technician's own shell proves nothing."""

from drivers.discovery.access import Runner, runner

SERVICE_USER = "storebox"


def box_user() -> Runner:
    """Return the service's user where storebox is installed, else the one who asks."""
    try:
        return runner(SERVICE_USER)
    except KeyError:
        return runner()
