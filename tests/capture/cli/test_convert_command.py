"""exhume-capture convert."""

import json

from capture.cli.errors import Exit
from tests.builders.scap import ScapBuilder


def scap(path, cut=None):
    book = ScapBuilder()
    book.process(100)
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    path.write_bytes(book.plain()[:cut])
    return path


def test_a_scap_file_becomes_a_capture_that_tells_where_it_comes_from(run, tmp_path):
    file, output = scap(tmp_path / "trace.scap"), tmp_path / "trace.exhume"
    done = run("convert", file, "-o", output)
    assert done.exit_code == Exit.FINE
    assert "1 events from 2 records" in done.stdout
    told = json.loads(run("info", output, "--json").stdout)
    assert told["events"] == 1
    assert run("verify", output).exit_code == Exit.FINE
    assert "read(3, " in run("events", output).stdout


def test_a_file_that_is_cut_short_becomes_a_capture_that_is(run, tmp_path):
    file, output = scap(tmp_path / "trace.scap", cut=-4), tmp_path / "trace.exhume"
    done = run("convert", file, "-o", output)
    assert done.exit_code == Exit.CUT_SHORT
    assert "not read to its end" in done.stderr
    assert run("verify", output).exit_code == Exit.CUT_SHORT


def test_what_is_no_scap_file_leaves_nothing_behind(run, tmp_path):
    (tmp_path / "x.scap").write_bytes(b"hello")
    done = run("convert", tmp_path / "x.scap", "-o", tmp_path / "x.exhume")
    assert done.exit_code == Exit.UNREADABLE
    assert "not a .scap file" in done.stderr
    assert not (tmp_path / "x.exhume").exists()


def test_a_file_of_the_other_byte_order_is_refused_and_named(run, tmp_path):
    book = bytearray(scap(tmp_path / "big.scap").read_bytes())
    book[8:12] = book[8:12][::-1]
    (tmp_path / "big.scap").write_bytes(book)
    done = run("convert", tmp_path / "big.scap", "-o", tmp_path / "x.exhume")
    assert done.exit_code == Exit.UNREADABLE
    assert "big.scap: a .scap file of a big-endian machine" in done.stderr
    assert not (tmp_path / "x.exhume").exists()


def test_a_capture_is_not_overwritten_unasked(run, tmp_path):
    file, output = scap(tmp_path / "trace.scap"), tmp_path / "trace.exhume"
    output.write_bytes(b"evidence")
    assert run("convert", file, "-o", output).exit_code == Exit.WRITE_FAILED
    assert output.read_bytes() == b"evidence"
    assert run("convert", file, "-o", output, "--overwrite").exit_code == Exit.FINE


def test_a_missing_file_is_told_in_one_line(run, tmp_path):
    done = run("convert", tmp_path / "nothing.scap", "-o", tmp_path / "x.exhume")
    assert done.exit_code == Exit.UNREADABLE
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "x.exhume").exists()
