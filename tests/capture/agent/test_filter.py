"""What the probe is told to leave out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.agent.filter import (
    CALLS,
    MARK_ONLY,
    MARK_SKIP,
    UNDECIDED,
    CgroupMarks,
    RecordingFilter,
    descendants,
)
from capture.agent.plan import PLANS
from capture.containers.cgroup_paths import container_of
from capture.model.catalogue import SYSTEM_CALL_SPECS, spec_named
from capture.model.events import Category
from capture.model.recording_filter import Rule, filter_text, read_rules
from capture.model.state_calls import ALWAYS_RECORDED

ALWAYS, LEFT_OUT, CHANGES = 1, 2, 4
CGROUP_ONLY, CGROUP_SKIP, NO_CONTAINER = 4, 8, 32
NAMES = st.sampled_from(sorted(spec.name for spec in SYSTEM_CALL_SPECS))
CATEGORIES = st.sampled_from(sorted(map(str, Category)))
RULES = st.one_of(
    st.builds(
        Rule, st.sampled_from(["only", "skip"]), st.just("call"), st.lists(NAMES, min_size=1).map(tuple)
    ),
    st.builds(
        Rule,
        st.sampled_from(["only", "skip"]),
        st.just("category"),
        st.lists(CATEGORIES, min_size=1).map(tuple),
    ),
)


def chosen(*rules):
    return RecordingFilter(tuple(Rule(kind, by, values) for kind, by, *values in rules))


def rule(of, name, table=0):
    return int(of.call_rules()[table * PLANS + spec_named(name).x86_64])


@pytest.mark.parametrize(
    ("rules", "left_out", "kept"),
    [
        ([("skip", "call", "futex", "poll")], ["futex", "poll"], ["read", "mmap", "getpid"]),
        ([("skip", "category", "memory")], ["mmap", "brk"], ["read", "futex"]),
        ([("only", "call", "read")], ["write", "mmap", "futex"], ["read"]),
        ([("only", "call", "read"), ("only", "category", "memory")], ["write"], ["read", "mmap"]),
        ([("only", "category", "memory"), ("skip", "call", "brk")], ["read", "brk"], ["mmap"]),
        ([("only", "uid", "0")], [], ["read", "mmap"]),
    ],
)
def test_a_call_is_left_out_by_its_name_or_category(rules, left_out, kept):
    of = chosen(*[(kind, by, *values) for kind, by, *values in rules])
    assert {name for name in left_out if not rule(of, name) & LEFT_OUT} == set()
    assert {name for name in kept if rule(of, name) & LEFT_OUT} == set()


@given(st.lists(RULES, max_size=4))
def test_no_filter_leaves_out_calls_by_which_names_and_lives_are_known(rules):
    of = RecordingFilter(tuple(rules))
    table = of.call_rules()
    assert table.shape == (CALLS,) and table.dtype == np.uint64
    for name in ALWAYS_RECORDED:
        if (number := spec_named(name).x86_64) is not None:
            assert table[number] & np.uint64(ALWAYS | LEFT_OUT) == ALWAYS
    assert table[PLANS + 102] == ALWAYS, "i386's socketcall makes descriptors"


def test_calls_that_make_or_close_descriptors_or_lives_are_always_recorded():
    assert {
        "openat",
        "socket",
        "accept4",
        "dup3",
        "pipe2",
        "close",
        "close_range",
        "execve",
    } <= ALWAYS_RECORDED
    assert {"clone", "clone3", "exit_group", "connect", "bind", "chdir", "mount", "setuid"} <= ALWAYS_RECORDED
    assert not ALWAYS_RECORDED & {"read", "write", "futex", "mmap", "poll", "epoll_wait", "getpid", "fstat"}


@pytest.mark.parametrize(("table", "number"), [(0, 39), (1, 20), (2, 39)])
def test_a_call_has_its_rule_in_the_table_of_each_abi(table, number):
    """getpid of x86_64, of i386, of x32."""
    rules = chosen(("skip", "call", "getpid")).call_rules()
    assert rules[table * PLANS + number] == LEFT_OUT
    assert int((rules == LEFT_OUT).sum()) == 3


def test_calls_after_which_the_caller_may_be_another_are_marked():
    of = chosen(("only", "uid", "1000"), ("skip", "call", "prctl"))
    assert rule(of, "setuid") == ALWAYS | CHANGES
    assert rule(of, "prctl") == LEFT_OUT | CHANGES


def test_the_probe_is_compiled_with_what_the_filter_concerns():
    assert RecordingFilter().constants() == {}
    of = chosen(("only", "tree", "command"), ("skip", "uid", "7"), ("skip", "call", "futex"))
    assert of.constants() == {"FILTERING": 1, "ONLY_BY": 4, "SKIP_BY": 8, "OF_COMMAND": 1}
    assert of.concerns("uid", "comm") and not of.concerns("container", "cgroup")
    assert of.marks("uid") == {"7": MARK_SKIP}


@given(st.lists(RULES, max_size=3))
def test_rules_come_out_of_a_file_as_they_went_in(rules):
    assert read_rules([rule.row() for rule in rules]) == tuple(rules)
    assert filter_text(rules).count(";") == max(0, len(rules) - 1)


ID = "0123456789ab" + "c" * 52
PATH = f"/libpod_parent/libpod-{ID}"
ROW = {"name": "web", "metadata": "recorded"}


def marks(rules, *steps):
    """What each cgroup is marked with after these steps of `learn`."""
    found = {}
    of = CgroupMarks(chosen(*rules), found.__setitem__)
    for path, row, final in steps:
        of.learn(path, container_of(path), row, final=final)
    return found


@pytest.mark.parametrize(
    ("value", "row", "final", "mark"),
    [
        ("web", None, False, UNDECIDED),
        ("web", None, True, 0),
        ("web", ROW, True, MARK_ONLY),
        ("w*b", ROW, True, MARK_ONLY),
        ("we", ROW, True, 0),
        ("WEB", ROW, True, 0),
        ("0123", None, False, MARK_ONLY),
        ("0123456789ab", None, False, MARK_ONLY),
        (ID, ROW, True, MARK_ONLY),
        ("123", ROW, True, 0),
        ("host", ROW, True, 0),
    ],
)
def test_a_container_is_chosen_by_name_pattern_or_beginning_of_its_id(value, row, final, mark):
    assert marks([("only", "container", value)], (PATH, row, final)) == {PATH: mark}


UID = "0f1e2d3c-1111-2222-3333-444455556666"
IN_POD = f"/kubepods/burstable/pod{UID}/{ID}"
POD_ROW = {"name": "web", "pod": "shop-1", "namespace": "prod", "pod_uid": UID}


@pytest.mark.parametrize(
    ("value", "row", "mark"),
    [
        ("shop-1", POD_ROW, MARK_ONLY),
        ("shop-*", POD_ROW, MARK_ONLY),
        ("prod/shop-1", POD_ROW, MARK_ONLY),
        ("prod/*", POD_ROW, MARK_ONLY),
        ("test/shop-1", POD_ROW, 0),
        ("web", POD_ROW, 0),
        (UID, None, MARK_ONLY),
        ("shop-1", None, UNDECIDED),
    ],
)
def test_a_pod_is_chosen_by_name_namespace_or_uid(value, row, mark):
    assert marks([("only", "pod", value)], (IN_POD, row, row is not None)) == {IN_POD: mark}


@pytest.mark.parametrize(
    ("rules", "mark"),
    [
        ([("only", "pod", "shop-1"), ("only", "container", "web")], MARK_ONLY),
        ([("only", "pod", "shop-1"), ("only", "container", "db")], 0),
        ([("only", "pod", "shop-1"), ("skip", "container", "web")], MARK_ONLY | MARK_SKIP),
        ([("skip", "pod", "shop-1")], MARK_SKIP),
        ([("skip", "pod", "other")], 0),
    ],
)
def test_a_pod_and_a_container_of_it_are_chosen_together(rules, mark):
    assert marks(rules, (IN_POD, POD_ROW, True)) == {IN_POD: mark}


def test_the_host_is_of_no_pod():
    assert marks([("skip", "pod", "host")], ("/x", None, True)) == {"/x": NO_CONTAINER}


def test_the_host_is_what_is_in_no_container():
    rules = [("skip", "container", "host")]
    assert marks(rules, ("/system.slice", None, True)) == {"/system.slice": MARK_SKIP | NO_CONTAINER}
    assert marks(rules, (PATH, ROW, True)) == {PATH: 0}
    assert marks(rules, (PATH, None, False)) == {PATH: 0}, "its name would change nothing"


def test_all_cgroups_of_a_container_are_decided_when_its_name_comes():
    steps = [(PATH, None, False), (f"{PATH}/container", None, False), (PATH, ROW, True)]
    found = marks([("only", "container", "web")], *steps)
    assert found == {PATH: MARK_ONLY, f"{PATH}/container": MARK_ONLY}
    found = marks([("only", "container", "web")], *steps[:2])
    assert found == {PATH: UNDECIDED, f"{PATH}/container": UNDECIDED}


@pytest.mark.parametrize(
    ("path", "mark"),
    [("/a/b", CGROUP_ONLY), ("/a/b/c", CGROUP_ONLY), ("/a/bc", 0), ("/a", 0), ("/", 0)],
)
def test_a_subtree_is_a_path_and_what_is_below(path, mark):
    assert marks([("only", "cgroup", "/a/b/")], (path, None, True)) == {path: mark | NO_CONTAINER}


def test_the_root_of_all_cgroups_is_a_subtree_too():
    assert marks([("skip", "cgroup", "/")], ("/x", None, True)) == {"/x": CGROUP_SKIP | NO_CONTAINER}


@given(st.dictionaries(st.integers(1, 30), st.integers(0, 30)))
def test_descendants_are_all_that_lead_back(parents):
    def leads_back(pid, seen=()):
        return pid == 1 or (pid in parents and pid not in seen and leads_back(parents[pid], (*seen, pid)))

    found = descendants([1], parents)
    assert found - {1} == {pid for pid in parents if pid != 1 and leads_back(pid)}
