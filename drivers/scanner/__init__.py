"""From scanner bytes to whole scans."""
