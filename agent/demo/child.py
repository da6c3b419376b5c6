"""How a child of the demo begins: bound to its parent's life, with the parent's listening socket where systemd has it.

`python -m agent.demo.child PARENT FD MODULE:FUNCTION PROGRAM ARGUMENTS…`; FD is `-` for none.
"""

import ctypes
import os
import signal
import sys
from importlib import import_module

PR_SET_PDEATHSIG = 1
FIRST_FD = 3


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies; end now when it has died already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def take_socket(descriptor: int) -> None:
    """Put a passed socket where a service manager would have put it."""
    if descriptor != FIRST_FD:
        os.dup2(descriptor, FIRST_FD)
        os.close(descriptor)
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}


def main() -> None:
    """Become the program that was asked for."""
    parent, descriptor, target, *program = sys.argv[1:]
    die_with(int(parent))
    if descriptor != "-":
        take_socket(int(descriptor))
    sys.argv = program
    module, _, function = target.partition(":")
    getattr(import_module(module), function)()


if __name__ == "__main__":
    main()
