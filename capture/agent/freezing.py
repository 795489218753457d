"""Freezing: saving the window that a flight recorder holds as a file that stands alone, while it goes on.

The recorder ends its current file once all that returned by the end of the window is in it, and holds on to
the files of the window; who asked puts them together.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from capture.agent.clock import boot_now_ns
from capture.agent.control import Message, send, wait_for_end
from capture.agent.errors import CaptureError
from capture.agent.files import CaptureFiles
from capture.agent.output import Output
from capture.format import FormatError, join_files
from capture.format.placing import placed
from capture.format.writer import Signer

_LONGEST_S = 24 * 3600.0
_HELD_S = 3600.0


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be saved, around the moment at which it is asked for."""

    after_s: float = 0.0
    """How long to go on before saving."""
    before_s: float | None = None
    """How far back; None: all that the recorder holds."""

    @classmethod
    def of_request(cls, request: Message) -> Window:
        """The window of a request.

        Raises:
            ValueError: It names none.
        """
        after, before = request.get("after_s", 0.0), request.get("before_s")
        for value in (after, 0.0 if before is None else before):
            if not isinstance(value, int | float) or not 0 <= value <= _LONGEST_S:
                raise ValueError(f"{value!r} is no time that can be waited for")
        return cls(after, before)


class Freezer:
    """Serves the windows of a recorder that keeps the last part only."""

    def __init__(self, files: CaptureFiles, output: Output) -> None:
        self._files, self._output = files, output

    @contextmanager
    def window(self, window: Window) -> Iterator[tuple[list[Path], dict[str, Any]]]:
        """Wait until the window is over; its files, kept while they are used, and what to tell of it.

        Raises:
            CaptureError: The recording ended before.
        """
        moment, asked = time.monotonic(), time.time_ns()
        with self._files.held():
            time.sleep(window.after_s)
            if not self._output.ends_file_after(boot_now_ns()):
                raise CaptureError("the recording has ended: its own files hold all of it")
            since = None if window.before_s is None else moment - window.before_s
            paths = [
                file.path.absolute() for file in self._files.closed if since is None or file.ended >= since
            ]
            yield paths, {"asked": asked, "after_s": window.after_s, "before_s": window.before_s}

    def answer(self, request: Message, line: socket.socket) -> None:
        """Answer who asks through the control socket: the files are held until they hang up."""
        try:
            with self.window(Window.of_request(request)) as (paths, facts):
                send(line, {"files": [str(path) for path in paths], "frozen": facts, "pid": os.getpid()})
                wait_for_end(line, _HELD_S)
        except (CaptureError, ValueError) as error:
            send(line, {"error": str(error)})

    def save_beside(self, say: Callable[[str], None]) -> None:
        """Save all that is held into the folder `frozen` beside the files, and say where."""
        try:
            with self.window(Window()) as (paths, facts):
                folder = self._files.folder / "frozen"
                folder.mkdir(mode=0o700, exist_ok=True)
                now = datetime.now(UTC)
                output = folder / f"{socket.gethostname()}-{now:%Y%m%dT%H%M%S.%fZ}.exhume"
                events = save(paths, output, facts, self._files.signer)
                say(f"{output}: {events:,} events saved; the recording goes on")
        except (CaptureError, FormatError) as error:
            say(f"nothing was saved: {error}")
        except OSError as error:
            say(f"nothing was saved: {error.filename or ''}: {error.strerror}")


def save(paths: list[Path], output: Path, facts: dict[str, Any], signer: Signer | None = None) -> int:
    """Put the files of a window together, signed by `signer`; the number of events.

    Raises:
        FormatError: They are not a chain.
        OSError: The file exists already, or cannot be written.
    """
    with placed(output, replaces=False) as stream:
        return join_files(paths, stream, {"frozen": facts}, signer).events_written
