"""Secrets that were masked before they reached the file."""

import pytest

from capture.model.events import EventFlag
from tests.kernel.captures import PYTHON, Capture, exhume_capture, record

pytestmark = pytest.mark.kernel

PROGRAM = (
    "import os, subprocess\n"
    "os.write(1, b'card 4711 of bob\\n')\n"
    "words = ['true', '--password', 'tr0ub4' + 'dor', '--user=bob']\n"
    "subprocess.run(words, env={'API_TOKEN': 'abc123', 'LANG': 'C'})\n"
)


def test_no_byte_of_a_secret_is_in_the_file(tmp_path):
    path = tmp_path / "masked.exhume"
    options = ("--redact-secrets", "--redact", r"card (?P<secret>\d+)", "--environment")
    done = record(path, *PYTHON, "-c", PROGRAM, options=options)
    assert done.returncode == 0, done.stderr
    capture = Capture(path)
    (written,) = [call for call in capture.calls("write") if call.payload.startswith(b"card ")]
    assert written.payload == b"card **** of bob\n"
    assert written.flags & EventFlag.MASKED
    (program,) = [call for call in capture.calls("execve", ret=0) if b"--user=bob" in call.argv]
    assert program.argv == [b"true", b"--password", b"*********", b"--user=bob"]
    assert program.env == b"API_TOKEN=******\0LANG=C\0"
    assert program.flags & EventFlag.MASKED
    masked = capture.file.ending["masked"]
    assert (masked["environment"] >= 1, masked["payload"] >= 1, masked["arguments"] >= 1) == (
        True,
        True,
        True,
    )
    assert b"tr0ub4dor" not in b"".join(capture.file.texts) + repr(capture.file.section).encode()
    assert "secrets masked" in exhume_capture("info", path).stdout


def test_a_pattern_that_is_none_is_refused_before_anything_is_written(tmp_path):
    done = exhume_capture("record", "-o", tmp_path / "x.exhume", "--redact", "(")
    assert done.returncode == 2
    assert "is no regular expression" in done.stderr
    assert not (tmp_path / "x.exhume").exists()
