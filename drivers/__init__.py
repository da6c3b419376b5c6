"""Devices: bytes and plain documents in, events and codes out. Imports nothing of ours."""
