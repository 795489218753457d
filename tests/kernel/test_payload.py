"""The first bytes of what was moved are kept exactly, as many as were asked for."""

import pytest

from capture.model.events import EventFlag
from tests.kernel.captures import Capture, run_programs

pytestmark = pytest.mark.kernel

_OURS = ("--only-command",)
"""Nobody else: much payload of a busy machine would be given up."""
SNAPLENS = (0, 80, 300, 2048, 65_536)


def pattern(start, size):
    return bytes((start + 7 * at) % 256 for at in range(size))


@pytest.fixture(scope="module", params=SNAPLENS)
def recorded(request, tmp_path_factory):
    """(snaplen, capture, facts) of one recording with each snaplen."""
    folder = tmp_path_factory.mktemp("payload")
    path = folder / "payload.exhume"
    told = run_programs(path, folder, "payload", options=("--snaplen", request.param, *_OURS))["payload"]
    assert told["code"] == 0, told["err"]
    return request.param, Capture(path), told["facts"]


def _moves(capture, facts):
    """Each move with its event; the program makes other calls of these names before it begins."""
    calls = {}
    for name, fd, start, size in facts["moved"]:
        if name not in calls:
            calls[name] = capture.calls(name, pid=facts["pid"])
        found = next(
            (call for call in calls[name] if (call.fd, call.ret) == (fd, size) and _is_ours(call, start)),
            None,
        )
        assert found is not None, (name, fd, size)
        calls[name].remove(found)
        yield found, start, size


def _is_ours(call, start):
    """Whether this may be the call that moved the pattern which begins so."""
    return not call.captured or call.payload[0] == start


def test_the_first_bytes_are_exact_and_no_more_than_asked_for(recorded):
    snaplen, capture, facts = recorded
    for call, start, size in _moves(capture, facts):
        assert call.captured <= snaplen
        if size:
            assert call.payload == pattern(start, min(size, snaplen)), (call.name, size)


def test_what_is_cut_is_flagged_and_nothing_else_is(recorded):
    snaplen, capture, facts = recorded
    for call, _, size in _moves(capture, facts):
        cut = bool(call.flags & EventFlag.DATA_TRUNCATED)
        assert cut == (size > snaplen > 0), (call.name, size)
        assert not call.flags & EventFlag.UNREADABLE


def test_a_snaplen_of_nothing_keeps_no_byte_of_anybody(recorded):
    snaplen, capture, _ = recorded
    if snaplen:
        assert capture.columns["captured"].max() > 0
    else:
        assert capture.columns["captured"].max() == 0


def test_no_event_keeps_more_than_was_asked_for(recorded):
    snaplen, capture, _ = recorded
    pairs = capture.rows("pipe", "pipe2", "socketpair")
    captured = capture.columns["captured"].copy()
    captured[pairs] = 0  # these keep two descriptor numbers, whatever was asked for
    assert captured.max() <= snaplen


def test_more_buffers_than_are_followed_are_flagged(recorded):
    snaplen, capture, facts = recorded
    fd, start = facts["many"]
    (call,) = capture.calls("writev", pid=facts["pid"], fd=fd)
    assert call.ret == 24
    if snaplen:
        assert call.payload == pattern(start, call.captured)
        assert bool(call.flags & EventFlag.DATA_TRUNCATED) == (call.captured < 24)
