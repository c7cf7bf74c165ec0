"""Recorded traffic through the whole detector, in one process."""
