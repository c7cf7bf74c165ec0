"""Webhooks of chats: `chat+https://…` for Slack and Mattermost, `teams+https://…` for Teams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from stream.settings import Settings
from stream.sinks import Message
from stream.sinks._http import Poster
from stream.sinks._text import text_of

SCHEMES = ("chat+http", "chat+https", "teams+http", "teams+https")
FORMAT = "native"


class ChatSink:
    """One message a request, as text for people: a native alert in a few words.

    Args:
        poster: Sends to the webhook.
        teams: Write an adaptive card, as Teams wants it.
    """

    most = 1

    def __init__(self, poster: Poster, *, teams: bool) -> None:
        self._poster = poster
        self._teams = teams

    def send(self, messages: Sequence[Message]) -> None:
        """Send one request.

        Raises:
            SinkUnavailable, SinkRefused: As `Poster.post`.
        """
        (message,) = messages
        text = text_of(message.body)
        body = _card(text) if self._teams else {"text": _plain(text)}
        self._poster.post(orjson.dumps(body), "application/json")

    def close(self) -> None:
        """No connection is held."""


def open_sink(scheme: str, address: str, settings: Settings) -> ChatSink:
    """A webhook.

    Raises:
        UsageError: This is no web address.
    """
    chat, _, protocol = scheme.partition("+")
    return ChatSink(Poster(f"{protocol}:{address}", settings.forward), teams=chat == "teams")


def _plain(text: str) -> str:
    """Text in which nothing is a mention or a link: account names come from outside."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _card(text: str) -> dict[str, Any]:
    block = {"type": "TextBlock", "text": text, "wrap": True}
    card = {"type": "AdaptiveCard", "version": "1.4", "body": [block]}
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [content]}
