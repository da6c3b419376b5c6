"""Byte transports, one a kind of line."""
