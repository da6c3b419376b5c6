"""Counter scales on a serial line."""
