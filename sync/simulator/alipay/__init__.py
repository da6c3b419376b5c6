"""The simulated Alipay: the open gateway, bills, notifications."""
