"""The simulated WeChat Pay: v3, V2, bills, notifications."""
