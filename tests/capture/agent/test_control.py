"""Speaking to a running recorder: found, answered, and by nobody else's user."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from capture.agent import control
from capture.agent.control import Control, connect, receive, recorders, runtime_folder, send, wait_for_end
from capture.agent.errors import CaptureError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EXHUME_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture
def echo(folder):
    """A recorder that answers with what it was asked."""
    gone = threading.Event()

    def answer(request, line):
        send(line, {"asked": request})
        wait_for_end(line, 5)
        gone.set()

    running = Control(answer)
    running.gone = gone
    running.start()
    yield running
    running.close()


def test_a_recorder_is_found_and_answers(echo, folder):
    assert recorders() == [os.getpid()]
    with connect(os.getpid()) as line:
        send(line, {"after_s": 1.5})
        assert receive(line) == {"asked": {"after_s": 1.5}}
        assert not echo.gone.is_set()
    assert echo.gone.wait(5)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert echo.path.stat().st_mode & 0o777 == 0o600


def test_a_socket_that_nobody_listens_at_is_taken_away(folder):
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(folder / "4711.sock"))
    (folder / "odd.sock").write_text("no socket")
    assert recorders() == []
    assert not (folder / "4711.sock").exists()


def test_a_recorder_that_is_not_there_is_told(folder):
    with pytest.raises(CaptureError, match="no recorder 4711 answers"):
        connect(4711)


def test_an_own_stale_socket_is_no_obstacle(folder):
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(folder / f"{os.getpid()}.sock"))
    running = Control(lambda request, line: send(line, {}))
    running.start()
    assert recorders() == [os.getpid()]
    running.close()
    assert recorders() == []


@pytest.mark.parametrize("make", [lambda path: path.mkdir(mode=0o777), lambda path: path.symlink_to("/tmp")])
def test_a_folder_that_others_can_write_to_is_not_used(folder, make):
    make(folder)
    if not folder.is_symlink():
        folder.chmod(0o777)
    with pytest.raises(OSError, match="closed to others"):
        Control(lambda request, line: None)


@pytest.mark.parametrize("said", [b"\n", b"[]\n", b"{\n", b"\xff\n", b"x" * 100])
def test_nonsense_is_hung_up_on_and_the_next_is_answered(echo, said):
    with connect(os.getpid()) as line:
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100) == b""
    with connect(os.getpid()) as line:
        send(line, {})
        assert receive(line) == {"asked": {}}


def test_a_message_without_end_is_hung_up_on(echo, monkeypatch):
    monkeypatch.setattr(control, "_MOST_BYTES", 1000)
    with connect(os.getpid()) as line:
        line.sendall(b"x" * 100_000)
        line.settimeout(5)
        with suppress(ConnectionResetError):  # it hung up with our words unread
            assert line.recv(100) == b""


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_another_user_is_refused_even_where_the_folder_lets_them_in(echo, folder):
    for path in (folder, *folder.parents[:4]):
        if path.stat().st_uid == 0 and path != path.parent:
            path.chmod(path.stat().st_mode | 0o055)
    echo.path.chmod(0o666)
    program = (
        "import socket, sys; line = socket.socket(socket.AF_UNIX); line.connect(sys.argv[1]); "
        "print(line.recv(1000).decode())"
    )
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    done = subprocess.run(
        [*nobody, python, "-c", program, str(echo.path)], capture_output=True, text=True, check=False
    )
    if "Permission denied" in done.stderr:
        pytest.skip("another user cannot get to this folder or interpreter")
    assert "only root and the recorder's own user may ask" in done.stdout


def test_the_folder_is_the_users_own_where_it_is_not_roots(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert str(runtime_folder({"XDG_RUNTIME_DIR": "/run/user/1000"})) == "/run/user/1000/exhume"
    assert str(runtime_folder({})) == "/run/exhume"
