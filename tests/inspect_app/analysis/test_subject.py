"""Processes, containers, files and connections by their addresses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.subject import Kind, Subject, find, label_of, process_subject, subject_of
from inspect_app.analysis.subject_facts import facts_of
from inspect_app.analysis.subject_lanes import lanes_of
from inspect_app.analysis.timelines import capture_window
from tests.builders.frames import BATCH, CURL, WEB, build_frames


@pytest.fixture(scope="module")
def frames():
    return build_frames()


def facts(frames, address):
    found = find(frames, subject_of(address))
    return {(group.name, name): value for group in facts_of(frames, found) for name, value in group.items}


@given(st.sampled_from(list(Kind)), st.text(min_size=1))
def test_an_address_leads_back_to_its_subject(kind, name):
    assert subject_of(Subject(kind, name).address) == Subject(kind, name)


@pytest.mark.parametrize(
    "page", ["", "overview", "process", "process/", "moment/5", "pivot/x", "/etc/passwd"]
)
def test_other_pages_are_no_subjects(page):
    assert subject_of(page) is None


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(list(Kind)), name=st.text(min_size=1))
def test_any_name_is_found_or_not(frames, kind, name):
    """Addresses come from sessions and links: none of them raises."""
    found = find(frames, Subject(kind, name))
    assert found is None or len(found.rows) <= len(frames.events)
    assert isinstance(label_of(frames, Subject(kind, name)), str)


def test_the_condition_of_a_process_selects_its_events(frames):
    subject = process_subject(frames, CURL)
    found = find(frames, subject)
    assert np.array_equal(found.rows, select(frames, None, (subject.condition(),)).positions())
    assert label_of(frames, subject) == "curl (201)"


def test_a_pid_used_twice_is_two_subjects(frames):
    rows = np.flatnonzero(frames.processes["pid"].to_numpy() == 201)
    first, second = (find(frames, process_subject(frames, row)).rows for row in rows.tolist())
    assert not set(first.tolist()) & set(second.tolist())


def test_a_container_is_told_alive_or_dead(frames):
    web, batch = (frames.containers["id"].iat[row] for row in (WEB, BATCH))
    assert facts(frames, f"container/{web}")["Container", "Removed"] == "alive at the end"
    assert facts(frames, f"container/{batch}")["Container", "Removed"].endswith("UTC")


def test_a_file_is_one_container_s_where_it_is_asked_for_there(frames):
    name = str(frames.descriptors["name"][frames.descriptors["type"] == "file"].iat[0])
    everywhere = find(frames, Subject(Kind.FILE, f":{name}"))
    for container in frames.containers["id"]:
        there = find(frames, Subject(Kind.FILE, f"{container}:{name}"))
        assert there is None or set(there.rows.tolist()) <= set(everywhere.rows.tolist())
    assert find(frames, Subject(Kind.FILE, f"no-such:{name}")) is None


def test_lanes_add_up_to_what_the_subject_did(frames):
    found = find(frames, process_subject(frames, CURL))
    window = capture_window(frames)
    events = lanes_of(frames, Kind.PROCESS, found.rows, window, bins=40)[0]
    assert events.total == len(found.rows) == int(events.counts.sum())
    half = TimeRange(window.start_ns, (window.start_ns + window.end_ns) // 2)
    assert lanes_of(frames, Kind.PROCESS, found.rows, half, bins=7)[0].total <= events.total
