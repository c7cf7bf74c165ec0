"""Recordings and other files, in and out."""
