"""What the commands write is what docs/command-line.md says."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from tests.builders.capture import AT_FDCWD, MS, START_NS, CaptureBuilder

PAGE = Path(__file__).parents[3] / "docs" / "command-line.md"
KEYS = {
    found[1]: re.findall(r"`(\w+)`", found[2])
    for found in re.finditer(r"^\| `([^`]+)` \| [^|]+ \| (`.*?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
}
WORDS = {
    "values": ["values", "FILE", "proc.name"],
    "search": ["search", "FILE", "hello"],
    "fields": ["fields"],
}
WITH_PAGES_OF_THEIR_OWN = {"rules", "report", "export", "notes", "carve", "examiner-log"}


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home")
    book.event("openat", ret=3, fd=3, ino=7, text=b"=notes", latency=900, args=(AT_FDCWD,))
    book.event("read", ret=5, fd=3, ino=7, latency=900, data=b"hello", args=(3, 0, 5))
    book.fork(100, 200)
    book.event("procexit", pid=200, args=(0, 1, START_NS, 5 * MS, 4, 2))
    return book.write(tmp_path_factory.mktemp("written") / "one.exhume")


@pytest.mark.parametrize("command", KEYS)
def test_json_and_csv_have_the_keys_that_are_documented(command, capture):
    words = WORDS.get(command, [*command.split(), *([] if command == "views" else ["FILE"])])
    words = [str(capture) if word == "FILE" else word for word in words]
    told = CliRunner().invoke(main, [*words, "--format", "json"])
    rows = json.loads(told.stdout)
    assert told.exit_code == 0 and rows, told.stderr
    assert all(list(row) == KEYS[command] for row in rows)
    written = CliRunner().invoke(main, [*words, "--format", "csv"]).stdout
    lines = list(csv.reader(io.StringIO(written)))
    assert lines[0] == KEYS[command] and len(lines) == len(rows) + 1
    assert not any(cell.startswith(("=", "+", "@")) for line in lines for cell in line)


def test_every_command_that_shows_something_is_documented():
    shown = {
        name
        for name, command in main.commands.items()
        if any(option.name == "form" for option in command.params)
    }
    page = PAGE.read_text("utf-8")
    assert {name for name in shown if f"| `{name}" not in page} <= WITH_PAGES_OF_THEIR_OWN
