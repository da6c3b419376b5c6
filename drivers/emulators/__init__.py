"""Devices without the device: a printer that interprets ESC/POS, a scanner, faults on command.

Product code, used by the demo, the technician's `storebox sim` and the tests. Imported by entry
points and tests only.
"""
