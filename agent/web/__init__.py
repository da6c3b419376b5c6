"""The local HTTP API and the pages."""
