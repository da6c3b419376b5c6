"""Headquarters' part in rescuing a box: its history given back, its late entries, its hand-over, its retirement."""
