"""One event in full."""

import pytest

from inspect_app.analysis.event import NOT_RECORDED, describe_event
from inspect_app.analysis.selection import select
from tests.builders.frames import build_frames


def detail(frames, condition):
    described = describe_event(frames, int(select(frames, None, [condition]).positions()[0]))
    return described, {group.name: dict(group.items) for group in described.groups}


def test_a_failed_open_reads_as_in_strace(frames):
    described, groups = detail(frames, "evt.type = openat and evt.res = ENOENT")
    assert described.line.startswith('openat(AT_FDCWD, "/etc/curlrc", O_RDONLY')
    assert described.line.endswith("= -1 ENOENT (No such file or directory)")
    assert groups["Event"]["Error"] == "ENOENT"
    assert groups["Process"]["Command"] == "curl -s http://example.org/index.html"
    assert groups["Ancestors"] == {"1": "sh (100)", "2": "systemd (1)"}
    assert groups["Descriptor"]["Inode"] == NOT_RECORDED
    assert groups["User"] == {"UID": "1000", "Name": "alice", "Home": "/home/alice"}


def test_a_socket_shows_both_ends_and_what_was_kept(frames):
    _, groups = detail(frames, "evt.type = recvfrom and container.name = web")
    assert groups["Descriptor"]["Local end"] == "172.17.0.2:80"
    assert groups["Descriptor"]["Peer"] == "192.168.1.5:51000"
    assert groups["Event"]["Transferred"] == groups["Event"]["Kept"].split(" of ")[1]
    assert groups["Container"]["Pod"] == "web-7d4b9"


def test_the_host_an_unknown_container_and_a_nameless_one_look_different(frames):
    host = detail(frames, "container.id = host")[1]["Container"]
    unknown = detail(frames, "not container.id exists")[1]["Container"]
    nameless = detail(frames, "container.id = ffee00112233")[1]["Container"]
    assert host == {"Container": "none: this is the host"}
    assert unknown == {"Container": "could not be told"}
    assert (nameless["Name"], nameless["Metadata"]) == (NOT_RECORDED, "bundle not found")


def test_how_a_process_ended_is_told(frames):
    _, groups = detail(frames, "proc.pid = 402")
    assert groups["Process"]["Ended"].endswith("killed by SIGKILL")


def test_an_event_of_an_unseen_process_says_what_is_not_recorded(frames):
    _, groups = detail(frames, "proc.pid = 777")
    assert groups["Process"]["Name"] == NOT_RECORDED
    assert groups["Process"]["Started"] == NOT_RECORDED


@pytest.mark.parametrize("row", range(0, 223, 7))
def test_every_event_can_be_described(frames, row):
    described = describe_event(frames, row)
    assert described.groups[0].name == "Event"
    assert described.line.isprintable()


def test_a_call_that_no_catalogue_lists_shows_its_raw_arguments():
    frames = build_frames()
    frames.events["type"] = frames.events["type"].cat.rename_categories({"capset": "syscall_999"})
    described, groups = detail(frames, "evt.type = syscall_999")
    assert described.line == "syscall_999(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) = 0"
    assert groups["Event"]["Category"] == "not in the catalogue"


def test_what_a_process_calls_itself_cannot_move_the_cursor():
    frames = build_frames()
    frames.images["cmdline"] = "sh \x1b[2J\u202e\n"
    for group in describe_event(frames, 3).groups:
        assert all(value.isprintable() for _, value in group.items)


def test_a_row_that_is_not_there_is_refused(frames):
    with pytest.raises(IndexError, match="event 999999 of 223"):
        describe_event(frames, 999_999)


def test_a_container_in_the_detail_tells_what_it_may_do(frames):
    container = dict(detail(frames, "container.name = web")[1]["Container"])
    expected = {
        "Kind": "container",
        "Pod labels": '{"tier": "front"}',
        "User": "www",
        "Environment": "PATH, TOKEN",
        "Capabilities added": "NET_ADMIN",
        "Seccomp": "filtered",
        "Host namespaces": "network, user",
        "Host mounts": "/etc:/host/etc:rw",
        "Memory limit": "536,870,912 bytes",
        "CPU limit": "1.5 processors",
        "Process limit": "none",
    }
    assert {title: container.get(title) for title in expected} == expected
    assert "Exit code" not in container


def test_a_container_in_the_detail_tells_how_it_ended(frames):
    container = dict(detail(frames, "container.name = batch")[1]["Container"])
    assert (container["Exit code"], container["Out of memory"]) == ("1", "1 killed")
    assert (container["Memory limit"], container.get("CPU limit")) == ("none", None)
