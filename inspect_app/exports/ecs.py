"""Events as JSON lines of the Elastic Common Schema, version 8.17.

    line  ::=  @timestamp  message  event  host  process  user  file? | source, destination, network?
               container?  orchestrator?  labels

What a process, a program, a container or a thing is (`ecs_objects`) is written out once and repeated.
`labels` tells the capture and the selection in each line, for lines are torn apart when they are indexed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pandas as pd

from inspect_app.exports.ecs_kinds import kind_of
from inspect_app.exports.ecs_objects import (
    container_text,
    host_text,
    object_text,
    process_text,
    program_text,
    thing_text,
)
from inspect_app.exports.messages import message, text_piece
from inspect_app.exports.pieces import Line, Looked, Piece, Progress, moment, numbers, write_lines
from inspect_app.exports.request import Request
from inspect_app.exports.source import Source
from inspect_app.exports.texts import json_text
from inspect_app.filters.entities import event_hosts, event_rows
from inspect_app.frames.capture import CaptureFrames

VERSION = "8.17.0"


def write_ecs(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As JSON lines."""
    frames = request.frames
    container = frames.events["container"].to_numpy()
    line: Line = (
        '{"@timestamp":"',
        *moment(frames.events["time"].to_numpy()),
        'Z","message":"',
        *message(frames, _within),
        '",',
        *_event(frames),
        _host(frames),
        *_process(frames),
        _user(frames),
        _thing(frames),
        Looked(lambda rows: container[rows], len(frames.containers), container_text(frames)),
        "," + _constant(request.source) + "}\n",
    )
    write_lines(stream, request.selection, line, progress)
    return ()


def _event(frames: CaptureFrames) -> Iterator[str | Piece]:
    events = frames.events
    latency = events["latency"].to_numpy()
    of_thing, found = pd.factorize(frames.descriptors["type"].to_numpy(object))
    of_thing, kinds = np.append(of_thing, len(found)), [*map(str, found), ""]
    names = [str(name) for name in events["type"].cat.categories]
    codes, thing = events["type"].cat.codes.to_numpy(), events["descriptor"].to_numpy()
    wide = len(kinds)

    def write(code: int) -> str:
        name, kind = names[code // wide], kinds[code % wide]
        told = kind_of(name, kind)
        return (
            f'"event":{{"kind":"event","provider":"exhume","module":"exhume","dataset":"exhume.events",'
            f'"category":{json.dumps(told.category)},"type":{json.dumps(told.type)},"action":{json_text(name)},'
            '"sequence":'
        )

    def durations(rows: np.ndarray) -> np.ndarray:
        texts = ',"duration":' + numbers(latency[rows])
        texts[latency[rows] < 0] = ""
        return texts

    yield Looked(
        lambda rows: codes[rows].astype(np.int64) * wide + of_thing[thing[rows]], len(names) * wide, write
    )
    yield lambda rows: numbers(rows + 1)
    yield durations
    yield text_piece(frames, "evt.res", _outcome, ',"outcome":"unknown"}')


def _outcome(name: str) -> str:
    if name == "SUCCESS":
        return ',"outcome":"success"}'
    return f',"outcome":"failure"}},"error":{{"code":{json_text(name)}}}'


def _host(frames: CaptureFrames) -> Piece:
    def codes(rows: np.ndarray) -> np.ndarray:
        return np.broadcast_to(event_hosts(frames, rows), rows.shape)

    return Looked(codes, len(frames.hosts), host_text(frames))


def _process(frames: CaptureFrames) -> Iterator[str | Piece]:
    process, image = frames.events["process"].to_numpy(), frames.events["image"].to_numpy()
    thread, tids = frames.events["thread"].to_numpy(), frames.threads["tid"].to_numpy()
    yield ',"process":{'
    yield Looked(lambda rows: thread[rows], len(tids), lambda row: f'"thread":{{"id":{tids[row]}}},')
    yield Looked(lambda rows: image[rows], len(frames.images), program_text(frames))
    yield Looked(
        lambda rows: process[rows], len(frames.processes), process_text(frames), '"entity_id":"unknown"'
    )
    yield "}"


def _user(frames: CaptureFrames) -> Piece:
    uid, users = frames.events["uid"].to_numpy(), event_rows(frames, "user")
    names = [*map(str, frames.users["name"]), ""]

    def write(rows: np.ndarray) -> np.ndarray:
        found, first, codes = np.unique(uid[rows], return_index=True, return_inverse=True)
        told = [
            f',"user":{object_text({"id": str(number), "name": names[row]})}'
            for number, row in zip(found.tolist(), users[rows[first]].tolist(), strict=True)
        ]
        texts: np.ndarray = np.array(told, object)[codes]
        return texts

    return write


def _thing(frames: CaptureFrames) -> Piece:
    """What the call was about: the thing behind its descriptor, else the path it was given."""
    thing, path = frames.events["descriptor"].to_numpy(), frames.events["path"].to_numpy()
    total = len(frames.descriptors)

    def codes(rows: np.ndarray) -> np.ndarray:
        behind, given = thing[rows].astype(np.int64), path[rows].astype(np.int64)
        found: np.ndarray = np.where(behind >= 0, behind, np.where(given >= 0, given + total, -1))
        return found

    return Looked(codes, total + len(frames.paths), thing_text(frames))


def _constant(source: Source) -> str:
    labels = {
        "capture": source.capture,
        "capture_digest": ",".join(source.digests),
        "capture_state": source.state,
        "selection": source.selection,
    }
    ecs = f'"ecs":{{"version":"{VERSION}"}}'
    observer = f'"observer":{object_text({"vendor": "Exhume", "product": "Exhume", "type": "recorder"})}'
    return f'{ecs},{observer},"labels":{object_text(labels)}'


def _within(text: str) -> str:
    return json_text(text)[1:-1]
