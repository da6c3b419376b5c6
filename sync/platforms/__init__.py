"""Payment platforms behind one protocol, `agent.core.payment.Platform`."""
