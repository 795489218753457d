"""exhume-inspect export: a selection in the form of another tool."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from tests.builders.capture import CaptureBuilder


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def capture(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    book.open(100, "/etc/motd", ino=7)
    for at in range(10):
        book.event("read", pid=100, ret=1, fd=3, ino=7, args=(3, 0, 1), data=b"%d" % at)
    return book.write(tmp_path / "node.exhume")


def test_a_selection_is_written_and_told(capture, tmp_path):
    out = tmp_path / "reads.csv"
    done = run(
        "export", capture, "--as", "csv", "--filter", "evt.type = read", "--window", "+5ms..", "-o", out
    )
    assert done.exit_code == 0, done.output
    assert "wrote" in done.stderr and "SHA-256" in done.stderr
    rows = list(csv.DictReader(out.open()))
    source = json.loads((tmp_path / "reads.csv.source.json").read_text())
    assert source["rows"] == len(rows) == 6
    assert source["filters"] == ["evt.type = read"]
    assert source["window"].startswith("2023-11-14T22:13:20.006")
    assert len(source["digests"][0]) == 64


def test_standard_output_takes_an_export(capture):
    done = run("export", capture, "--as", "csv", "--view", "files", "-o", "-")
    assert "/etc/motd" in [row["fd.name"] for row in csv.DictReader(io.StringIO(done.stdout))]
    assert "rows of the view files" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--as", "csv"], "needs --as KIND and -o OUT, or --parquet DIR"),
        (["--as", "tln", "--view", "files", "-o", "-"], "takes events, not rows of a view"),
        (["--as", "csv", "--view", "filez", "-o", "-"], "did you mean files"),
        (["--as", "nothing", "-o", "-"], "is not one of"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_a_line(capture, words, told):
    done = run("export", capture, *words)
    assert done.exit_code == 2
    assert told in done.output


def test_nothing_is_written_over_the_capture(capture):
    before = capture.read_bytes()
    done = run("export", capture, "--as", "csv", "-o", capture)
    assert (done.exit_code, capture.read_bytes()) == (2, before)
    assert "is the capture itself" in done.output
