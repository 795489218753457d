"""Short options among arguments, as the transformer `getopt` tells them."""

import pytest

from inspect_app.analysis.selection import select
from inspect_app.filters.errors import FilterError
from inspect_app.filters.language import parse
from inspect_app.frames import open_capture
from tests.builders.capture import CaptureBuilder

LINES = {
    201: ("nc", "-lp", "4444", "-e", "/bin/sh"),
    202: ("nc", "-e/bin/sh", "host", "-l"),
    203: ("nc", "--exec", "-l", "-z", "--", "-e", "/bin/sh"),
    204: ("nc", "-e"),
    205: ("nc", "-", "-l"),
    206: ("nc",),
}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    book = CaptureBuilder()
    book.process(100, comm="sh")
    for pid, line in LINES.items():
        book.fork(100, pid, comm=b"sh")
        book.exec(pid, "/bin/nc", *line, ino=50)
    return open_capture(book.write(tmp_path_factory.mktemp("options") / "x.exhume"))


@pytest.mark.parametrize(
    ("condition", "pids"),
    [
        ('getopt(proc.args, "e:lp:")[e] = /bin/sh', {201, 202}),
        ('getopt(proc.args, "e:lp:")[p] = 4444', {201}),
        ('getopt(proc.args, "e:lp:")[l] = l', {201, 203}),
        ('getopt(proc.args, "e:lp:")[e] exists', {201, 202, 204}),
        ('getopt(proc.args, "e:lp:")[e] = ""', {204}),
        ('getopt(proc.args, "e:lp:") intersects (4444, "?")', {201, 203}),
        ('getopt(proc.args, "e:lp:") startswith /bin', {201, 202}),
        ('basename(getopt(proc.args, "e:lp:")[e]) = sh', {201, 202}),
        ('getopt(proc.args, "")[e] exists', set()),
        ('getopt(proc.args, "::e")[e] = e', {202, 204}),
    ],
)
def test_options_are_read_as_getopt_reads_them(frames, condition, pids):
    rows = select(frames, None, [f"proc.name = nc and {condition}"]).rows
    found = frames.processes["pid"].to_numpy()[frames.events["process"].to_numpy()[rows]]
    assert set(found.tolist()) == pids


def test_what_is_written_out_reads_as_it_was_meant():
    expression = parse("getopt( proc.args , 'e:l' )['e'] in (a, b)")
    assert parse(str(expression.root)).root == expression.root


@pytest.mark.parametrize(
    "text",
    [
        'getopt(proc.name, "a") = b',
        'getopt(proc.args[0], "a") = b',
        'getopt(proc.args, "a")[ab] = b',
        "getopt(proc.args) = b",
        'getopt("a", proc.args) = b',
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(FilterError):
        parse(text)


def test_no_program_has_so_many_options_that_they_exhaust_memory(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh")
    book.exec(100, "/bin/nc", "nc", "-" + "l" * 100_000, ino=50)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert len(select(frames, None, ['getopt(proc.args, "l") = l']))
