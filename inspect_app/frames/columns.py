"""The columns of every frame, declared once: name, dtype, unit, meaning. Docs and tests read this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class FrameColumn:
    """One documented column of a frame."""

    name: str
    dtype: str
    unit: str
    meaning: str
    default: int | str | None = None
    """What every row has where a table is made without it."""


_HOST = FrameColumn("host", "int32", "row of hosts", "the host that it is of", 0)

HOST_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("hostname", "str", "", "its name; empty: not recorded"),
    FrameColumn("machine_id", "str", "", "its identity as systemd keeps it; empty: not recorded"),
    FrameColumn("machine", "str", "", "its architecture"),
    FrameColumn("kernel", "str", "", "release of its kernel"),
    FrameColumn("os", "str", "", "its distribution"),
    FrameColumn("cpus", "int64", "", "how many processors it has, -1 not known"),
    FrameColumn("container", "int32", "row of containers", "the row that stands for the host itself"),
)

RECORDING_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("path", "str", "", "where its file, or the folder of its files, lies"),
    FrameColumn("host", "int32", "row of hosts", "which host it is of"),
    FrameColumn("boot_id", "str", "", "the boot of the host; empty: not recorded"),
    FrameColumn("recorder", "str", "", "what made it"),
    FrameColumn("started", "int64", "ns since 1970 UTC", "when it began"),
    FrameColumn("ended", "int64", "ns since 1970 UTC", "when it ended"),
    FrameColumn("events", "int64", "events", "how many of its events are in `events`"),
    FrameColumn("left_out", "int64", "events", "how many are not, as another recording has them"),
    FrameColumn("boot_to_utc", "int64", "ns", "its clock: what makes time since boot UTC; -1 not recorded"),
    FrameColumn("correction", "int64", "ns", "what was added to its times: by the host's first recording"),
    FrameColumn("drift", "int64", "ns", "by how much the host's UTC went off while it recorded"),
    FrameColumn("state", "str", "", "whole, cut short, altered or unfinished"),
)

EVENT_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("time", "int64", "ns since 1970 UTC", "when the call returned; its start is time - latency"),
    FrameColumn("latency", "int64", "ns", "how long the call took; -1 where its start was not seen"),
    FrameColumn("type", "category", "", "the event's name (openat, read, procexit); one shared dictionary"),
    FrameColumn("ret", "int64", "", "what the call returned; -4095…-1 is a negated errno"),
    FrameColumn("flags", "uint16", "EventFlag", "how it was seen: in progress, truncated, 32-bit, …"),
    FrameColumn("cpu", "uint16", "", "the processor on which it returned"),
    FrameColumn("process", "int32", "row of processes", "who made it"),
    FrameColumn("thread", "int32", "row of threads", "which of its threads made it"),
    FrameColumn("image", "int32", "row of images", "the program that the process was running at that moment"),
    FrameColumn("container", "int32", "row of containers", "0 is the host; -1 where it could not be told"),
    FrameColumn("uid", "uint32", "", "the user id at that moment, as the host sees it"),
    FrameColumn("fd", "int32", "", "the descriptor number it worked on or made, -1 none"),
    FrameColumn("descriptor", "int32", "row of descriptors", "the thing behind fd or path, -1 none"),
    FrameColumn("path", "int32", "position in paths", "the first path given, resolved; -1 none"),
    FrameColumn(
        "path2", "int32", "position in paths", "the second path of rename, link and the like; -1 none"
    ),
    FrameColumn(
        "size",
        "int64",
        "bytes",
        "transferred by a successful read, write, send or receive; else, or peeked at, 0",
    ),
    FrameColumn("captured", "uint32", "bytes", "payload bytes kept in the file"),
    FrameColumn(
        "abi", "uint8", "position in ABIS", "the table of calls it came through: x86_64, i386, x32, …"
    ),
)

PROCESS_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("pid", "int64", "", "as the host sees it"),
    FrameColumn("start", "int64", "ns since 1970 UTC", "when it was created; -1 not seen"),
    FrameColumn("end", "int64", "ns since 1970 UTC", "when its last thread ended; -1 alive at the end"),
    FrameColumn("ppid", "int64", "", "pid of the creating parent; -1 not known"),
    FrameColumn("parent", "int32", "row of processes", "the creating parent, -1 not known"),
    FrameColumn(
        "last_parent",
        "int32",
        "row of processes",
        "its parent in the end: who adopted it once its creator had ended; -1 unknown",
        -1,
    ),
    FrameColumn("image", "int32", "row of images", "the last program it ran"),
    FrameColumn("container", "int32", "row of containers", "0 is the host"),
    FrameColumn("uid", "int64", "", "the user id when first seen; -1 not known"),
    FrameColumn("sid", "int64", "", "session id, -1 not known"),
    FrameColumn("tty", "int64", "", "controlling terminal's device number, 0 none, -1 not known"),
    FrameColumn("loginuid", "int64", "", "the audit login uid, -1 not set or not known"),
    FrameColumn("exit_code", "int64", "", "what it passed to exit, -1 did not exit or was killed"),
    FrameColumn("exit_signal", "int64", "", "the signal that killed it, 0 none, -1 did not end"),
    FrameColumn("existed", "bool", "", "was there when the recording began"),
    FrameColumn("gid", "int64", "", "real group id when the recording began; -1 did not exist or not known"),
    FrameColumn("pgid", "int64", "", "process group when the recording began; -1 likewise"),
    FrameColumn("nspid", "int64", "", "pid in its own namespace when the recording began; -1 likewise"),
    FrameColumn("mntns", "int64", "", "mount namespace (inode) when the recording began; -1 likewise", -1),
    FrameColumn("cap_permitted", "int64", "mask", "capabilities when the recording began; -1 likewise"),
    FrameColumn("cap_effective", "int64", "mask", "capabilities when the recording began; -1 likewise"),
    FrameColumn(
        "fd_limit", "int64", "", "most descriptors it might open when the recording began; -1 likewise", -1
    ),
    FrameColumn(
        "cgroups", "str", "", "lines of /proc/PID/cgroup when the recording began; empty likewise", ""
    ),
    _HOST,
)

THREAD_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("tid", "int64", "", "as the host sees it"),
    FrameColumn("process", "int32", "row of processes", "whose thread it is"),
    FrameColumn("start", "int64", "ns since 1970 UTC", "-1 not seen"),
    FrameColumn("end", "int64", "ns since 1970 UTC", "-1 alive at the end"),
)

IMAGE_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("process", "int32", "row of processes", "which process ran it"),
    FrameColumn("since", "int64", "ns since 1970 UTC", "when the process began to run it"),
    FrameColumn("event", "int64", "row of events", "the exec, -1 inherited or from the snapshot"),
    FrameColumn("comm", "str", "", "the kernel's name for it, at most 15 bytes"),
    FrameColumn("exe", "str", "", "argv[0]"),
    FrameColumn("exepath", "str", "", "path of the program, as resolved"),
    FrameColumn("args", "str", "", "the arguments after argv[0], joined with blanks"),
    FrameColumn("argv", "str", "", "the arguments after argv[0], a NUL after each"),
    FrameColumn("cmdline", "str", "", "comm and args"),
    FrameColumn("cwd", "str", "", "working directory when first seen, empty not known"),
    FrameColumn("dev", "int64", "", "device of the program file, -1 not known"),
    FrameColumn("ino", "int64", "", "inode of the program file, -1 not known"),
    FrameColumn(
        "script", "str", "", "path of the script that was given where the program is its interpreter"
    ),
    FrameColumn("script_sha256", "str", "", "digest of the script; empty: script_note says why"),
    FrameColumn("script_note", "str", "", "why it was not hashed, or what is to be known of the digest"),
    FrameColumn("exe_mode", "int64", "", "file type and permissions of the program, -1 not known"),
    FrameColumn(
        "exe_flags", "int64", "ProgramFlag", "layer, in memory alone, without a name …; -1 not known"
    ),
    FrameColumn("exe_uid", "int64", "", "owner of the program file, -1 not known"),
    FrameColumn("exe_gid", "int64", "", "its group, -1 not known"),
    FrameColumn("exe_size", "int64", "bytes", "size of the program file, -1 not known"),
    FrameColumn("exe_mtime", "int64", "ns since 1970 UTC", "its last write; -1 not known"),
    FrameColumn(
        "exe_ctime", "int64", "ns since 1970 UTC", "its last change of content or status; -1 not known"
    ),
    FrameColumn("sha256", "str", "", "digest of the program file, 64 hex digits; empty: exe_note says why"),
    FrameColumn("exe_note", "str", "", "why it was not hashed, or what is to be known of the digest"),
    FrameColumn("exe_capabilities", "str", "", "its file capabilities as raw hex; empty: none or not known"),
    FrameColumn("environment", "int32", "position in environments", "-1 not recorded"),
)

DESCRIPTOR_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn(
        "type", "str", "", "file directory ipv4 ipv6 unix netlink packet pipe fifo char block event other"
    ),
    FrameColumn("name", "str", "", "path, tuple (10.0.0.1:4000->10.0.0.2:80), pipe:[7]; empty: not known"),
    FrameColumn("dev", "int64", "", "device, -1 not known"),
    FrameColumn("ino", "int64", "", "inode, -1 not known"),
    FrameColumn("mode", "int64", "", "file mode bits, -1 not known"),
    FrameColumn("l4proto", "str", "", "tcp udp icmp raw, empty where it does not apply"),
    FrameColumn("laddr", "str", "", "local address"),
    FrameColumn("lport", "int64", "", "local port, -1 none"),
    FrameColumn("raddr", "str", "", "peer's address"),
    FrameColumn("rport", "int64", "", "peer's port, -1 none"),
    FrameColumn("role", "str", "", "client, server, listener or empty"),
    FrameColumn("first", "int64", "ns since 1970 UTC", "first event on it"),
    FrameColumn("last", "int64", "ns since 1970 UTC", "last event on it"),
    _HOST,
)

CONTAINER_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("id", "str", "", "12 hex digits; 'host' for row 0"),
    FrameColumn("full_id", "str", "", "all 64 digits, empty not known"),
    FrameColumn("name", "str", "", "name given by its runtime; empty: metadata not seen"),
    FrameColumn("kind", "str", "", "sandbox or container; empty where its runtime makes no difference"),
    FrameColumn("image", "str", "", "image it was made from; empty: not seen"),
    FrameColumn("image_id", "str", "", "the runtime's id of the image"),
    FrameColumn("image_digest", "str", "", "the registry's digest of the image"),
    FrameColumn("runtime", "str", "", "podman docker containerd cri-o lxc …"),
    FrameColumn("birth", "int64", "ns since 1970 UTC", "-1: existed when the recording began"),
    FrameColumn("death", "int64", "ns since 1970 UTC", "-1: alive at the end"),
    FrameColumn("starts", "int64", "", "how often it was started within the recording"),
    FrameColumn(
        "exit_code", "int64", "", "of its first process, 128 + signal if killed; -1 alive or not known"
    ),
    FrameColumn("oom_kills", "int64", "", "processes in it that the kernel killed for want of memory"),
    FrameColumn("first_process", "int32", "row of processes", "what it began with, -1 not known"),
    FrameColumn("created", "int64", "ns since 1970 UTC", "creation time from its metadata, -1 not known"),
    FrameColumn("pod", "str", "", "Kubernetes pod, or Podman's"),
    FrameColumn("namespace", "str", "", "Kubernetes namespace"),
    FrameColumn("pod_uid", "str", "", "uid of the pod"),
    FrameColumn("pod_labels", "str", "", "JSON object of the pod's labels, empty none"),
    FrameColumn("sandbox", "str", "", "full id of the container that holds the pod's namespaces"),
    FrameColumn("command", "str", "", "what it was told to run"),
    FrameColumn("entrypoint", "str", "", "the part of the command that is the entry point"),
    FrameColumn("user", "str", "", "user it runs as, name or uid:gid"),
    FrameColumn("working_directory", "str", "", "where its first process begins"),
    FrameColumn("hostname", "str", "", "what it calls itself"),
    FrameColumn("environment", "str", "", "names of environment variables, comma-separated"),
    FrameColumn("labels", "str", "", "JSON object of labels, empty none"),
    FrameColumn("restart_policy", "str", "", "no, always, on-failure:3, …"),
    FrameColumn("privileged", "str", "", "yes, no, or empty: not known"),
    FrameColumn("no_new_privileges", "str", "", "yes, no, or empty: not known"),
    FrameColumn("read_only", "str", "", "whether its root file system is: yes, no, or empty: not known"),
    FrameColumn("capabilities", "str", "", "its bounding set, without CAP_, comma-separated"),
    FrameColumn("capabilities_added", "str", "", "beyond the runtime's default"),
    FrameColumn("capabilities_dropped", "str", "", "of the runtime's default"),
    FrameColumn("seccomp", "str", "", "unconfined, filtered, or a profile's name"),
    FrameColumn("apparmor", "str", "", "profile"),
    FrameColumn("selinux", "str", "", "label"),
    FrameColumn("mounts", "str", "", "JSON list of source, destination, type, options; empty none"),
    FrameColumn("sensitive_mounts", "str", "", "source:destination:mode of mounts that reach into the host"),
    FrameColumn("devices", "str", "", "devices of the host that it was given"),
    FrameColumn("host_namespaces", "str", "", "namespaces that are the host's, comma-separated"),
    FrameColumn("joined_namespaces", "str", "", "JSON object: namespace → whose it joined, empty none"),
    FrameColumn("memory_limit", "int64", "bytes", "0 no limit, -1 not known"),
    FrameColumn("cpu_limit", "int64", "thousandths of a processor", "0 no limit, -1 not known"),
    FrameColumn("cpuset", "str", "", "processors it may run on"),
    FrameColumn("pids_limit", "int64", "", "processes and threads; 0 no limit, -1 not known"),
    FrameColumn("addresses", "str", "", "IP addresses, comma-separated"),
    FrameColumn("cni", "str", "", "what the network plugin answered, JSON"),
    FrameColumn("init_pid", "int64", "", "pid of its first process as its runtime tells, -1 not known"),
    FrameColumn("metadata", "str", "", "'recorded', or why it is missing"),
    FrameColumn("cgroup", "str", "", "path of its cgroup"),
    FrameColumn("parent", "str", "", "full id of the container that it runs in"),
    _HOST,
)

SAMPLE_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("time", "int64", "ns since 1970 UTC", "when it was taken"),
    FrameColumn("process", "int32", "row of processes", "-1: not known"),
    FrameColumn("cpu_time", "int64", "ns", "processor time since it began, of all its threads; to 10 ms"),
    FrameColumn("rss", "int64", "bytes", "resident memory"),
    FrameColumn("vms", "int64", "bytes", "virtual memory"),
    FrameColumn("minflt", "int64", "", "minor page faults since it began"),
    FrameColumn("majflt", "int64", "", "major page faults since it began"),
    FrameColumn("threads", "int64", "", "how many threads it has"),
)

USER_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("uid", "int64", "", "user id, as the host sees it"),
    FrameColumn("name", "str", "", "login name"),
    FrameColumn("home", "str", "", "home directory"),
    FrameColumn("shell", "str", "", "login shell"),
    _HOST,
)

GROUP_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("gid", "int64", "", "group id, as the host sees it"),
    FrameColumn("name", "str", "", "name of the group"),
    _HOST,
)

DROP_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("time", "int64", "ns since 1970 UTC", "end of the interval"),
    FrameColumn("since", "int64", "ns since 1970 UTC", "start of the interval"),
    FrameColumn(
        "kind", "str", "", "one of UNSEEN_KINDS, COUNTED_KIND, or what else happened to the recorder"
    ),
    FrameColumn("where", "str", "", "the lane or stage; of a step, what was given up"),
    FrameColumn("count", "int64", "events", "how many"),
    FrameColumn("category", "str", "", "category of the calls; empty: of any, or not told"),
    FrameColumn("cpu", "int64", "", "the processor; -1: not told"),
    _HOST,
)

OPENED_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("process", "int32", "row of processes", "who held it; -1 not known"),
    FrameColumn("fd", "int64", "", "the descriptor number"),
    FrameColumn("descriptor", "int32", "row of descriptors", "the thing behind it, -1: never touched"),
    FrameColumn("name", "str", "", "as /proc/PID/fd named it"),
    FrameColumn("type", "str", "", "as that of descriptors; empty: not known"),
    FrameColumn("cloexec", "int8", "", "1 closes at exec, 0 does not, -1 not recorded", -1),
    FrameColumn("dev", "int64", "", "device, -1 not known"),
    FrameColumn("ino", "int64", "", "inode, -1 not known"),
    FrameColumn("mode", "int64", "", "file mode bits, -1 not known"),
    FrameColumn(
        "listed",
        "int64",
        "ns since 1970 UTC",
        "-1: when the first recording of its host began; else a later one",
        -1,
    ),
)
"""What was open already when the recording began."""

MOUNT_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("id", "int64", "", "the kernel's number of the mount"),
    FrameColumn("parent", "int64", "", "the mount it lies on"),
    FrameColumn("dev", "int64", "", "device of its file system"),
    FrameColumn("root", "str", "", "which folder of the file system is mounted"),
    FrameColumn("target", "str", "", "where"),
    FrameColumn("type", "str", "", "kind of file system"),
    FrameColumn("source", "str", "", "what is mounted"),
    FrameColumn("options", "str", "", "options it was mounted with"),
    _HOST,
)
"""What was mounted when the recording began, as the recorder saw it."""
UNSEEN_KINDS = ("lost", "dropped", "undecodable", "unwritten")
"""Events that happened, and nothing is known of: no room in the kernel, by choice, damaged, no room on disk.

Kinds that are neither these nor COUNTED_KIND: `late`, `payload` and `path` (the events are in the file, the
latter two without their payload, or the path that was really opened), `step` (an interval at a level of
pressure), `stalled` (the recorder did not run).
"""
FILTERED_KIND = "filtered"
"""Calls that the recording was asked to leave out."""
COUNTED_KIND = "counted"
"""Calls that were added up, not recorded one by one; the frame `counted` has the sums."""

COUNTED_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("first", "int64", "ns since 1970 UTC", "when the first of these calls returned"),
    FrameColumn("last", "int64", "ns since 1970 UTC", "when the last one did"),
    FrameColumn("type", "category", "", "the call's name; the dictionary of the events"),
    FrameColumn("category", "str", "", "the call's category"),
    FrameColumn("count", "int64", "calls", "how many calls these were"),
    FrameColumn("errors", "int64", "calls", "how many of them failed"),
    FrameColumn("bytes", "int64", "bytes", "moved by those that succeeded and return a size"),
    FrameColumn("latency", "int64", "ns", "of all of them together"),
    FrameColumn("pid", "int64", "", "as the host sees it"),
    FrameColumn("tid", "int64", "", "thread id, as the host sees it"),
    FrameColumn("uid", "uint32", "", "user id, as the host sees it"),
    FrameColumn("fd", "int32", "", "-1 none"),
    FrameColumn("process", "int32", "row of processes", "-1 where it could not be told"),
    FrameColumn("container", "int32", "row of containers", "0 is the host; -1 where it could not be told"),
    FrameColumn("descriptor", "int32", "row of descriptors", "the thing behind fd, -1 none"),
)
"""Sums of calls that were not recorded one by one: a row a thread, descriptor, call and interval."""

POD_COLUMNS: tuple[FrameColumn, ...] = (
    FrameColumn("name", "str", "", "name of the pod"),
    FrameColumn("namespace", "str", "", "Kubernetes namespace"),
    FrameColumn("uid", "str", "", "uid of the pod, empty not known"),
    FrameColumn("labels", "str", "", "JSON object of its labels, empty none"),
    FrameColumn("sandbox", "str", "", "full id of the container that holds its namespaces, empty not known"),
    FrameColumn("containers", "int64", "", "how many of its containers were seen"),
    FrameColumn("birth", "int64", "ns since 1970 UTC", "of its first container; -1: existed at the start"),
    FrameColumn("death", "int64", "ns since 1970 UTC", "of its last container; -1: one is alive at the end"),
)

TABLES: Mapping[str, tuple[FrameColumn, ...]] = MappingProxyType(
    {
        "events": EVENT_COLUMNS,
        "processes": PROCESS_COLUMNS,
        "threads": THREAD_COLUMNS,
        "images": IMAGE_COLUMNS,
        "descriptors": DESCRIPTOR_COLUMNS,
        "containers": CONTAINER_COLUMNS,
        "users": USER_COLUMNS,
        "groups": GROUP_COLUMNS,
        "samples": SAMPLE_COLUMNS,
        "drops": DROP_COLUMNS,
        "counted": COUNTED_COLUMNS,
        "opened": OPENED_COLUMNS,
        "mounts": MOUNT_COLUMNS,
        "hosts": HOST_COLUMNS,
        "recordings": RECORDING_COLUMNS,
    }
)
"""Every frame of an opened capture by its attribute's name."""

DERIVED: Mapping[str, tuple[FrameColumn, ...]] = MappingProxyType(
    {"files": DESCRIPTOR_COLUMNS, "connections": DESCRIPTOR_COLUMNS, "pods": POD_COLUMNS}
)
"""Frames that are made of others when they are asked for."""
