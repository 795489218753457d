"""Events as `strace -f -ttt -T --absolute-timestamps=precision:ns` prints calls.

    4711 1700000000.123456789 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3 <0.000020114>

Lines are in the order in which calls returned; the time is when a call began, as far as that was seen. The
first lines, which begin with #, tell the source.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from capture.model.decode import format_call
from inspect_app.analysis.event import call_parts
from inspect_app.exports.pieces import Progress, chunks
from inspect_app.exports.request import Request

_CHUNK = 1 << 12
_SECOND = 1_000_000_000


def write_strace(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As strace's text. Arguments are decoded call by call, some 5,000 a second."""
    frames = request.frames
    stream.write(f"# {request.source.sentence()}\n# calls in the order in which they returned\n".encode())
    names, codes = frames.events["type"].cat.categories, frames.events["type"].cat.codes.to_numpy()
    tids = np.append(frames.threads["tid"].to_numpy(), -1)
    thread, time, latency = (frames.events[name].to_numpy() for name in ("thread", "time", "latency"))
    done = 0
    for rows in chunks(request.selection, _CHUNK):
        lines = []
        for row in rows.tolist():
            took = int(latency[row])
            began = int(time[row]) - max(took, 0)
            call = format_call(str(names[codes[row]]), *call_parts(frames, row))
            taken = f" <{_seconds(took)}>" if took >= 0 else ""
            lines.append(f"{tids[thread[row]]} {_seconds(began)} {call}{taken}\n")
        stream.write("".join(lines).encode("utf-8", "backslashreplace"))
        done += len(rows)
        progress(done, len(request.selection))
    return ()


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds // _SECOND}.{nanoseconds % _SECOND:09}"
