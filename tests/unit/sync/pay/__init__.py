"""Tests of headquarters' payments."""
