"""exhume-inspect info: what a capture is, and what was done to the clocks of several."""

import json
import shutil

import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from tests.builders.capture import MS, START_NS, CaptureBuilder


def capture(path, *, started=START_NS, offset=1_600_000_000_000_000_000):
    host = {"hostname": "web", "machine": "x86_64", "machine_id": "m", "boot_id": "b"}
    book = CaptureBuilder(host=host, clock={"started": started, "boot_to_utc": offset})
    book.event("getpid", time=started)
    book.event("getpid", time=started + MS)
    return book.write(path)


@pytest.fixture
def told(tmp_path):
    def tell(*words):
        answer = CliRunner().invoke(main, ["info", *map(str, words), "--format", "json"])
        assert answer.exit_code == 0, answer.output
        return [(row["fact"], row["value"]) for row in json.loads(answer.output)]

    return tell


def test_a_capture_is_told_in_figures(told, tmp_path):
    facts = dict(told(capture(tmp_path / "one.exhume")))
    assert (facts["Host"], facts["Events"]) == ("web", "2")
    assert "Recording" not in facts


def test_corrections_of_clocks_and_copies_are_stated(told, tmp_path):
    first = capture(tmp_path / "1.exhume")
    later = capture(
        tmp_path / "2.exhume", started=START_NS + 500 * MS, offset=1_600_000_000_000_000_000 + 40 * MS
    )
    facts = told(first, later, shutil.copy(first, tmp_path / "3.exhume"))
    recordings = [text for fact, text in facts if fact == "Recording"]
    assert len(recordings) == 2
    assert "times by its host's clock" in recordings[0]
    assert "moved by -0.040000000 s to the clock of the first recording" in recordings[1]
    assert ("Copies", "1 file is a copy of another that was given, and counted once") in facts
    assert ("Of", "2 captures of 1 host") in facts
