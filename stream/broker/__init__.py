"""Kafka at the edges: options, names, security, topics; publishing and following them."""
