"""The campaigns disclosed in February 2026, streamed past the detector without a file."""
