"""The demo: a whole shop on this machine. A parent whose children are the same programs that run in a real shop."""
