"""Releases at headquarters: bundles, rings, who has what, pauses, permits to go back."""
