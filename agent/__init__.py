"""What happens in the shop: rules, journal, use cases, faces."""
