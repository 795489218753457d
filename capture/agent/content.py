"""What calls carry beside their heads: texts and payload, taken out of what was copied, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from capture.agent.chunks import STRINGS, Chunk, has_content
from capture.agent.heads import Heads
from capture.agent.order import Order
from capture.agent.ordered import Ordered
from capture.agent.pieces import end_to_end, words_of
from capture.agent.records import HAS_SOCKET, SOCK_SIZE
from capture.agent.texts import Placed
from capture.format import Sparse, whole

Array = np.ndarray[Any, np.dtype[Any]]
_NO_BYTES = np.empty(0, np.uint8)


def content_of(chunks: Sequence[Chunk], ordered: Ordered) -> tuple[Array, list[Placed], Array]:
    """What lies behind events: words, where in these their texts are, and all payload end to end.

    Args:
        chunks: the chunks.
        ordered: their heads, joined, and in which order they shall be.
    """
    words = np.concatenate(
        [
            *(chunk.content for chunk in chunks),
            *(text.rows.view(np.uint64).reshape(-1) for chunk in chunks for text in chunk.texts),
        ]
    )
    texts, payload = _of_calls(words, chunks, ordered) if has_content(ordered.heads) else ([], _NO_BYTES)
    return words, [*texts, *_of_records(chunks, ordered.order)], payload


def _of_records(chunks: Sequence[Chunk], order: Order) -> Iterator[Placed]:
    """The texts of records of ring buffers: their rows lie behind all that calls have."""
    event, word = 0, sum(len(chunk.content) for chunk in chunks)
    for chunk in chunks:
        for text in chunk.texts:
            place = word + np.arange(len(text.rows)) * (text.rows.shape[1] // 8)
            yield Placed(text.name, place, text.lengths.astype(np.int64), order.places(text.at + event))
            word += text.rows.size // 8
        event += len(chunk)


def _of_calls(words: Array, chunks: Sequence[Chunk], ordered: Ordered) -> tuple[list[Placed], Array]:
    heads, order = ordered.heads, ordered.order
    columns = _sizes(ordered)
    at = _few_having(columns)
    if at is None:
        place = order.of(_places(chunks, heads))
    else:
        place = _places_of(order.rows(at), chunks, heads)
        columns = [(name, whole(column)[at]) for name, column in columns]
    texts: list[Placed] = []
    payload = _NO_BYTES
    for name, column in columns:
        having, lengths = _having(column)
        is_all = len(having) == len(place)
        mine = place if is_all else place[having]
        if name == "captured":
            payload = end_to_end(words, mine, lengths)
        elif len(having):
            events = having if at is None else at[having]
            texts.append(_texts_at(words, name, mine, lengths.astype(np.int64), events))
            if is_all:
                place = mine + words_of(lengths)
            else:
                place[having] += words_of(lengths)
    return texts, payload


def _having(column: Array | Sparse) -> tuple[Array, Array]:
    """The calls that have some bytes, ascending, and how many."""
    if isinstance(column, Sparse) and not column.value[0]:
        return column.at, column.values
    values = whole(column)
    if bool(values.all()):
        return np.arange(len(values)), values
    having = np.flatnonzero(values)
    return having, values[having]


def _sizes(ordered: Ordered) -> list[tuple[str, Array | Sparse]]:
    """What the calls may have, and its sizes in bytes, in the order in which it lies there."""
    sizes: list[tuple[str, Array | Sparse]] = []
    if ordered.heads.most("flags") >= HAS_SOCKET:
        sizes.append(("sock", _sizes_of_sockets(ordered.column("flags"))))
    for name, field in (("addr", "addr_len"), ("text", "text_len"), ("text2", "text2_len")):
        if ordered.heads.most(field):
            sizes.append((name, ordered.column(field)))
    if ordered.heads.most("captured"):
        sizes.append(("captured", ordered.column("captured")))
    return sizes


def _sizes_of_sockets(flags: Array | Sparse) -> Array | Sparse:
    size = np.uint8(SOCK_SIZE)
    if not isinstance(flags, Sparse):
        return (flags >= HAS_SOCKET) * size
    value, values = (flags.value >= HAS_SOCKET) * size, (flags.values >= HAS_SOCKET) * size
    differs = values != value
    return Sparse(len(flags), value, flags.at[differs], values[differs])


def _few_having(columns: Sequence[tuple[str, Array | Sparse]]) -> Array | None:
    """The calls that have anything, in order; None where they may be many."""
    having = [column.at for _, column in columns if isinstance(column, Sparse) and not column.value[0]]
    if len(having) < len(columns):
        return None
    # Not np.unique, which brings in masked arrays, 30 ms, the first time.
    has = np.zeros(len(columns[0][1]), np.bool_)
    for at in having:
        has[at] = True
    return np.flatnonzero(has)


def _places_of(rows: Array, chunks: Sequence[Chunk], heads: Heads) -> Array:
    """As `_places`, of a few calls."""
    events = np.cumsum([0, *(len(chunk) for chunk in chunks)])
    words = np.cumsum([0, *(len(chunk.content) for chunk in chunks)])
    begins = np.array([chunk.begins for chunk in chunks], np.int64)
    which = np.searchsorted(events, rows, "right") - 1
    within = heads.field("at")[rows].astype(np.int64) - begins[which] & 0xFFFF_FFFF
    places: Array = (within >> 3) + words[which]
    return places


def _places(chunks: Sequence[Chunk], heads: Heads) -> Array:
    """In which word of all chunks' content each call's own begins, int64; rubbish for who has none."""
    places = heads.field("at").astype(np.int64)
    event = word = 0
    for chunk in chunks:
        rows = slice(event, event + len(chunk))
        # Modulo 2**32, as the probe counts.
        places[rows] = ((places[rows] - chunk.begins & 0xFFFF_FFFF) >> 3) + word
        event, word = rows.stop, word + len(chunk.content)
    return places


def _texts_at(words: Array, name: str, place: Array, lengths: Array, at: Array) -> Placed:
    """The texts of a column that begin at these words; `lengths`: int64, not 0."""
    if name in STRINGS:
        lengths = lengths - (words.view(np.uint8)[8 * place + lengths - 1] == 0)
    return Placed(name, place, lengths, at)
