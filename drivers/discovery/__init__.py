"""Finds what is plugged in and says who it is.

Reads files of /sys and /dev only, so it works without udev running and cannot disturb a device; asking a printer
(`examine`) and looking through a network (`network`) are steps of their own.
"""

from drivers.discovery.serial import serial_candidates
from drivers.discovery.usb import usb_printers

__all__ = ["serial_candidates", "usb_printers"]
