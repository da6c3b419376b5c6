"""Payment platforms on loopback."""
