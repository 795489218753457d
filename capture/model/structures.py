"""Structures that arguments point to, by the name that `Arg.table` gives: the layout of each.

`capture.model.members` tells how they are written. The recorder keeps a structure's first bytes in the place
of an address; capget's and capset's two follow each other there.

Sources: include/uapi/linux/{openat2,sched,sched/types,capability,fcntl,bpf,mount,landlock,perf_event,io_uring,sem,msg,
ipc,resource}.h; arch/x86/include/asm/compat.h.
"""

# ruff: noqa: E501 - a layout reads best on few lines

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from capture.model.abi import Abi, is_narrow
from capture.model.events import Arg
from capture.model.members import KeyedStructure, Structure, layout
from capture.model.values import low_32_bits

_FLOCK = layout(
    "s16 l_type:enum=lock_type s16 l_whence:enum=whence s64 l_start:long s64 l_len:long s32 l_pid?:pid"
)
_OWNER = layout("s32 type:enum=owner_type s32 pid:pid")
_FLOCK_OF_I386 = layout(
    "s16 l_type:enum=lock_type s16 l_whence:enum=whence s32 l_start:int s32 l_len:int s32 l_pid?:pid"
)
_FLOCK64_OF_I386 = layout(
    "s16 l_type:enum=lock_type s16 l_whence:enum=whence s64@4 l_start:long s64@12 l_len:long s32 l_pid?:pid"
)
_LOCKS, _LOCKS_64, _OPEN_LOCKS, _OWNERS = (5, 6, 7), (12, 13, 14), (36, 37, 38), (15, 16)
"""fcntl's commands that point to one."""

_ELEMENT = "s32 map_fd:fd u64 key:pointer u64 value?:pointer u64 flags?:flags=bpf_elem_flags"
_OBJECT = "u64 pathname:path s32 bpf_fd:fd u32 file_flags?:flags=bpf_map_flags s32 path_fd?:dirfd"
_ATTACH = """
    s32 target_fd:fd s32 attach_bpf_fd:fd u32 attach_type:enum=bpf_attach_type
    u32 attach_flags?:flags=bpf_attach_flags s32 replace_bpf_fd?:fd s32 relative_fd?:fd u64 expected_revision?
"""
_NEXT = "u32 start_id u32 next_id u32 open_flags?:flags=bpf_map_flags"
_BY_ID = "u32 id u32 next_id? u32 open_flags?:flags=bpf_map_flags"
_BATCH = """
    u64 in_batch?:pointer u64 out_batch?:pointer u64 keys?:pointer u64 values?:pointer u32 count s32 map_fd:fd
    u64 elem_flags?:flags=bpf_elem_flags u64 flags?
"""
_MAP = """
    u32 map_type:enum=bpf_map_type u32 key_size u32 value_size u32 max_entries u32 map_flags?:flags=bpf_map_flags
    s32 inner_map_fd?:fd u32 numa_node? char16 map_name? u32 map_ifindex? s32 btf_fd?:fd u32 btf_key_type_id?
    u32 btf_value_type_id? u32 btf_vmlinux_value_type_id? u64 map_extra?:hex s32 value_type_btf_obj_fd?:fd
    s32 map_token_fd?:fd
"""
_PROGRAM = """
    u32 prog_type:enum=bpf_prog_type u32 insn_cnt u64 insns:pointer u64 license:string u32 log_level? u32 log_size?
    u64 log_buf?:pointer u32 kern_version?:hex u32 prog_flags?:flags=bpf_prog_flags char16 prog_name?
    u32 prog_ifindex? u32 expected_attach_type?:enum=bpf_attach_type s32 prog_btf_fd?:fd u32 func_info_rec_size?
    u64 func_info?:pointer u32 func_info_cnt? u32 line_info_rec_size? u64 line_info?:pointer u32 line_info_cnt?
    u32 attach_btf_id? s32 attach_prog_fd?:fd u32 core_relo_cnt? u64 fd_array?:pointer u64 core_relos?:pointer
    u32 core_relo_rec_size? u32 log_true_size? s32 prog_token_fd?:fd u32 fd_array_cnt?
"""
_BPF: Mapping[tuple[int, ...], str] = {
    (0,): _MAP,
    (1, 2, 3, 4, 21): _ELEMENT,
    (5,): _PROGRAM,
    (6, 7): _OBJECT,
    (8, 9): _ATTACH,
    (10,): """
        s32 prog_fd:fd u32 retval? u32 data_size_in? u32 data_size_out? u64 data_in?:pointer u64 data_out?:pointer
        u32 repeat? u32 duration? u32 ctx_size_in? u32 ctx_size_out? u64 ctx_in?:pointer u64 ctx_out?:pointer
        u32 flags?:hex u32 cpu? u32 batch_size?
    """,
    (11, 12, 23, 31): _NEXT,
    (13, 14, 19, 30): _BY_ID,
    (15,): "s32 bpf_fd:fd u32 info_len u64 info:pointer",
    (16,): """
        s32 target_fd:fd u32 attach_type:enum=bpf_attach_type u32 query_flags?:hex
        u32 attach_flags?:flags=bpf_attach_flags u64 prog_ids?:pointer u32 prog_cnt?
    """,
    (17,): "u64 name:string s32 prog_fd:fd u64 cookie?:hex",
    (18,): """
        u64 btf:pointer u64 btf_log_buf?:pointer u32 btf_size u32 btf_log_size? u32 btf_log_level?
        u32 btf_log_true_size? u32 btf_flags?:hex s32 btf_token_fd?:fd
    """,
    (20,): "s32 pid:pid s32 fd:fd u32 flags? u32 buf_len? u64 buf?:pointer u32 prog_id? u32 fd_type?",
    (22,): "s32 map_fd:fd",
    (24, 25, 26, 27): _BATCH,
    (
        28,
    ): "s32 prog_fd:fd s32 target_fd:fd u32 attach_type:enum=bpf_attach_type u32 flags?:hex u32 target_btf_id?",
    (29,): "s32 link_fd:fd s32 new_prog_fd:fd u32 flags?:flags=bpf_attach_flags s32 old_prog_fd?:fd",
    (32,): "u32 type:enum=bpf_stats_type",
    (33,): "s32 link_fd:fd u32 flags?:hex",
    (34,): "s32 link_fd:fd",
    (35,): "s32 prog_fd:fd s32 map_fd:fd u32 flags?:hex",
    (36,): "u32 flags?:hex s32 bpffs_fd:fd",
    (37,): "u64 stream_buf:pointer u32 stream_buf_len u32 stream_id s32 prog_fd:fd",
}
"""By command."""


_PERMISSIONS = layout("s32 key:enum=ipc_key u32 uid:uid u32 gid:gid u32 cuid:uid u32 cgid:gid u16 mode:mode")


def _keyed(by: str, *choices: tuple[tuple[int, ...], Structure]) -> KeyedStructure:
    return KeyedStructure(by, {key: structure for keys, structure in choices for key in keys})


STRUCTURES: Mapping[str, Structure | KeyedStructure] = {
    "open_how": layout("u64 flags:flags=open_flags u64 mode?:mode u64 resolve?:flags=resolve_flags"),
    "clone_args": layout("""
        u64 flags:flags=clone3_flags u64 pidfd?:pointer u64 child_tid?:pointer u64 parent_tid?:pointer
        u64 exit_signal:signal u64 stack?:pointer u64 stack_size?:pointer u64 tls?:pointer ids32@88 set_tid?
        u64@72 set_tid_size? u64 cgroup?:fd
    """),
    "cap_header": layout("u32 version:enum=capability_version s32 pid:pid"),
    "cap_data": layout("""
        caps@8 effective:flags=capability_set caps@12 permitted:flags=capability_set
        caps@16 inheritable:flags=capability_set
    """),
    "groups": replace(layout("ids32@0 list:gid"), unit=4),
    "groups_16": replace(layout("ids16@0 list:gid"), unit=2),
    "fcntl_arg": _keyed("cmd", (_LOCKS + _OPEN_LOCKS, _FLOCK), (_OWNERS, _OWNER)),
    "mount_attr": layout("""
        u64 attr_set:flags=mount_attr u64 attr_clr:flags=mount_attr u64 propagation?:flags=mount_flags
        u64 userns_fd?:fd
    """),
    "landlock_ruleset": layout("""
        u64 handled_access_fs:flags=landlock_access_fs u64 handled_access_net?:flags=landlock_access_net
        u64 scoped?:flags=landlock_scope
    """),
    "landlock_rule": _keyed(
        "rule_type",
        ((1,), layout("u64 allowed_access:flags=landlock_access_fs s32 parent_fd:fd")),
        ((2,), layout("u64 allowed_access:flags=landlock_access_net u32 port")),
    ),
    "perf_event_attr": layout("""
        u32 type:enum=perf_type u32 size? u64 config:hex u64 sample_period? u64 sample_type?:hex
        u64 read_format?:hex u64 flags?:hex
    """),
    "io_uring_params": layout(
        "u32 sq_entries u32 cq_entries u32 flags:flags=io_uring_setup_flags u32 sq_thread_cpu?"
    ),
    "rlimit": layout("s64 rlim_cur:long s64 rlim_max:long"),
    "rlimit64": layout("s64 rlim_cur:long s64 rlim_max:long"),
    "sched_param": layout("s32 sched_priority:int"),
    "sched_attr": layout("""
        u32 size? u32 sched_policy:enum=sched_class u64 sched_flags?:hex s32 sched_nice?:int
        u32 sched_priority? u64 sched_runtime? u64 sched_deadline? u64 sched_period?
    """),
    "cpu_set": layout("u64 cpus:hex"),
    "sembuf": replace(
        layout("u16 sem_num s16 sem_op:int s16 sem_flg?:flags=sembuf_flags"), unit=6, is_array=True
    ),
    "content": Structure(()),  # payload of no given size
    "msgbuf": layout("s64 mtype:long"),
    "ipc_perm": _keyed("cmd", ((1, 2, 0x101, 0x102), _PERMISSIONS)),
    "bpf_attr": _keyed("cmd", *((commands, layout(text)) for commands, text in _BPF.items())),
}
_OF_32_BITS: Mapping[str, Structure | KeyedStructure] = {
    "fcntl_arg": _keyed(
        "cmd", (_LOCKS, _FLOCK_OF_I386), (_LOCKS_64 + _OPEN_LOCKS, _FLOCK64_OF_I386), (_OWNERS, _OWNER)
    ),
    "msgbuf": layout("s32 mtype:long"),
    "rlimit": layout("s32 rlim_cur:int s32 rlim_max:int"),
}
"""Where those of 32-bit programs are laid out in another way."""


def structure_of(arg: Arg, values: Mapping[str, int], abi: str) -> Structure | None:
    """What an argument points to, None where it is no structure that is kept.

    Args:
        arg: the argument.
        values: all arguments of the call, by name.
        abi: the table that the call came through.
    """
    known = STRUCTURES.get(arg.table)
    if is_narrow(Abi(abi)):
        known = _OF_32_BITS.get(arg.table, known)
    if isinstance(known, KeyedStructure):
        return known.structures.get(low_32_bits(values[known.by]))
    return known
