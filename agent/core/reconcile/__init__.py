"""Matching: what the journal says happened at a platform, against the platform's bill, line by line. Pure."""
