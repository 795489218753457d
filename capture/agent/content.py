"""What calls carry beside their heads: texts and payload, taken out of what was copied, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk, Texts, has_content, texts_of
from capture.agent.heads import Heads
from capture.agent.order import Order
from capture.agent.pieces import end_to_end, pieces, words_of
from capture.agent.records import HAS_SOCKET, SOCK_SIZE

_WIDTHS = (8, 32, 128, 512, 1 << 14)
"""Words of the rows that texts are put in: a single long path must not make all rows long."""


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
    behind = np.zeros(max(words_of(int(values.max())) for values in sizes.values()), np.uint64)
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
            payload = end_to_end(words, mine, lengths)
        elif len(having):
            texts += _texts_at(words, name, mine, lengths.astype(np.int64), having)
            place[having] += words_of(lengths)
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
    groups = np.searchsorted(_WIDTHS, words_of(lengths))
    found = []
    for group in np.flatnonzero(np.bincount(groups)).tolist():
        chosen = np.flatnonzero(groups == group)
        mine = lengths[chosen]
        width = 8 * words_of(int(mine.max()))
        rows = pieces(words, place[chosen], width).view(np.uint8).reshape(-1, width)
        found.append(texts_of(name, rows, mine, at[chosen], strip_nul=name in ("text", "text2")))
    return found
