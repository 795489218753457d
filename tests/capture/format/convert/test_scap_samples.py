"""Real .scap files: what an independent reader, and sysdig itself, found in them.

Where our figures differ from sysdig's a test here says why.
"""

import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

from capture.model.catalogue import CATALOGUE
from capture.model.events import NO_RESULT, Category, EventFlag
from tests.builders.scap_samples import NO_SAMPLES, counted, oracle, samples
from tests.capture.format.convert.converted import Converted

pytestmark = pytest.mark.skipif(samples() is None, reason=NO_SAMPLES)

SAMPLES = sorted(counted())
each_sample = pytest.mark.parametrize("name", SAMPLES)

SYSDIGS_NAMES = {
    **{"pread64": "pread", "pwrite64": "pwrite", "prlimit64": "prlimit", "umount2": "umount"},
    **{"signal_deliver": "signaldeliver", "accept4": "accept"},
}
INTERNAL = {"procinfo", "container", "useradded", "groupadded", "scapevent"}
"""Events that sysdig reads for itself and does not print."""
BY_ITS_NATIVE_NUMBER = {"falco-cat_write.scap": {"fadvise64 <": 1, "unknown <": -1}}
"""The file tells the call by the number 0, and by the machine's own number, which sysdig does not look at."""
MOST_STREAMS = 80
"""sysdig's list of streams was cut after so many."""


@cache
def converted(name: str) -> Converted:
    return Converted((samples() / name).read_bytes())


@each_sample
def test_every_event_of_a_sample_is_accounted_for(name):
    result = converted(name).result
    tally = result.tally
    assert tally.blocks == counted()[name]
    assert tally.blocks == tally.events + tally.paired - tally.added
    assert converted(name).capture.count == tally.events
    assert result.is_whole
    assert not (tally.unknown_types or tally.unknown_calls or tally.unknown_parameters)
    assert not result.unknown_blocks


def told_by_execs(found: Converted) -> set[int]:
    """Births that no event of the file is: those of processes that an exec shows first."""
    at = [found.columns[name].tolist() for name in ("a0", "a2", "pid", "time", "latency")]
    first: dict[int, int] = {}
    for pid, time, latency, called in zip(*at[2:], found.names, strict=True):
        if called != "procfork":
            first.setdefault(pid, time - max(latency, 1))
    births = [row for row, called in enumerate(found.names) if called == "procfork"]
    return {row for row in births if first.get(int(at[0][row])) == int(at[1][row])}


def directions(found: Converted) -> Counter:
    """Events by type and direction, as sysdig prints them: both ends of each call."""
    counts: Counter = Counter()
    no_end = int(EventFlag.ENTRY_ONLY | EventFlag.NEVER_RETURNED | EventFlag.IN_PROGRESS)
    flags, latency = found.columns["flags"].tolist(), found.columns["latency"].tolist()
    added = told_by_execs(found)
    for row, (kind, flag, took) in enumerate(zip(found.events.kind.tolist(), flags, latency, strict=True)):
        spec = CATALOGUE[kind]
        if row in added:
            continue
        called = SYSDIGS_NAMES.get(spec.name, spec.name)
        if spec.name == "procfork":
            # The end of a clone as the child sees it.
            counts["clone <"] += 1
        elif not spec.is_syscall:
            counts[f"{called} >"] += 1
        else:
            counts[f"{called} >"] += bool(flag & no_end) or took >= 0
            counts[f"{called} <"] += not flag & no_end
    return +counts


@each_sample
def test_events_by_type_and_direction_are_sysdigs_but_for_internal_ones(name):
    ours, theirs = directions(converted(name)), Counter(oracle(name)["by_type"])
    more = Counter(ours)
    more.subtract(theirs)
    differing = {what: count for what, count in more.items() if count and what.split()[0] not in INTERNAL}
    assert differing == BY_ITS_NATIVE_NUMBER.get(name, {})


@each_sample
def test_failed_calls_are_sysdigs(name):
    found = converted(name)
    failed = (
        (found.events.ret < 0) & (found.events.ret > -4096) & (found.columns["flags"] & int(NO_RESULT) == 0)
    )
    specs = [CATALOGUE[kind] for kind in found.events.kind[failed].tolist()]
    ours = Counter(SYSDIGS_NAMES.get(spec.name, spec.name) for spec in specs if spec.is_syscall)
    assert ours == oracle(name)["failed_by_type"]


AFTER_THE_END = {"falco-run_as_user_0_container.scap": {32052: 1}}
"""The processor's last switch away from a thread comes after its end: sysdig gives it to nobody."""


@each_sample
def test_processes_have_as_many_events_as_sysdig_counts(name):
    """Both ends of a call counted, internal events left out; a birth is the child's end of a clone."""
    found = converted(name)
    ours: Counter = Counter()
    added = told_by_execs(found)
    for row, called in enumerate(found.names):
        if called in INTERNAL or row in added:
            continue
        joined = CATALOGUE[found.events.kind[row]].is_syscall and int(found.columns["latency"][row]) >= 0
        pid = found.columns["a0"][row] if called == "procfork" else found.events.pid[row]
        ours[int(pid)] += 1 + joined
    theirs: Counter = Counter()
    for who, count in oracle(name)["events_by_process"].items():
        if who.split()[0].isdecimal():
            theirs[int(who.split()[0])] += count
    theirs.update(AFTER_THE_END.get(name, {}))
    assert {pid: ours[pid] for pid in theirs} == theirs


def streams(found: Converted) -> Counter:
    """Bytes moved, by process, direction and what they were moved to or from."""
    moved: Counter = Counter()
    known = np.where(found.columns["flags"] & int(NO_RESULT), 0, found.events.ret)
    for row in np.flatnonzero(known > 0).tolist():
        category = CATALOGUE[found.events.kind[row]].category
        kind, name = found.thing(row)
        if category in (Category.IO_READ, Category.IO_WRITE) and name:
            direction = "read" if category is Category.IO_READ else "write"
            moved[f"{found.events.pid[row]} {direction} {sysdigs_thing(kind, name)}"] += int(known[row])
    return moved


def sysdigs_thing(kind: str, name: str) -> str:
    """Type and name as sysdig gives them: nothing for what has no name, IPv6 without brackets."""
    anonymous = {"[eventfd]": "event", "[timerfd]": "timerfd", "inotify": "inotify", "[signalfd]": "signalfd"}
    if name.startswith("anon_inode:"):
        return f"{anonymous.get(name.removeprefix('anon_inode:'), kind)} "
    kind = "pipe" if kind == "fifo" else kind
    if name.startswith(("socket:[", "pipe:[")):
        return f"{kind} "
    return f"{kind} {name.replace('[', '').replace(']', '') if kind.startswith('ip') else name}"


THE_OTHER_WAY_ROUND = {"10.0.2.15:22->10.0.2.2:49289": "10.0.2.2:49289->10.0.2.15:22"}
"""Nothing in the file says who of the two began the connection; sysdig goes by their ports."""


FOUND_BY_ITS_PARENTS_DIRECTORY = {
    "/home/terylt/workspace/sf-collector/tests/files/tested_file_test.txt": "tested_file_test.txt"
}
"""sysdig gives no directory to a process whose birth is not in the file."""


NAME_OF_A_PIPE = re.compile(r"pipe:\[\d+\]$")
"""sysdig has it for some pipes and for others not."""


@each_sample
def test_bytes_moved_by_process_and_descriptor_are_sysdigs(name):
    ours: Counter = Counter()
    for stream, count in streams(converted(name)).items():
        pid, direction, kind, ends = stream.split(" ", 3)
        ends = FOUND_BY_ITS_PARENTS_DIRECTORY.get(ends, THE_OTHER_WAY_ROUND.get(ends, ends))
        ours[f"{pid} {direction} {kind} {ends}"] += count
    told = oracle(name)["captured_io_bytes_by_pid_dir_fdtype_fdname"]
    # It lists streams in which nothing was moved, too.
    theirs = {NAME_OF_A_PIPE.sub("", stream): count for stream, count in told.items() if count}
    if any(stream.startswith("-1 ") for stream in theirs):
        # Threads that no table has are of no process there, and each a process of its own here.
        ours = Counter({f"-1 {stream.split(' ', 1)[1]}": count for stream, count in ours.items()})
    if len(told) == MOST_STREAMS:
        ours = Counter({stream: ours[stream] for stream in theirs})
    assert ours == theirs


@each_sample
def test_connections_are_sysdigs(name):
    found = converted(name)
    known = found.found.descriptors
    # Of sockets that only the snapshot lists sysdig tells nothing here.
    used = set(known.of_event.tolist())
    ours = {
        sysdigs_thing(kind, own).split(" ", 1)[1]
        for at, (kind, own) in enumerate(zip(known.type, known.name, strict=True))
        if at in used and kind in ("ipv4", "ipv6") and not own.startswith("socket:[")
    }
    ours = {THE_OTHER_WAY_ROUND.get(ends, ends) for ends in ours}
    # sysdig makes a connection to port 0 of a socket that has not been connected yet.
    theirs = {
        ends.removesuffix("->" + ends.split("->")[-1]) if ends.endswith(":0") else ends
        for ends in oracle(name)["connections"]
    }
    theirs = {ends for ends in theirs if not ends.endswith(":0")}
    assert theirs <= ours
    assert len(ours - theirs) <= 1


def test_containers_of_samples_are_those_that_their_cgroups_and_records_name():
    found = converted("sfcollector-mpm-worker_full_capture.scap")
    worker = [row for row in range(len(found.events)) if found.container(row) == "347b1411b047"]
    assert len(worker) > 10_000
    assert "8644 httpd" in {found.process(row) for row in worker}
    record = next(one for one in found.found.containers.records if one["id"] == "347b1411b047")
    assert (record["runtime"], record["image"]) == ("docker", "httpd_worker")


def test_threads_of_which_nothing_is_told_are_in_no_container_rather_than_on_the_host():
    found = converted("falco-cat_write.scap")
    listed = {row["pid"] for row in found.capture.table("processes")}
    strangers = [
        row for row in range(len(found.events)) if int(found.events.pid[row]) not in listed | {20072}
    ]
    assert strangers
    assert {found.container(row) for row in strangers} == {""}
