"""The Kafka application: ingest in its own process; accounts, ties and head as faust agents."""
