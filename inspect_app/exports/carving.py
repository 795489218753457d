"""Saving files and streams that are rebuilt from recorded calls, with maps of where their bytes come from.

    folder  ::=  file*  map*  index.json
    map     ::=  what it is, size, coverage, digest, ranges (start, end, event, time), holes, the source

Holes are zeros in the file, and listed. `sha256` is that of the whole file, where every byte is known; else
`sha256_of_known` is that of the known bytes one after another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from capture.format.placing import placed
from inspect_app.analysis.recovered import Range, Recovered, content
from inspect_app.exports.errors import ExportError
from inspect_app.exports.pieces import Progress, silent
from inspect_app.exports.safe_names import safe_name
from inspect_app.exports.source import Source
from inspect_app.exports.texts import decodable
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session.examiner_log import note

MAP = ".map.json"
INDEX = "index.json"
MAX_SIZE = 1 << 30
"""Bytes up to which a file is saved: a place far out makes a file of nothing but a hole."""
MAX_RANGES = 200_000
"""Ranges that a map lists."""


@dataclass(frozen=True, slots=True)
class Carved:
    """One file that was saved."""

    path: Path
    recovered: Recovered
    sha256: str
    """Of the file where it is whole, else of its known bytes one after another."""
    left_out: int
    """Known bytes that lie beyond the largest size that is saved."""

    @property
    def verdict(self) -> str:
        """What the digest says, in words."""
        if not self.recovered.recorded_sha256:
            return ""
        if not self.recovered.is_whole:
            return "not whole: cannot be held against the digest that was recorded"
        same = self.sha256 == self.recovered.recorded_sha256
        return "the digest that was recorded" if same else "not the digest that was recorded"


def carve_all(
    frames: CaptureFrames,
    found: Iterator[Recovered] | Sequence[Recovered],
    folder: Path,
    source: Source,
    *,
    largest: int = MAX_SIZE,
) -> Iterator[Carved]:
    """Save files into a new or empty folder, one after another, and an index when all are there.

    Raises:
        ExportError: The folder is not empty.
        OSError: The disk.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ExportError(f"{folder} is not empty; name a new folder")
    rows = []
    for number, recovered in enumerate(found, start=1):
        carved = carve(frames, recovered, folder / safe_name(number, recovered.name), source, largest=largest)
        rows.append({"file": carved.path.name, **_facts(carved)})
        yield carved
    with placed(folder / INDEX) as stream:
        stream.write(_json({"source": source.facts(), "files": rows}))


def carve(
    frames: CaptureFrames,
    recovered: Recovered,
    path: Path,
    source: Source,
    progress: Progress = silent,
    *,
    largest: int = MAX_SIZE,
) -> Carved:
    """Save one file, and its map beside it.

    Raises:
        OSError: The disk.
    """
    with placed(path) as stream:
        digest, left_out = _write(frames, recovered, stream, progress, largest)
    carved = Carved(path, recovered, digest, left_out)
    with placed(path.with_name(path.name + MAP)) as stream:
        stream.write(_json({"source": source.facts(), **_facts(carved), **_map(frames, recovered)}))
    note("exported", to=str(path), what=recovered.name, coverage=recovered.coverage, sha256=digest)
    return carved


def _write(
    frames: CaptureFrames, recovered: Recovered, stream: BinaryIO, progress: Progress, largest: int
) -> tuple[str, int]:
    """Gives the digest of the bytes, and how many lie too far out."""
    digest, left_out, done = hashlib.sha256(), 0, 0
    for place, data in content(frames, recovered):
        kept = data[: max(0, largest - place)]
        if kept:
            stream.seek(place)
            stream.write(kept)
        digest.update(data)
        left_out += len(data) - len(kept)
        done += len(data)
        progress(done, max(recovered.known, 1))
    if recovered.is_size_known or recovered.size <= largest:
        stream.truncate(min(recovered.size, largest))
    return digest.hexdigest(), left_out


def _facts(carved: Carved) -> dict[str, Any]:
    recovered = carved.recovered
    return {
        "name": decodable(recovered.name),
        "size": recovered.size,
        "size_is_known": recovered.is_size_known,
        "known": recovered.known,
        "coverage": round(recovered.coverage, 6),
        "whole": recovered.is_whole,
        "sha256" if recovered.is_whole else "sha256_of_known": carved.sha256,
        "recorded_sha256": recovered.recorded_sha256,
        "verdict": carved.verdict,
        "left_out": carved.left_out,
        "notes": list(recovered.notes),
    }


def _map(frames: CaptureFrames, recovered: Recovered) -> dict[str, Any]:
    times = frames.events["time"].to_numpy()
    ranges = [_range(one, times) for one in recovered.ranges[:MAX_RANGES]]
    holes = [{"start": start, "end": end} for start, end in _first(recovered.holes(), MAX_RANGES)]
    return {
        "ranges": ranges,
        "ranges_not_listed": max(0, len(recovered.ranges) - MAX_RANGES),
        "holes": holes,
    }


def _range(one: Range, times: np.ndarray) -> dict[str, Any]:
    event = {"event": one.row + 1, "time": f"{np.datetime64(int(times[one.row]), 'ns')}Z"}
    return {"start": one.start, "end": one.end, **event, "from": one.begin if one.begin >= 0 else "zeros"}


def _first(pairs: Iterator[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    return [pair for pair, _ in zip(pairs, range(most), strict=False)]


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, indent=1).encode() + b"\n"
