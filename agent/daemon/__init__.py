"""The daemon: the only place that knows every class, and wires them into a box that trades."""
