"""Devices in software that really interpret the bytes they get."""
