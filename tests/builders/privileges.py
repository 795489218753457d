"""What happens in the story of `frames` beside its system calls: signals, privileges, modules, samples."""

import struct
from dataclasses import replace

import numpy as np

from inspect_app.frames.columns import SAMPLE_COLUMNS
from inspect_app.frames.tables import build_table
from tests.builders.frames import CURL, KILLED, MS, NGINX, START_NS, build_frames

EPERM = -1
SIGKILL, SIGTERM, SIGCHLD = 9, 15, 17
CLONE_NEWNS, SETNS, SETUID, EXECVE = 0x20000, 308, 105, 59
SYS_ADMIN = 1 << 21


def credentials(uid=0, effective=0, *, euid=None):
    """The text of a cred_change: see `capture.model.credentials`."""
    acting = uid if euid is None else euid
    uids = (uid, acting, uid, acting)
    return struct.pack("<5Q8III", 0, effective, effective, 0, 0, *uids, *[0] * 4, 0, 1 << 24)


def namespaces(mount):
    """The text of an ns_change."""
    return struct.pack("<8II", mount, 2, 3, 4, 5, 6, 7, 8, 1 << 24)


_ROOT = credentials()
_EVENTS = [
    (312, "runtime", "cred_change", 0, {"args": (1, SETUID), "text": _ROOT, "text2": credentials(1000)}),
    (313, "runtime", "ns_change", 0,
     {"args": (CLONE_NEWNS, SETNS), "text": namespaces(10), "text2": namespaces(11)}),
    (61.5, "curl", "cred_change", 0,
     {"args": (4, EXECVE), "text": _ROOT, "text2": credentials(effective=SYS_ADMIN)}),
    (600, "systemd", "module_load", 0, {"args": (0x2000,), "text": b"rootkit"}),
    (601, "systemd", "bpf", 3, {"args": (5,)}),
    (602, "systemd", "bpf", 0, {"args": (1,)}),
    (603, "python", "finit_module", EPERM, {"args": (3,)}),
    (898, "stranger", "kill", EPERM, {"args": (1, SIGTERM)}),
    (899.1, "python", "signal_generate", 0, {"args": (SIGKILL, 0, 402, 402, 0, 1)}),
    (899.7, "killed", "signal_deliver", 0, {"args": (SIGKILL, 0, 3, 0, 400)}),
    (899.8, "killed", "signal_generate", 0, {"args": (SIGCHLD, 2, 400, 400, 1, 1)}),
    (950, "stranger", "signal_generate", 0, {"args": (SIGTERM, 0, 300, 300, 0, 1)}),
]  # fmt: skip
_SAMPLES = [
    # ms, process, cpu ms, MiB resident
    (-100, NGINX, 5_000, 20),
    (900, NGINX, 5_100, 30),
    (1_900, NGINX, 5_400, 25),
    (600, CURL, 3, 7),
    (600, KILLED, 0, 1),
]


def build_privileged_frames():
    """The story with these events and samples."""
    rows = sorted(_SAMPLES)
    columns = {
        "time": [START_NS + ms * MS for ms, *_ in rows],
        "process": [process for _, process, *_ in rows],
        "cpu_time": [cpu * MS for *_, cpu, _ in rows],
        "rss": [size << 20 for *_, size in rows],
        **{column.name: [1] * len(rows) for column in SAMPLE_COLUMNS[4:]},
    }
    samples = build_table(SAMPLE_COLUMNS, {name: np.array(values) for name, values in columns.items()})
    return replace(build_frames(more=_EVENTS), samples=samples)
