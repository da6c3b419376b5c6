"""WeChat Pay: API v3, and V2 where code pay needs it."""
