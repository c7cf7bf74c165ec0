"""What our HTTP servers share: where they listen, TLS, tokens."""
