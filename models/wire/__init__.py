"""What stages tell each other and keep, as types and as bytes."""
