"""What input formats have in common: values, paths, both sides of an exchange, and events."""
