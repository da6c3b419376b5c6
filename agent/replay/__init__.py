"""Real baskets rung up through the same use cases, spool, printer and headquarters as the counter uses."""
