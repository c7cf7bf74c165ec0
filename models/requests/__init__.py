"""Requests as columns: text and identifiers end here, keyed hashes and sketches go on."""
