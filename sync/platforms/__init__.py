"""Payment platforms behind one port."""
