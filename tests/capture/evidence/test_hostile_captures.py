"""Captures of strangers, through every command of the node: a documented code, no traceback, no escape."""

import pytest

from tests.builders.hostile import CASES

READING = (("info",), ("info", "--json"), ("events",), ("events", "--format", "json"), ("verify", "--json"))
MAKING = (
    *(("slice", "--window", "+0s..+1s"), ("slice", "--pid", "100"), ("slice", "--container", "host")),
    *(("merge",), ("redact", "--secrets", "--field", "payload", "--field", "arguments"), ("salvage",)),
)


@pytest.fixture(scope="module", params=CASES)
def hostile(request, tmp_path_factory):
    return CASES[request.param]().write(tmp_path_factory.mktemp("hostile") / "x.exhume", block=50)


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_hostile_capture_is_read(command, hostile, run):
    result = run(*command, hostile)
    assert result.exit_code == 0, result.stderr
    shown = result.stdout.replace("\n", "") + result.stderr.replace("\n", "")
    assert shown.isprintable()


@pytest.mark.parametrize("command", MAKING, ids=" ".join)
def test_what_is_made_of_a_hostile_capture_is_whole_or_refused(command, hostile, run, tmp_path):
    out = tmp_path / "out.exhume"
    result = run(*command, hostile, "-o", out)
    assert result.exit_code in (0, 1, 2)
    assert result.stderr.replace("\n", "").isprintable()
    if result.exit_code == 0:
        assert run("verify", out, "--parent", hostile).exit_code == 0
        assert run("info", out).exit_code == 0
    else:
        assert not out.exists()
