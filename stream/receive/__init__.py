"""Requests, facts and verdicts over HTTP, for what cannot write Kafka: `gauger receive`."""
