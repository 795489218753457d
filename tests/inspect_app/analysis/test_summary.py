"""A capture in figures."""

from dataclasses import replace

from inspect_app.analysis.summary import Unseen, summarise
from tests.builders.frames import build_frames


def test_the_summary_tells_what_is_there_and_what_is_not(frames):
    summary = summarise(frames)
    assert (summary.hostname, summary.kernel, summary.cpus) == ("node-1", "6.18.0", 4)
    assert (summary.events, summary.processes, summary.processes_ended) == (223, 10, 4)
    assert (summary.containers, summary.containers_dead, summary.containers_unnamed) == (3, 1, 1)
    assert summary.unseen == (Unseen("dropped", 40, 1), Unseen("lost", 12, 1), Unseen("undecodable", 1, 1))
    assert summary.unseen_events == 53
    assert summary.span_ns == 2_000_000_000


def test_what_the_host_did_not_say_is_missing_and_not_made_up():
    summary = summarise(replace(build_frames(0), host={}))
    assert (summary.hostname, summary.cpus, summary.started_ns, summary.span_ns) == ("", None, None, None)
