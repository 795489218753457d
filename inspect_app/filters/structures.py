"""Structures that arguments point to, as filters read them: each distinct one is taken apart once."""

from __future__ import annotations

import struct

import numpy as np

from capture.format.joins import pair_codes
from capture.model import decode
from capture.model.abi import Abi
from capture.model.events import EventSpec
from capture.model.members import KeyedStructure
from capture.model.structures import STRUCTURES
from inspect_app.filters.calls import argument_at
from inspect_app.frames.capture import CaptureFrames

_OPEN_HOW = struct.Struct("<QQ")
"""Its flags and mode."""


def is_structure(spec: EventSpec, abi: Abi, at: int) -> bool:
    """Whether an argument points to a structure, at least of some of such calls."""
    return spec.args_on(abi)[at].table in STRUCTURES and at < 6


def structure_texts(
    frames: CaptureFrames, rows: np.ndarray, spec: EventSpec, abi: Abi, at: int, *, limit: int
) -> tuple[np.ndarray, list[str | None]] | None:
    """For some events of one type and table: position of each one's text, and the texts.

    None where there are more than `limit` different ones.
    """
    addresses, texts = frames.source.address_codes(rows), frames.source.text_codes(rows)[0]
    # Where nothing is recorded of it, the register is what there is.
    raw = np.where(addresses > 0, np.uint64(0), argument_at(frames, at, rows))
    _, _, code = pair_codes(addresses, texts)
    _, _, code = pair_codes(code, raw)
    known = STRUCTURES[spec.args_on(abi)[at].table]
    if isinstance(known, KeyedStructure):
        key = [arg.name for arg in spec.args_on(abi)].index(known.by)
        _, _, code = pair_codes(code, argument_at(frames, key, rows) & np.uint64(0xFFFFFFFF))
    count = int(code.max(initial=-1)) + 1
    if count > limit:
        return None
    first = np.zeros(count, np.int64)
    first[code[::-1]] = rows[::-1]
    name = spec.args_on(abi)[at].name
    return code, [_text(frames, row, spec, abi, name) for row in first.tolist()]


def _text(frames: CaptureFrames, row: int, spec: EventSpec, abi: Abi, name: str) -> str | None:
    source = frames.source
    values = source.raw_arguments(row)
    shown = decode.format_args(spec, values, source.texts(row), source.address(row), b"", 0, 0, abi=abi)
    return dict(shown).get(name)


def opened_how(frames: CaptureFrames, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flags and mode of calls of openat2, and where they are recorded (uint64, uint64, bool)."""
    code, first = np.unique(frames.source.address_codes(rows), return_index=True)
    known = np.zeros((len(code), 2), np.uint64)
    told = np.zeros(len(code), np.bool_)
    for place, row in enumerate(rows[first].tolist()):
        recorded = frames.source.address(row) or b""
        if len(recorded) >= _OPEN_HOW.size:
            known[place], told[place] = _OPEN_HOW.unpack_from(recorded), True
    which = np.searchsorted(code, frames.source.address_codes(rows))
    return known[which, 0], known[which, 1], told[which]
