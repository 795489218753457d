"""Several messages in one call; bytes that go from descriptor to descriptor."""

from types import SimpleNamespace

import pytest

from capture.model.events import EventFlag
from inspect_app.analysis.event import describe_event
from tests.kernel.captures import PROGRAMS, PYTHON, Capture, exhume_capture, record, run_programs

pytestmark = pytest.mark.kernel

TEXTS = (b"first message", b"second", b"the third one of them")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Recorded alone: on a busy machine calls of a high rate are counted, not kept."""
    folder = tmp_path_factory.mktemp("many")
    path = folder / "many.exhume"
    told = run_programs(path, folder, "many_at_once", options=("--only-command",))["many_at_once"]
    assert told["code"] == 0, told["err"]
    return Capture(path), SimpleNamespace(**told["facts"])


@pytest.fixture
def capture(recorded):
    return recorded[0]


@pytest.fixture
def facts(recorded):
    return recorded[1]


@pytest.mark.parametrize(("name", "side"), [("sendmmsg", "one"), ("recvmmsg", "other")])
def test_the_messages_of_one_call_are_kept_one_after_another(capture: Capture, facts, name, side):
    (call,) = capture.calls(name, pid=facts.pid, fd=getattr(facts, side))
    assert call.ret == 3
    assert call.payload == b"".join(TEXTS)
    assert call.a5 == sum(map(len, TEXTS))
    assert not call.flags & EventFlag.DATA_TRUNCATED
    assert int(capture.frames.events["size"].iloc[call.row]) == sum(map(len, TEXTS))


def test_the_address_of_the_first_message_is_kept(capture, facts):
    (call,) = capture.calls("sendmmsg", pid=facts.pid)
    assert call.addr[2:8] == facts.port.to_bytes(2, "big") + bytes((127, 0, 0, 1))


@pytest.mark.parametrize(
    ("name", "size", "first", "second"),
    [
        ("sendfile", 4_000, "target", "source"),
        ("copy_file_range", 3_000, "source", "target"),
        ("splice", 2_000, "source", None),
        ("tee", 1_000, None, None),
    ],
)
def test_both_descriptors_are_known_of_what_goes_from_one_to_the_other(
    capture, facts, name, size, first, second
):
    (call,) = [call for call in capture.calls(name, pid=facts.pid) if call.ret == size]
    if first:
        assert call.ino == facts.inos[str(getattr(facts, first))]
    expected = {"splice": facts.inos[str(facts.pipe[1])], "tee": facts.second_pipe}.get(name)
    other = expected or facts.inos[str(getattr(facts, second))]
    assert int.from_bytes(call.addr[:8], "little") == other
    assert int(capture.frames.events["size"].iloc[call.row]) == size
    groups = {group.name: dict(group.items) for group in describe_event(capture.frames, call.row).groups}
    if name == "copy_file_range":
        # What it is about is the file that was written.
        assert call.descriptor["name"].endswith(f"/{second}")
        second, other = first, call.ino
    assert groups["Other descriptor"]["Inode"] == str(other)
    if second:
        assert groups["Other descriptor"]["Name"].endswith(f"/{second}")


def test_what_was_kept_of_how_much_is_in_the_lines(tmp_path):
    path = tmp_path / "lines.exhume"
    done = record(path, *PYTHON, PROGRAMS / "many_at_once.py", tmp_path, options=("--only-command",))
    assert done.returncode == 0, done.stderr
    lines = exhume_capture("events", path).stdout.splitlines()
    (line,) = [line for line in lines if " sendmmsg(" in line]
    assert "first message" in line
    (cut,) = [line for line in lines if " write(" in line and "80 of 10,000 bytes kept" in line]
    assert " = 10000 " in cut
