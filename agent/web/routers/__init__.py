"""The routers of the local API, one file a noun."""
