"""The pure core of matching."""
