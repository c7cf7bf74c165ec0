"""Where it runs: settings, readers, stages, the Kafka application, and the command line."""
