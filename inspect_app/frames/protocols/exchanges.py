"""Messages as frames, questions beside their answers.

A question and its answer go opposite ways over one socket. On HTTP/1 answers come in the order of the
requests; on DNS they tell the number and the name that was asked for. A capture has either end's view of an
exchange, or both where both ends were recorded: `side` tells whose.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import FrameColumn
from inspect_app.frames.protocols.reading import Messages, read_messages
from inspect_app.frames.protocols.volumes import exchanged
from inspect_app.frames.segments import Segments
from inspect_app.frames.tables import build_table

CLIENT, SERVER = "client", "server"
_UNANSWERED = 64
"""Questions of one socket that wait for an answer; the oldest are given up."""
_LAST_INFORMATIONAL, _SWITCHING = 199, 101

_COMMON = (
    FrameColumn("event", "int64", "row of events", "the call whose bytes begin the message"),
    FrameColumn("time", "int64", "ns since 1970 UTC", "when that call returned"),
    FrameColumn("kind", "str", "", "HTTP: request, response; DNS: query, answer; TLS: client, server"),
    FrameColumn("side", "str", "", "whose end of the exchange this is: client or server"),
    FrameColumn(
        "other", "int64", "row of this frame", "the answer of a question, the question of an answer; -1"
    ),
    FrameColumn("latency", "int64", "ns", "from the question to the first bytes of its answer; -1 not known"),
    FrameColumn("cut", "bool", "", "some of the message was not kept: fields that stood there are empty"),
)
HTTP_COLUMNS = (
    *_COMMON,
    FrameColumn("method", "str", "", "GET, POST, …; of a response that of its request"),
    FrameColumn("target", "str", "", "what was asked for, as it was written"),
    FrameColumn("path", "str", "", "the target without query, scheme and host"),
    FrameColumn("host", "str", "", "the header Host"),
    FrameColumn("user_agent", "str", "", "the header User-Agent"),
    FrameColumn("version", "str", "", "of this message: 1.0, 1.1"),
    FrameColumn("status", "int64", "", "of the response, -1 not known"),
    FrameColumn("content_type", "str", "", "of the response"),
    FrameColumn("request_size", "int64", "bytes", "moved with the request, head and body"),
    FrameColumn(
        "response_size", "int64", "bytes", "moved the other way until the next request; -1 not known"
    ),
)
DNS_COLUMNS = (
    *_COMMON,
    FrameColumn("id", "int64", "", "number of the query"),
    FrameColumn("name", "str", "", "asked for, in lower case"),
    FrameColumn("type", "str", "", "asked for: A, AAAA, …; empty not kept"),
    FrameColumn("code", "str", "", "of the answer: NOERROR, NXDOMAIN, …"),
    FrameColumn("answers", "str", "", "addresses and names of the answer, joined with commas"),
)
TLS_COLUMNS = (
    *_COMMON,
    FrameColumn("name", "str", "", "the server's name that the client asks for (SNI)"),
    FrameColumn("offered", "str", "", "the newest version that the client offers"),
    FrameColumn("version", "str", "", "the version that the server chose"),
    FrameColumn("protocols", "str", "", "protocols that the client offers inside (ALPN), joined with commas"),
)


@dataclass(frozen=True, eq=False)
class Recognised:
    """The messages of a capture."""

    http: pd.DataFrame
    """See HTTP_COLUMNS."""
    dns: pd.DataFrame
    """See DNS_COLUMNS; one call may have moved several messages."""
    tls: pd.DataFrame
    """See TLS_COLUMNS."""
    complete: bool
    """False where there were more than `reading.MAX_MESSAGES`: what comes later was not looked at."""


def recognise(frames: CaptureFrames, transfers: Segments) -> Recognised:
    """Read all payload of sockets once and tell the messages in it."""
    found = read_messages(frames, transfers)
    maker = _Maker(frames, transfers)
    return Recognised(maker.http(found), maker.dns(found), maker.tls(found), found.complete)


class _Maker:
    """Makes the frames of one capture."""

    def __init__(self, frames: CaptureFrames, transfers: Segments) -> None:
        self._transfers = transfers
        self._time = frames.events["time"].to_numpy()
        self._thing = frames.events["descriptor"].to_numpy()[transfers.rows]
        self._size = np.where(transfers.peeked, 0, transfers.size)

    def http(self, found: Messages) -> pd.DataFrame:
        """See HTTP_COLUMNS."""
        place = _places(found.http)
        heads = [head for _, head in found.http]
        asks = np.array([bool(head.method) for head in heads], bool)
        passing = [
            not head.method and head.status <= _LAST_INFORMATIONAL and head.status not in (_SWITCHING, -1)
            for head in heads
        ]
        other = self._pairs(place, asks, [None] * len(heads), np.array(passing, bool))
        asked = [heads[at] for at in np.where(asks | (other < 0), np.arange(len(heads)), other).tolist()]
        told = [heads[at] for at in np.where(~asks | (other < 0), np.arange(len(heads)), other).tolist()]
        request_size, response_size = self._sizes(place, asks, other, [head.size for head in heads])
        return build_table(
            HTTP_COLUMNS,
            {
                **self._common(place, asks, other, ("request", "response"), [head.cut for head in heads]),
                **{name: _texts(asked, name) for name in ("method", "target", "path", "host", "user_agent")},
                "version": _texts(heads, "version"),
                "status": [head.status for head in told],
                "content_type": [
                    head.content_type if answered else ""
                    for head, answered in zip(told, ((other >= 0) | ~asks).tolist(), strict=True)
                ],
                "request_size": request_size,
                "response_size": response_size,
            },
        )

    def dns(self, found: Messages) -> pd.DataFrame:
        """See DNS_COLUMNS."""
        place = _places(found.dns)
        messages = [message for _, message in found.dns]
        asks = np.array([not message.is_answer for message in messages], bool)
        keys = [(message.id, message.name, message.type) for message in messages]
        other = self._pairs(place, asks, keys, np.zeros(len(messages), bool))
        told = [
            messages[at] for at in np.where(~asks | (other < 0), np.arange(len(messages)), other).tolist()
        ]
        return build_table(
            DNS_COLUMNS,
            {
                **self._common(
                    place, asks, other, ("query", "answer"), [message.cut for message in messages]
                ),
                "id": [message.id for message in messages],
                "name": _texts(messages, "name"),
                "type": _texts(messages, "type"),
                "code": _texts(told, "code"),
                "answers": [", ".join(message.answers) for message in told],
            },
        )

    def tls(self, found: Messages) -> pd.DataFrame:
        """See TLS_COLUMNS."""
        place = _places(found.tls)
        hellos = [hello for _, hello in found.tls]
        asks = np.array([hello.is_client for hello in hellos], bool)
        other = self._pairs(place, asks, [None] * len(hellos), np.zeros(len(hellos), bool))
        own = np.arange(len(hellos))
        client = np.where(asks, own, other).tolist()
        server = np.where(asks, other, own).tolist()
        return build_table(
            TLS_COLUMNS,
            {
                **self._common(place, asks, other, ("client", "server"), [hello.cut for hello in hellos]),
                "name": [hellos[at].name if at >= 0 else "" for at in client],
                "offered": [hellos[at].version if at >= 0 else "" for at in client],
                "version": [hellos[at].version if at >= 0 else "" for at in server],
                "protocols": [hellos[at].protocols if at >= 0 else "" for at in client],
            },
        )

    def _common(
        self,
        place: np.ndarray,
        asks: np.ndarray,
        other: np.ndarray,
        kinds: tuple[str, str],
        cut: list[bool],
    ) -> dict[str, Any]:
        rows = self._transfers.rows[place]
        times = self._time[rows]
        later = np.where(asks, other, np.arange(len(place)))
        first = np.where(asks, np.arange(len(place)), other)
        latency = np.where(other >= 0, times[later] - times[first], -1) if len(place) else times
        is_client = self._transfers.writes[place] == asks
        return {
            "event": rows,
            "time": times,
            "kind": np.where(asks, *kinds),
            "side": np.where(is_client, CLIENT, SERVER),
            "other": other,
            "latency": latency,
            "cut": cut,
        }

    def _pairs(
        self, place: np.ndarray, asks: np.ndarray, keys: Sequence[Hashable], passing: np.ndarray
    ) -> np.ndarray:
        """int64, of each message: the one that answers it, or that it answers; -1 none.

        `passing`: messages that neither ask nor answer. A loop over messages, which are few.
        """
        other = np.full(len(place), -1)
        waiting: dict[Hashable, deque[int]] = {}
        things, writes = self._thing[place].tolist(), self._transfers.writes[place].tolist()
        for at, (thing, write, question, key) in enumerate(
            zip(things, writes, asks.tolist(), keys, strict=True)
        ):
            if passing[at] or thing < 0:
                continue
            exchange = (thing, write is question, key)
            if question:
                waiting.setdefault(exchange, deque(maxlen=_UNANSWERED)).append(at)
            elif queue := waiting.get(exchange):
                asked = queue.popleft()
                other[asked], other[at] = at, asked
        return other

    def _sizes(
        self, place: np.ndarray, asks: np.ndarray, other: np.ndarray, told: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Bytes with each request, and the other way until the next one on the same side of the socket.

        Of requests that went in one call each has the bytes that its head tells; answers are not told apart.
        """
        sizes = np.full((2, len(place)), -1)
        at = np.flatnonzero(asks)
        sizes[:, at] = exchanged(self._thing, self._transfers.writes, self._size, place[at])
        _, which, times = np.unique(place[at], return_inverse=True, return_counts=True)
        together = at[times[which] > 1]
        sizes[0, together] = np.array(told, np.int64)[together]
        sizes[1, together] = -1
        answers = np.flatnonzero(~asks & (other >= 0))
        sizes[:, answers] = sizes[:, other[answers]]
        return sizes[0], sizes[1]


def _places(found: Sequence[tuple[int, object]]) -> np.ndarray:
    return np.array([position for position, _ in found], np.int64)


def _texts(messages: Sequence[object], name: str) -> list[str]:
    return [getattr(message, name) for message in messages]


FRAMES: Mapping[str, tuple[FrameColumn, ...]] = {"http": HTTP_COLUMNS, "dns": DNS_COLUMNS, "tls": TLS_COLUMNS}
"""Frame of Recognised → its columns."""
