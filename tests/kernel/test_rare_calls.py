"""Calls that few programs make: names, messages and structures behind their arguments."""

import pytest

from inspect_app.analysis.event import describe_event

pytestmark = pytest.mark.kernel


def line(capture, name, pid, **columns):
    (call,) = capture.calls(name, pid=pid, **columns)
    return describe_event(capture.frames, call.row).line


def test_messages_of_queues_and_operations_on_semaphores_are_shown(capture, told):
    facts = told("rare_calls")
    assert '{mtype=7, mtext="queued"}, 6, 0) = 0' in line(capture, "msgsnd", facts.pid)
    received = [
        describe_event(capture.frames, call.row).line for call in capture.calls("msgrcv", pid=facts.pid)
    ]
    assert '{mtype=7, mtext="queued"}, 64, 7, 0) = 6' in received[0]
    assert "mtype" not in received[1] and "ENOMSG" in received[1]
    assert "IPC_STAT, {key=IPC_PRIVATE, uid=0, gid=0, cuid=0, cgid=0, mode=0600}) = 0" in (
        describe_event(capture.frames, capture.calls("msgctl", pid=facts.pid)[0].row).line
    )
    assert "[{sem_num=0, sem_op=1}, {sem_num=1, sem_op=2, sem_flg=SEM_UNDO}], 2) = 0" in (
        line(capture, "semop", facts.pid)
    )


def test_keys_attributes_and_links_are_shown_with_what_they_hold(capture, told):
    facts = told("rare_calls")
    assert line(capture, "add_key", facts.pid) == (
        f'add_key("user", "a:key", "in the key", 10, KEY_SPEC_PROCESS_KEYRING) = {facts.key}'
    )
    read, searched = capture.calls("keyctl", pid=facts.pid)
    assert '"in the key", 0x40) = 10' in describe_event(capture.frames, read.row).line
    assert (
        'KEY_SPEC_PROCESS_KEYRING, "user", "a:key", 0x0) = '
        in describe_event(capture.frames, searched.row).line
    )
    assert line(capture, "setxattr", facts.pid) == 'setxattr("named", "user.note", "a note", 6, 0) = 0'
    assert capture.calls("getxattr", pid=facts.pid)[-1].payload == b"a note"
    assert capture.calls("readlink", pid=facts.pid)[-1].payload == b"there"


def test_an_empty_path_is_what_its_descriptor_leads_to(capture, told):
    facts = told("rare_calls")
    assert capture.calls("newfstatat", pid=facts.pid, ret=0)[-1].path.endswith("/rare_calls/named")
    (linked,) = capture.calls("linkat", pid=facts.pid)
    assert linked.path.endswith("/rare_calls/named")
    assert linked.path2.endswith("/rare_calls/linked")


def test_mounts_tell_their_file_system_and_options(capture, told):
    pid = told("rare_calls").mounts
    mounted = capture.calls("mount", pid=pid)[-1]
    assert describe_event(capture.frames, mounted.row).line == (
        'mount("none", "mounted", "tmpfs", MS_NOSUID, "size=1M") = 0'
    )
    assert 'FSCONFIG_SET_STRING, "mode", "0711", 0) = 0' in line(capture, "fsconfig", pid)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("prlimit64", "RLIMIT_CORE, {rlim_cur=0, rlim_max=1048576}, NULL) = 0"),
        ("sched_setattr", "{size=48, sched_policy=SCHED_BATCH, sched_nice=5}, 0) = 0"),
        ("perf_event_open", "{type=PERF_TYPE_SOFTWARE, size=128, config=0x9}, 0, -1, -1, 0)"),
        (
            "landlock_create_ruleset",
            "{handled_access_fs=LANDLOCK_ACCESS_FS_EXECUTE|LANDLOCK_ACCESS_FS_READ_FILE}, 8, 0)",
        ),
    ],
)
def test_small_structures_are_shown_by_their_members(capture, told, name, shown):
    last = capture.calls(name, pid=told("rare_calls").pid)[-1]
    assert shown in describe_event(capture.frames, last.row).line


def test_nothing_is_made_up_of_a_call_whose_registers_the_new_program_has(capture, told):
    begun = capture.calls("execveat", pid=told("rare_calls").program)[-1]
    shown = describe_event(capture.frames, begun.row).line
    assert shown.startswith('execveat("/dev/fd/') and shown.endswith(', ["true", "by a number"]) = 0')
    assert begun.image["exepath"].endswith("/true")
