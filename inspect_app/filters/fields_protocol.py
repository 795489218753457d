"""Fields of what programs said to each other: HTTP requests, DNS queries, TLS hellos, from kept payload.

All payload of sockets is read once, when the first of these fields is asked for. A question has what its
answer told, too, and an answer what was asked: `http.status >= 500` holds for both.
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from inspect_app.filters.cache import remember
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, no_arrows
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.filters.transfers import recognised
from inspect_app.frames.capture import CaptureFrames

_MOST_IN_ONE_CALL = 2
"""Messages of a call that are told alone beside all of them together: a resolver sends A and AAAA at once."""


def _messages(frames: CaptureFrames, protocol: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A protocol's frame; its rows at which an event begins, and for each event which of these, -1 none."""

    def compute() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        table: pd.DataFrame = getattr(recognised(frames), protocol)
        event = table["event"].to_numpy()
        first = np.flatnonzero(np.diff(event, prepend=-1))
        of_event = no_arrows(len(frames.events), len(first))
        of_event[event[first]] = np.arange(len(first))
        return table, first, of_event

    return remember(frames, ("messages", protocol), compute)


def _text(protocol: str, column: str) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        table, first, rows = _messages(frames, protocol)
        texts = [text or None for text in table[column].tolist()]
        if len(first) == len(texts):
            return (_facet(texts, rows),)
        ends = [*first[1:].tolist(), len(texts)]
        calls = [texts[start:end] for start, end in zip(first.tolist(), ends, strict=True)]
        together = [", ".join(dict.fromkeys(filter(None, call))) or None for call in calls]
        each = [
            [call[place] if 1 < len(call) > place else None for call in calls]
            for place in range(_MOST_IN_ONE_CALL)
        ]
        return tuple(_facet(column, rows) for column in (together, *each))

    return compute


def _facet(texts: list[str | None], rows: np.ndarray) -> TextFacet:
    codes, values = distinct(texts)
    return TextFacet(values, codes.astype(np.int32), rows)


def _number(protocol: str, column: str) -> Compute:
    """Of several messages in one call the first one's; negative ones are missing."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        table, first, rows = _messages(frames, protocol)
        values = table[column].to_numpy()[first]
        missing = None if values.dtype == bool else values < 0
        return (NumberFacet(values, missing, rows),)

    return compute


def _size(protocol: str, column: str) -> Compute:
    """Of several messages in one call all together; missing where that of one is."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        table, first, rows = _messages(frames, protocol)
        values = table[column].to_numpy()
        if not len(first):
            return (NumberFacet(values, None, rows),)
        unknown = np.logical_or.reduceat(values < 0, first)
        return (NumberFacet(np.add.reduceat(values, first), unknown, rows),)

    return compute


Row = tuple[str, FieldType, str, str, Callable[[str, str], Compute], str]
_SIDES = ("client", "server")
_CUT = "some of the message was not kept, and fields that stood there are missing"
_SIDE = "whose end of the exchange was recorded here"
_ROWS: tuple[Row, ...] = (
    # name, type, title, meaning, how, column
    ("http.kind", FieldType.TEXT, "Message", "which message the bytes of this call begin", _text, "kind"),
    ("http.side", FieldType.TEXT, "Side", _SIDE, _text, "side"),
    ("http.method", FieldType.TEXT, "Method", "GET, POST, …", _text, "method"),
    ("http.target", FieldType.TEXT, "Target", "what was asked for, as it was written", _text, "target"),
    ("http.path", FieldType.TEXT, "Path", "the target without query, scheme and host", _text, "path"),
    ("http.host", FieldType.TEXT, "Host", "the host that was asked, by the header", _text, "host"),
    ("http.user_agent", FieldType.TEXT, "User agent", "what the client calls itself", _text, "user_agent"),
    ("http.version", FieldType.TEXT, "Version", "1.0 or 1.1, of this message", _text, "version"),
    ("http.status", FieldType.INTEGER, "Status", "what the server answered", _number, "status"),
    ("http.content_type", FieldType.TEXT, "Content", "kind of content of the response", _text, "content_type"),
    ("http.latency", FieldType.DURATION, "Latency", "from the request to the first bytes of the response",
     _number, "latency"),
    ("http.request.size", FieldType.SIZE, "Sent", "bytes of the request, head and body", _size, "request_size"),
    ("http.response.size", FieldType.SIZE, "Answered", "bytes that came back until the next request",
     _size, "response_size"),
    ("http.cut", FieldType.TRUTH, "Cut", _CUT, _number, "cut"),
    ("dns.kind", FieldType.TEXT, "Message", "which message the bytes of this call are", _text, "kind"),
    ("dns.side", FieldType.TEXT, "Side", _SIDE, _text, "side"),
    ("dns.name", FieldType.TEXT, "Name", "the name that was asked for, in lower case", _text, "name"),
    ("dns.type", FieldType.TEXT, "Type", "the kind of record that was asked for: A, AAAA, …", _text, "type"),
    ("dns.id", FieldType.INTEGER, "Query", "number of the query", _number, "id"),
    ("dns.rcode", FieldType.TEXT, "Result", "what was answered: NOERROR, NXDOMAIN, …", _text, "code"),
    ("dns.answers", FieldType.TEXT, "Answers", "addresses and names of the answer", _text, "answers"),
    ("dns.latency", FieldType.DURATION, "Latency", "from the query to its answer", _number, "latency"),
    ("dns.cut", FieldType.TRUTH, "Cut", _CUT, _number, "cut"),
    ("tls.kind", FieldType.TEXT, "Hello", "whose hello the bytes of this call begin", _text, "kind"),
    ("tls.side", FieldType.TEXT, "Side", _SIDE, _text, "side"),
    ("tls.sni", FieldType.TEXT, "Name", "the server's name that the client asks for", _text, "name"),
    ("tls.offered", FieldType.TEXT, "Offered", "the newest version that the client offers", _text, "offered"),
    ("tls.version", FieldType.TEXT, "Version", "the version that the server chose", _text, "version"),
    ("tls.alpn", FieldType.TEXT, "Protocols", "protocols that the client offers inside, comma-separated", _text,
     "protocols"),
    ("tls.latency", FieldType.DURATION, "Latency", "from the client's hello to the server's", _number, "latency"),
    ("tls.cut", FieldType.TRUTH, "Cut", _CUT, _number, "cut"),
)  # fmt: skip
_CHOICES = {
    "http.kind": ("request", "response"),
    "dns.kind": ("query", "answer"),
    "tls.kind": _SIDES,
    **dict.fromkeys(("http.side", "dns.side", "tls.side"), _SIDES),
}

PROTOCOL_FIELDS = tuple(
    Field(name, type_, title, meaning, how(name.partition(".")[0], column), choices=_CHOICES.get(name, ()))
    for name, type_, title, meaning, how, column in _ROWS
)
