"""exhume-inspect slice: what a filter chooses, with the names of what was opened before."""

from click.testing import CliRunner

from capture.evidence.judgement import judge_file
from capture.evidence.keys import make_keys
from capture.evidence.signing import Signature, Signed
from capture.format import CaptureFile, State
from inspect_app.cli import main
from tests.builders.capture import CaptureBuilder
from tests.builders.scap import ScapBuilder


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_slice_by_a_filter_keeps_names_and_tells_the_filter(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    book.process(200, comm="other", cwd="/")
    book.open(100, "/etc/motd", ino=7)
    for at in range(10):
        book.event("read", pid=100, ret=1, fd=3, ino=7, args=(3, 0, 1), data=b"%d" % at)
        book.event("read", pid=200, ret=1, fd=3, ino=9, args=(3, 0, 1), data=b"x")
    path, out = book.write(tmp_path / "node.exhume", block=4), tmp_path / "part.exhume"
    wanted = "fd.name = /etc/motd and evt.type = read"
    result = run("slice", path, "--filter", wanted, "--window", "+5ms..", "-o", out)
    assert result.exit_code == 0, result.output
    with CaptureFile.open(out) as capture:
        assert capture.verdict.state is State.WHOLE
        payloads = [capture.payload(row) for row in range(capture.count)]
        assert payloads == [b"", *(b"%d" % at for at in range(2, 10))], "the open, then what was asked for"
        assert capture.section["derived"][0]["options"] == {"filter": wanted, "window": "+5ms.."}
        assert [row["pid"] for row in capture.table("processes")] == [100]
    shown = run("view", out, "files", "--format", "csv").stdout
    assert "/etc/motd" in shown
    assert run("slice", path, "--filter", wanted, "-o", out).exit_code == 6, "nothing is written over"
    assert run("slice", path, "--filter", "no.such = 1", "-o", tmp_path / "x").exit_code == 2
    assert not (tmp_path / "x").exists()


def test_a_slice_is_signed_with_a_key_that_can_be_used(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh")
    book.event("getpid", pid=100)
    path, out = book.write(tmp_path / "node.exhume"), tmp_path / "part.exhume"
    public = make_keys(tmp_path / "me.key", tmp_path / "me.pub")
    wanted = ("--filter", "proc.name = sh", "-o", out)
    assert run("slice", path, *wanted, "--sign", path).exit_code == 2
    assert not out.exists()
    assert run("slice", path, *wanted, "--sign", tmp_path / "me.key").exit_code == 0
    with CaptureFile.open(out) as capture:
        assert judge_file(capture).signature == Signature(Signed.VALID, public.hex())


def test_a_scap_file_is_sliced_as_it_is(tmp_path):
    book = ScapBuilder()
    book.process(100, comm="sh", exe="/bin/sh")
    book.process(200, comm="cat", exe="/bin/cat")
    for tid in (100, 200):
        book.call("read", tid, enter=(3, 8), exit=(1, b"x"))
    path, out = tmp_path / "node.scap", tmp_path / "part.exhume"
    path.write_bytes(book.plain())
    result = run("slice", path, "--filter", "proc.name = cat", "-o", out)
    assert result.exit_code == 0, result.output
    with CaptureFile.open(out) as capture:
        assert (capture.count, capture.verdict.state) == (1, State.WHOLE)
