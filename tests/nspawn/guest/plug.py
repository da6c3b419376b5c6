"""Makes a folder that looks like /dev and /sys with a printer and a scanner, for discovery: plug.py FOLDER.

The lines themselves are made by the emulated devices, under the names of ttyUSB0 and ttyACM0.
"""

import sys
from pathlib import Path

from plugged import Plugged


def main(folder: str) -> None:
    """Make it; a folder that is there already stays as it is."""
    if Path(folder).exists():
        return
    plugged = Plugged(Path(folder))
    printer = plugged.usb("1-1", "04b8", "0202", serial="P0", name="TM", maker="EPSON")
    scanner = plugged.usb("2-1", "1eab", "0003", serial="S0", name="EM20", maker="Newland")
    plugged.serial("ttyUSB0", printer)
    plugged.serial("ttyACM0", scanner)
    for node in ("ttyUSB0", "ttyACM0"):
        (plugged.dev / node).unlink()


main(*sys.argv[1:])
