"""Pure rules of the shop: no I/O, no clock, no randomness; those arrive as arguments."""
