"""Payment platforms on loopback, with real signatures and faults on command. Imported by entry points only."""
