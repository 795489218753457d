"""What the probe is told to copy for each call, and the sizes of what it copies into."""

import numpy as np
import pytest

from capture.agent.errors import CaptureError
from capture.agent.layout import MEMBERS, kernel_constants
from capture.agent.plan import LIFE_CALLS, NONE, PLAN_DTYPE, PLANS, make_plans, privileged_words, probe_plans
from capture.agent.records import HEAD, STAMP, WORDS, record_dtype
from capture.agent.settings import MAX_SNAPLEN, TEXT_MAX, LaneSpec, Settings
from capture.model.abi import Abi
from capture.model.catalogue import SYSTEM_CALL_SPECS, TABLES_OF_NUMBERS, spec_named
from capture.model.syscalls_i386 import SOCKETCALLS

EMPTY = {"returns_fd": 0, "addr_kind": 0, "data_kind": 0, "size_from_ret": 0, "life": 0, "bulk": 0}
EMPTY |= {"structure": 0, "narrow": 0}
EMPTY |= dict.fromkeys(
    ("fd", "dirfd", "text", "text2", "addr", "data", "open_flags", "second_fd", "pointer"), NONE
)


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("openat", {"dirfd": 0, "text": 1, "returns_fd": 1, "open_flags": 2}),
        ("open", {"text": 0, "returns_fd": 1, "open_flags": 1}),
        ("read", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 2, "size_from_ret": 1}),
        ("write", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 1, "size_from_ret": 1}),
        ("readv", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 4, "size_from_ret": 1}),
        ("writev", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 3, "size_from_ret": 1}),
        (
            "sendto",
            {"bulk": 1, "fd": 0, "data": 1, "data_kind": 1, "addr": 4, "addr_kind": 1, "size_from_ret": 1},
        ),
        (
            "recvfrom",
            {"bulk": 1, "fd": 0, "data": 1, "data_kind": 2, "addr": 4, "addr_kind": 2, "size_from_ret": 1},
        ),
        ("sendmsg", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 5, "size_from_ret": 1}),
        ("recvmsg", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 6, "size_from_ret": 1}),
        ("sendmmsg", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 8}),
        ("recvmmsg", {"bulk": 1, "fd": 0, "data": 1, "data_kind": 9}),
        ("sendfile", {"bulk": 1, "fd": 0, "second_fd": 1, "size_from_ret": 1}),
        ("splice", {"bulk": 1, "fd": 0, "second_fd": 2, "size_from_ret": 1}),
        ("connect", {"fd": 0, "addr": 1, "addr_kind": 1, "life": 1}),
        ("accept4", {"fd": 0, "addr": 1, "addr_kind": 2, "returns_fd": 1, "life": 1}),
        ("rename", {"text": 0, "text2": 1}),
        ("renameat2", {"dirfd": 0, "text": 1, "text2": 3}),
        ("close", {"fd": 0}),
        ("getpid", {"bulk": 1}),
        ("pipe2", {"data": 0, "data_kind": 7}),
        ("execve", {"text": 0, "life": 1}),
        ("mount", {"text": 0, "text2": 1, "life": 1, "structure": 12, "pointer": 2}),
        ("setxattr", {"text": 0, "text2": 1, "data": 2, "data_kind": 1}),
        ("msgrcv", {"bulk": 1, "size_from_ret": 1, "structure": 15, "pointer": 1}),
        (
            "openat2",
            {"dirfd": 0, "text": 1, "returns_fd": 1, "open_flags": 2, "structure": 1, "pointer": 2},
        ),
        ("clone3", {"life": 1, "structure": 2, "pointer": 0}),
        ("bpf", {"life": 1, "structure": 6, "pointer": 1}),
    ],
)
def test_a_call_has_the_plan_that_its_row_declares(name, plan):
    made = make_plans("x86_64")[spec_named(name).x86_64]
    assert {name: int(made[name]) for name in EMPTY} == EMPTY | plan


@pytest.mark.parametrize(
    ("name", "abi", "plan"),
    [
        ("open", "i386", {"text": 0, "returns_fd": 1}),
        ("chown32", "i386", {"text": 0}),
        ("fanotify_mark", "i386", {"fd": 0, "dirfd": 4, "text": 5}),
        ("pread64", "i386", {"fd": 0, "data": 1, "data_kind": 2, "size_from_ret": 1}),
        ("connect", "i386", {"fd": 0, "addr": 1, "addr_kind": 1, "life": 1}),
        ("readv", "i386", {"fd": 0, "size_from_ret": 1, "data": 1, "narrow": 4, "structure": 8}),
        ("sendmsg", "x32", {"fd": 0, "size_from_ret": 1, "data": 1, "narrow": 5, "structure": 8}),
        ("socketcall", "i386", {"structure": 7, "pointer": 1}),
        ("fcntl64", "i386", {"fd": 0, "structure": 4, "pointer": 2}),
        ("close", "i386", {}),
        ("execve", "x32", {"text": 0, "life": 1}),
    ],
)
def test_structures_of_a_32_bit_program_are_for_a_program_of_their_own(name, abi, plan):
    made = make_plans(abi)[spec_named(name).code_on(abi)]
    empty = EMPTY | {"open_flags": int(made["open_flags"])}
    assert {field: int(made[field]) for field in EMPTY} == empty | plan


@pytest.mark.parametrize("arch", TABLES_OF_NUMBERS)
def test_every_call_of_the_catalogue_has_a_plan_within_six_arguments(arch):
    plans = make_plans(arch)
    assert int(plans["args"].max()) == 6
    assert plans["behind"].tolist() == [
        bool(row["addr_kind"] or row["data_kind"] or row["text"] != NONE or row["second_fd"] != NONE)
        for row in plans
    ]
    assert plans.dtype == PLAN_DTYPE and len(plans) == PLANS
    numbers = {spec.code_on(arch) for spec in SYSTEM_CALL_SPECS} - {None}
    for name in ("fd", "dirfd", "text", "text2", "addr", "data"):
        assert set(plans[name].tolist()) <= {*range(6), NONE}
    unlisted = np.delete(plans, [number for number in numbers if number < PLANS])
    assert set(unlisted["text"].tolist()) == {NONE}
    assert not unlisted["life"].any()
    assert max(numbers) < PLANS


def test_what_socketcall_asks_for_has_the_plan_of_that_call():
    plans = probe_plans()[3 * PLANS :]
    asked = {number: plans[number] for number in SOCKETCALLS}
    assert [int(asked[number]["args"]) for number in (1, 3, 9, 11)] == [3, 3, 4, 6]
    assert (asked[3]["fd"], asked[3]["addr"], asked[3]["addr_kind"]) == (0, 1, 1)
    assert (asked[12]["data"], asked[12]["data_kind"], asked[12]["addr_kind"]) == (1, 2, 2)
    assert (asked[16]["data_kind"], asked[16]["narrow"]) == (0, 5)
    assert not np.delete(plans, list(SOCKETCALLS))["args"].any()


def test_the_calls_of_process_life_are_calls():
    assert {spec.name for spec in SYSTEM_CALL_SPECS} >= LIFE_CALLS


def test_a_head_is_whole_words_with_every_field_in_place():
    assert HEAD.itemsize == WORDS * 8
    offsets = [(HEAD.fields[name][1], HEAD.fields[name][0].itemsize) for name in HEAD.names]
    end = 0
    for offset, size in offsets:
        assert (offset, offset % size) == (end, 0)
        end += size
    assert end == HEAD.itemsize


def test_a_head_is_two_lines_of_the_processors_cache():
    assert HEAD.itemsize == 128


@pytest.mark.parametrize("size", [0, 160, 1024, 8192])
def test_a_record_of_a_ring_buffer_has_a_word_before_its_head_and_its_data(size):
    dtype = record_dtype(size)
    assert dtype.itemsize == 8 + HEAD.itemsize + size
    assert dtype.itemsize % 8 == 0, "records stand on words"


@pytest.mark.parametrize("mib", [8, 9, 63, 64, 65, 1000, 4096])
@pytest.mark.parametrize("cpus", [1, 2, 12, 256])
@pytest.mark.parametrize("snaplen", [0, 80, MAX_SNAPLEN])
def test_lanes_of_calls_have_room_for_the_largest_record(mib, cpus, snaplen):
    sizes = Settings(snaplen=snaplen, buffer_mib=mib).calls(cpus)
    for power_of_two in (sizes.segment, sizes.segments):
        assert power_of_two & (power_of_two - 1) == 0
    # A socket, an address, then two texts or payload, each beginning on a word; vectors may come up to twice.
    assert sizes.record_bytes >= 48 + 112 + 2 * max(TEXT_MAX, snaplen) + 5 * 8
    assert sizes.segment >= 4 * sizes.record_bytes and sizes.segments >= 2
    assert sizes.records % sizes.heads == 0, "the probe holds one against the other"
    records = sizes.records * STAMP.itemsize + sizes.heads * HEAD.itemsize
    memory = sizes.cpus * (records + sizes.bytes) / (1 << 20)
    assert memory <= max(mib, 4 * cpus)
    assert memory >= mib / 2


@pytest.mark.parametrize("lane", Settings().lanes(), ids=lambda lane: lane.name)
def test_ring_buffers_have_sizes_that_the_kernel_takes(lane):
    assert isinstance(lane, LaneSpec) and lane.pages & (lane.pages - 1) == 0
    assert lane.data % 8 == lane.second % 8 == 0
    assert lane.second * 2 == lane.data or lane.programs


class Types:
    """Struct layouts as the kernel's BTF would tell them."""

    def __init__(self, without=()):
        self._without = without

    def offset(self, struct, path):
        if path in self._without:
            raise KeyError(path)
        return 8 * len(path)

    def size(self, struct):
        return 16


def test_each_member_becomes_a_constant_of_the_probe():
    constants = kernel_constants(Types())
    assert {f"K_{name}" for name, _, _ in MEMBERS} < set(constants)
    assert constants["K_TASK_FILES"] == 8 * len("files")
    assert constants["K_SOCK_SPAN"] % 8 == 0
    assert constants["K_SOCK_SPAN"] >= constants["K_SOCK_V6_RCV_SADDR"] + 16
    assert constants["K_UPID_SIZE"] == 16


def test_a_member_that_was_renamed_is_found_under_its_old_name():
    assert kernel_constants(Types(without=("start_boottime",)))["K_TASK_START"] == 8 * len("real_start_time")


def test_a_member_that_is_gone_is_told_by_name():
    with pytest.raises(CaptureError, match="task_struct has none of start_boottime, real_start_time"):
        kernel_constants(Types(without=("start_boottime", "real_start_time")))


@pytest.mark.parametrize(
    ("abi", "numbers", "others"),
    [
        (Abi.X86_64, [59, 105, 117, 157, 272, 308], [11, 23, 213, 204]),
        # What is setresuid to a 64-bit program is ipc here; select there is setuid here.
        (Abi.I386, [11, 23, 46, 172, 204, 213, 310, 346], [59, 105, 117, 157, 272, 308]),
    ],
)
def test_calls_that_change_privileges_go_by_the_numbers_of_their_entry(abi, numbers, others):
    words = privileged_words(abi)
    assert all(words[number // 64] >> number % 64 & 1 for number in numbers)
    assert not any(words[number // 64] >> number % 64 & 1 for number in others)
