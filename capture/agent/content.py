"""What calls carry beside their heads: texts and payload, taken out of what was copied, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk, Texts, has_content, texts_of
from capture.agent.heads import Heads
from capture.agent.order import Order
from capture.agent.records import HAS_SOCKET, SOCK_SIZE

_WIDTHS = (8, 32, 128, 512, 1 << 14)
"""Words of the rows that texts are put in: a single long path must not make all rows long."""

_MOST_SIZES = 100
"""Sizes of payload for each of which all pieces are copied at once."""

Array = np.ndarray[Any, np.dtype[Any]]
_NO_BYTES = np.empty(0, np.uint8)


def content_of(chunks: Sequence[Chunk], heads: Heads, order: Order) -> tuple[list[Texts], Array]:
    """The texts of calls, and all payload end to end.

    Args:
        chunks: the chunks.
        heads: their heads, joined.
        order: in which order the events shall be.
    """
    if not has_content(heads):
        return [], _NO_BYTES
    sizes = {name: order.of(values) for name, values in _sizes(heads)}
    # A row that is wider than its text may reach beyond the last word.
    behind = np.zeros(max(_words(int(values.max())) for values in sizes.values()), np.uint64)
    words = np.concatenate([*(chunk.content for chunk in chunks), behind])
    place = order.of(_places(chunks, heads))
    texts: list[Texts] = []
    payload = _NO_BYTES
    for name, values in sizes.items():
        having = np.flatnonzero(values)
        if len(having) < len(values):
            mine, lengths = place[having], values[having]
        else:
            mine, lengths = place, values
        if name == "captured":
            payload = _end_to_end(words, mine, lengths)
        elif len(having):
            texts += _texts_at(words, name, mine, lengths.astype(np.int64), having)
            place[having] += _words(lengths)
    return texts, payload


def _sizes(heads: Heads) -> list[tuple[str, Array]]:
    """What the calls may have, and its sizes in bytes, in the order in which it lies there."""
    sizes = []
    if heads.most("flags") >= HAS_SOCKET:
        sizes.append(("sock", (heads.field("flags") >= HAS_SOCKET) * np.uint8(SOCK_SIZE)))
    for name, field in (("addr", "addr_len"), ("text", "text_len"), ("text2", "text2_len")):
        if heads.most(field):
            sizes.append((name, heads.field(field)))
    if heads.most("captured"):
        sizes.append(("captured", heads.field("captured")))
    return sizes


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


def _texts_at(words: Array, name: str, place: Array, lengths: Array, at: Array) -> list[Texts]:
    """The texts of a column that begin at these words, a group for each width."""
    groups = np.searchsorted(_WIDTHS, _words(lengths))
    found = []
    for group in np.flatnonzero(np.bincount(groups)).tolist():
        chosen = np.flatnonzero(groups == group)
        mine = lengths[chosen]
        width = 8 * _words(int(mine.max()))
        rows = _pieces(words, place[chosen], width).view(np.uint8).reshape(-1, width)
        found.append(texts_of(name, rows, mine, at[chosen], strip_nul=name in ("text", "text2")))
    return found


def _words(size: Any) -> Any:
    """How many words so many bytes take."""
    return (size + 7) >> 3


def _pieces(words: Array, place: Array, size: int) -> Array:
    """Copies of so many bytes from each of these words on, as values without a type: V[n]."""
    # Views in which every place has a value of that size: numpy then moves each piece at once.
    return np.ndarray(len(words) - _words(size) + 1, f"V{size}", words, strides=(8,))[place]


def _end_to_end(words: Array, place: Array, lengths: Array) -> Array:
    """The bytes that begin at these words, uint8, one piece behind the other."""
    if not len(lengths) or lengths.strides == (0,) or bool((lengths == lengths[0]).all()):
        return _pieces(words, place, int(lengths[0])).view(np.uint8) if len(lengths) else _NO_BYTES
    counts = np.bincount(lengths)
    sizes = np.flatnonzero(counts).tolist()
    if len(sizes) > _MOST_SIZES:
        return _end_to_end_of_many_sizes(words, place, lengths.astype(np.int64))
    starts = np.cumsum(lengths, dtype=np.int64)
    found = np.empty(int(starts[-1]), np.uint8)
    starts -= lengths
    # Of small numbers, this sort counts.
    by_size = np.argsort(lengths, kind="stable")
    ends = np.cumsum(counts[sizes]).tolist()
    for size, start, end in zip(sizes, [0, *ends], ends, strict=False):
        chosen = by_size[start:end]
        to = np.ndarray(len(found) - size + 1, f"V{size}", found, strides=(1,))
        to[starts[chosen]] = _pieces(words, place[chosen], size)
    return found


def _end_to_end_of_many_sizes(words: Array, place: Array, lengths: Array) -> Array:
    sizes = _words(lengths)
    ends = np.cumsum(sizes)
    padded = words[np.repeat(place - ends + sizes, sizes) + np.arange(int(ends[-1]))].view(np.uint8)
    padding = sizes * 8 - lengths
    wanted = np.ones(len(padded), np.bool_)
    stops = np.cumsum(padding)
    wanted[np.repeat(ends * 8 - stops, padding) + np.arange(int(stops[-1]))] = False
    found: Array = padded[wanted]
    return found
