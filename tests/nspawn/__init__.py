"""The installed box: Debian's package in a bare Debian 12, booted under its own systemd by systemd-nspawn."""
