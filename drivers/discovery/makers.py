"""What a device probably is, by who made it. A hint for a person, never a decision.

Vendor IDs are those of usb.ids whose makers build one kind of device only; adapters and general chips say nothing.
"""

from __future__ import annotations

import re

from drivers.discovery.found import UsbFacts

# Newland, Honeywell (Metrologic), Hand Held Products, Symbol (Zebra), PSC and Datalogic, Opticon; QinHeng's scanner.
SCANNER_VENDORS = frozenset({"1eab", "0c2e", "0536", "05e0", "05f9", "080c", "065a", "1a86:5723"})
# Epson, Bixolon, Star, Winbond's printer chip (0416:5011), ICS Advent (most Chinese printers), Custom, Citizen.
PRINTER_VENDORS = frozenset({"04b8", "1504", "0519", "0416", "0fe6", "0dd4", "1d90"})

_SCANNER_WORDS = re.compile(r"scan|bar ?code|imager|扫", re.IGNORECASE)
_PRINTER_WORDS = re.compile(r"print|pos-?(?:58|80)|receipt|打印", re.IGNORECASE)


def suggest(usb: UsbFacts, title: str = "") -> str:
    """`scanner`, `printer` or nothing."""
    names = {usb.vendor_id, f"{usb.vendor_id}:{usb.product_id}"}
    told = f"{usb.title} {title}"
    if names & SCANNER_VENDORS or _SCANNER_WORDS.search(told):
        return "scanner"
    return "printer" if names & PRINTER_VENDORS or _PRINTER_WORDS.search(told) else ""
