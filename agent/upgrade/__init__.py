"""Upgrades that cannot break a shop: signed bundles, a rehearsal, a switch on trial, the way back."""
