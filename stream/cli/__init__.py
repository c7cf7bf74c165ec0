"""The command `gauger`: one file a verb."""

from stream.cli.main import app, main

__all__ = ["app", "main"]
