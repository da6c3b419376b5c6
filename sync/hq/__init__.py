"""Headquarters: enrols boxes, verifies and keeps their journals, answers for them. Imported by entry points only."""
