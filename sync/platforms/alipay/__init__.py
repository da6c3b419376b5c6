"""Alipay: the open gateway with RSA2, by keys or by certificates."""
