"""Encrypted captures: opened by each recipient and by nobody else, whole or not at all."""

import io
import os
import random
import resource
import shutil
import signal
import subprocess
import threading

import pytest

from capture.evidence import encrypting
from tests.builders.capture import CaptureBuilder


@pytest.fixture
def node(tmp_path):
    book = CaptureBuilder()
    for at in range(20):
        book.event("read", data=b"payload %d" % at)
    return book.write(tmp_path / "node.exhume", block=5)


@pytest.fixture
def key(tmp_path, run):
    """The public key; the secret one is in me.agekey."""
    return run("keygen", tmp_path / "me", "--encryption").stdout.split()[-1]


def test_a_recipient_gets_the_same_bytes_back(node, key, tmp_path, run):
    plain = node.read_bytes()
    assert run("encrypt", node, "-r", key).exit_code == 0
    assert node.read_bytes() == plain
    secret = (tmp_path / "node.exhume.age").read_bytes()
    assert secret.startswith(b"age-encryption.org/v1\n")
    assert b"EXHUME" not in secret
    node.unlink()
    assert run("decrypt", tmp_path / "node.exhume.age", "-i", tmp_path / "me.agekey").exit_code == 0
    assert node.read_bytes() == plain
    for name in ("node.exhume", "node.exhume.age", "me.agekey"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_each_of_several_recipients_opens_it_and_nobody_else(node, key, tmp_path, run):
    other = run("keygen", tmp_path / "other", "--encryption").stdout.split()[-1]
    run("keygen", tmp_path / "stranger", "--encryption")
    (tmp_path / "team").write_text(f"# the team\n{key}\n\n{other}\n")
    assert "2 keys" in run("encrypt", node, "-r", tmp_path / "team").stderr
    secret = tmp_path / "node.exhume.age"
    for name in ("me", "other"):
        out = tmp_path / f"{name}.exhume"
        assert run("decrypt", secret, "-i", tmp_path / f"{name}.agekey", "-o", out).exit_code == 0
        assert out.read_bytes() == node.read_bytes()
    out = tmp_path / "stolen.exhume"
    result = run("decrypt", secret, "-i", tmp_path / "stranger.agekey", "-o", out)
    assert (result.exit_code, result.stderr.count("\n"), out.exists()) == (1, 1, False)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_ssh_keys_do_as_well(node, tmp_path, run):
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id"]
    subprocess.run(make, check=True)
    assert run("encrypt", node, "-r", tmp_path / "id.pub").exit_code == 0
    out = tmp_path / "out.exhume"
    assert run("decrypt", tmp_path / "node.exhume.age", "-i", tmp_path / "id", "-o", out).exit_code == 0
    assert out.read_bytes() == node.read_bytes()


def test_whatever_was_altered_or_cut_is_refused_and_leaves_nothing(node, key, tmp_path, run):
    run("encrypt", node, "-r", key)
    secret, out = tmp_path / "node.exhume.age", tmp_path / "out.exhume"
    data, rng = secret.read_bytes(), random.Random(3)
    places = rng.sample(range(len(data)), 60)
    changed = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in places]
    for bad in (*changed, data[:-1], data[:100], b"", data + b"x", b"no age file" * 9):
        secret.write_bytes(bad)
        result = run("decrypt", secret, "-i", tmp_path / "me.agekey", "-o", out)
        assert (result.exit_code, out.exists()) == (1, False)


@pytest.mark.parametrize("text", ["age1", "ssh-ed25519 AAAA", "nobody", "age1" + "q" * 5000, "\x1b[31m"])
def test_what_is_no_public_key_is_refused(text, node, run):
    result = run("encrypt", node, "-r", text)
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr


def test_a_file_without_a_key_is_refused(node, key, tmp_path, run):
    run("encrypt", node, "-r", key)
    for content in (b"", b"# only a remark\n", b"AGE-SECRET-KEY-1XXX", b"-----BEGIN OPENSSH", bytes(2 << 20)):
        (tmp_path / "bad").write_bytes(content)
        out = tmp_path / "o.exhume"
        assert run("decrypt", tmp_path / "node.exhume.age", "-i", tmp_path / "bad", "-o", out).exit_code == 1


def test_without_room_one_line_says_what_helps_and_nothing_is_left(node, key, tmp_path, run):
    run("encrypt", node, "-r", key)
    secret, out = tmp_path / "node.exhume.age", tmp_path / "out"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        results = [
            run("encrypt", node, "-r", key, "-o", out),
            run("decrypt", secret, "-i", tmp_path / "me.agekey", "-o", out),
        ]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    for result in results:
        assert (result.exit_code, out.exists()) == (6, False)
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"exhume-capture: {out}: File too large; ")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143)])
def test_whoever_ends_it_is_heard(error, key):
    """The library would make an error of encrypting of it."""

    class Endless(io.BytesIO):
        pieces = 0

        def read(self, size):
            self.pieces += 1
            if self.pieces == 10:
                os.kill(os.getpid(), signal.SIGUSR1)
            return bytes(size)

    def end(*_):
        raise error

    source = Endless()
    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(type(error)):
            encrypting.encrypt(source, io.BytesIO(), [encrypting.recipient(key)])
    finally:
        signal.signal(signal.SIGUSR1, before)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.name.startswith("ThreadPoolExecutor"):
            thread.join(30)
            assert not thread.is_alive()
