"""Checks of an installation, of recordings, and of an application at work."""
