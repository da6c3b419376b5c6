"""The emulated printer and scanner: they judge our drivers, so they are judged first."""
