"""Alerts and responses into sinks, losing none: `gauger forward`."""
