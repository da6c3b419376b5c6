"""Commissioning of boxes: tokens, enrolment, packets, the reports of their self-tests, and how far a roll-out is."""
