"""Texts of strangers on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""A text whose control characters are shown instead of obeyed.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )
