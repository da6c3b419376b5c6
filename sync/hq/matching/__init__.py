"""Matching at headquarters: facts out of its tables, the pure core's findings for people."""
