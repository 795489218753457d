"""Fields of signals: which program was to get one, and what it did when it took it."""

from __future__ import annotations

import numpy as np

from capture.model.symbols_events import SIGNAL_ACTIONS
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at, of_types
from inspect_app.filters.entities import entity_text, event_array
from inspect_app.filters.facets import Facets, TextFacet, look_up, no_arrows
from inspect_app.filters.field import Field, FieldType
from inspect_app.filters.states import image_at, process_at
from inspect_app.frames.capture import CaptureFrames

SENDS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
"""Calls whose first argument is who gets the signal; that of pidfd_send_signal is a descriptor."""
_ACTIONS = tuple(SIGNAL_ACTIONS.values[number] for number in sorted(SIGNAL_ACTIONS.values))
_RESULT_IGNORED, _ACTION_IGNORED = 1, 0


def _receivers(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """Events that send a signal or tell that one was sent, and the process that gets it, -1 not known."""

    def compute() -> tuple[np.ndarray, np.ndarray]:
        told = of_types(frames, lambda name: name == "signal_generate")
        rows = np.flatnonzero(told | of_types(frames, lambda name: name in SENDS))
        pid = np.where(told[rows], argument_at(frames, 2, rows), argument_at(frames, 0, rows))
        return rows, process_at(frames, pid.astype(np.uint32).view(np.int32).astype(np.int64), rows)

    return remember(frames, "receivers of signals", compute)


def _target_name(frames: CaptureFrames, _argument: str) -> Facets:
    rows, process = _receivers(frames)
    image = image_at(frames, process, rows)
    names = entity_text(frames, "image", "comm")
    codes = no_arrows(len(frames.events), max(len(names.values), len(frames.images)))
    codes[rows] = image if names.codes is None else look_up(names.codes, image, missing=-1)
    return (TextFacet(names.values, None, codes),)


def _effect(frames: CaptureFrames, _argument: str) -> Facets:
    """Of one that was sent: what its process did when it next took this signal."""
    rows, process = _receivers(frames)
    told = np.isin(rows, np.flatnonzero(of_types(frames, lambda name: name == "signal_generate")))
    sent, receiver = rows[told], process[told]
    taken = np.flatnonzero(of_types(frames, lambda name: name == "signal_deliver"))
    codes = np.full(len(frames.events), -1, np.int8)
    action = argument_at(frames, 2, taken).astype(np.int64)
    codes[taken] = np.where(action < len(_ACTIONS), action, -1)
    question = _keys(receiver, argument_at(frames, 0, sent), sent)
    answers = _keys(event_array(frames, "process")[taken], argument_at(frames, 0, taken), taken)
    order = np.argsort(answers)
    # The place past the last answer is none.
    found = np.append(order, -1)[np.searchsorted(answers, question, sorter=order)]
    fits = (receiver >= 0) & (np.append(answers, -1)[found] >> 32 == question >> 32)
    codes[sent] = np.where(fits, np.append(codes[taken], -1)[found], -1)
    codes[sent[argument_at(frames, 4, sent) == _RESULT_IGNORED]] = _ACTION_IGNORED
    return (TextFacet(_ACTIONS, None, codes),)


def _keys(process: np.ndarray, signal: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Process and signal above, the event below, so that what follows in order comes next."""
    pair = (process.astype(np.int64) + 1) << 7 | (signal.astype(np.int64) & 127)
    found: np.ndarray = pair << 32 | rows
    return found


SIGNAL_FIELDS = (
    Field(
        "signal.target.name",
        FieldType.TEXT,
        "Receiver",
        "the kernel's name of the program that a signal was sent to",
        _target_name,
    ),
    Field(
        "signal.effect",
        FieldType.TEXT,
        "Effect",
        "what the signal did; of one that was sent: what its process did when it next took this signal",
        _effect,
        choices=_ACTIONS,
    ),
)
