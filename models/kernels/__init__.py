"""Compiled loops over arrays: the only code that runs once per event, per fragment or per edge."""
