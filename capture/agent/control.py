"""How a running recorder is spoken to: a socket in a folder that nobody else can look into.

    /run/exhume/            mode 0700, the recorder's own
    /run/exhume/4711.sock   mode 0600, of the recorder with that process id

One request a connection, one answer, each a line of JSON. The kernel tells who asks (SO_PEERCRED, unix(7)):
root and the recorder's own user are answered, nobody else. A socket that nobody listens at any more is taken
away by who finds it.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from capture.agent.errors import CaptureError

Message = dict[str, Any]
_MOST_BYTES = 1 << 20
_PATIENCE_S = 10.0
_UCRED = struct.Struct("3i")


def runtime_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the sockets of this user's recorders are."""
    if named := environment.get("EXHUME_RUNTIME_DIR"):
        return Path(named)
    if os.geteuid() == 0 or not environment.get("XDG_RUNTIME_DIR"):
        return Path("/run/exhume")
    return Path(environment["XDG_RUNTIME_DIR"]) / "exhume"


def own_folder() -> Path:
    """The same folder, made if it is not there.

    Raises:
        OSError: It cannot be made, or others could put something into it.
    """
    folder = runtime_folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise OSError(errno.EPERM, "not a folder of ours that is closed to others", str(folder))
    return folder


class Control:
    """Answers requests, each in a thread of its own, until it is closed."""

    def __init__(self, answer: Callable[[Message, socket.socket], None]) -> None:
        """Begin to listen.

        `answer` gets a request and the line to answer on.

        Raises:
            OSError: The socket cannot be made.
        """
        self._answer = answer
        self.path = own_folder() / f"{os.getpid()}.sock"
        # A process with our id that left its socket is gone: ids are given to one at a time.
        self.path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            before = os.umask(0o177)
            try:
                self._socket.bind(str(self.path))
            finally:
                os.umask(before)
            self._socket.listen(4)
        except OSError:
            self._socket.close()
            raise

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._listen, name="control", daemon=True).start()

    def close(self) -> None:
        """Take the socket away."""
        self.path.unlink(missing_ok=True)
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), name="request", daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            try:
                line.settimeout(_PATIENCE_S)
                if _peer(line) not in (0, os.geteuid()):
                    send(line, {"error": "only root and the recorder's own user may ask"})
                    return
                request = receive(line)
                line.settimeout(None)
                self._answer(request, line)
            except (OSError, ValueError):
                return


def recorders() -> list[int]:
    """The process ids of the recorders that listen; sockets that others left are taken away."""
    found = []
    for path in sorted(runtime_folder().glob("*.sock")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_PATIENCE_S)
            try:
                line.connect(str(path))
                found.append(int(path.stem))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except (FileNotFoundError, ValueError):
                continue
    return found


def connect(pid: int) -> socket.socket:
    """A line to a recorder.

    Raises:
        CaptureError: There is none with that process id, or it may not be asked.
    """
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(str(runtime_folder() / f"{pid}.sock"))
    except OSError as error:
        line.close()
        raise CaptureError(f"no recorder {pid} answers in {runtime_folder()}: {error.strerror}") from error
    return line


def send(line: socket.socket, message: Message) -> None:
    """Send a message."""
    line.sendall(json.dumps(message).encode() + b"\n")


def receive(line: socket.socket) -> Message:
    """The next message.

    Raises:
        ValueError: It is none.
        OSError: The other side is gone, or says nothing for too long.
    """
    data = bytearray()
    while not data.endswith(b"\n"):
        piece = line.recv(1 << 16)
        if not piece or len(data) > _MOST_BYTES:
            raise ConnectionResetError(errno.ECONNRESET, "the other side ended without a message")
        data += piece
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("a message is a map")  # noqa: TRY004  a wrong message, not a wrong type of ours
    return message


def wait_for_end(line: socket.socket, most_s: float) -> None:
    """Wait until the other side hangs up, or for so long."""
    with suppress(OSError):
        line.settimeout(most_s)
        while line.recv(1 << 10):
            pass


def _peer(line: socket.socket) -> int:
    """The user at the other end."""
    _pid, uid, _gid = _UCRED.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)
