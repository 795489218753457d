"""Whatever a file claims, the joins end, raise nothing and lead to rows that are there."""

from hypothesis import given, settings
from hypothesis import strategies as st

from capture.identity.resolve import identify
from capture.model.catalogue import CATALOGUE
from tests.builders.capture import START_NS, CaptureBuilder

EXTREME = {
    8: [0, 1, 100, 200, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 100],
    4: [0, 1, 100, (1 << 32) - 1],
}
LIKELY = [
    *(
        "procfork",
        "procexec",
        "procexit",
        "cgroup_mkdir",
        "cgroup_rmdir",
        "cgroup_attach_task",
        "execve",
        "openat",
    ),
    *("chdir", "fchdir", "rename", "unlinkat", "connect", "accept4", "sendto", "eventfd2", "setsid", "read"),
]
texts = st.sampled_from(
    [b"", b"/", b"a", b"../b", b"/x//y/", b"\0\0", b"\xff" * 48, bytes(48), b"/docker/" + b"a" * 64]
)
events = st.fixed_dictionaries(
    {
        "name": st.one_of(
            st.sampled_from(LIKELY), st.sampled_from([spec.name for spec in CATALOGUE if spec.x86_64])
        ),
        "pid": st.sampled_from(EXTREME[4]),
        "tid": st.sampled_from(EXTREME[4]),
        "time": st.sampled_from([0, START_NS, START_NS + 1, (1 << 63) - 1, -(1 << 63)]),
        "ret": st.sampled_from([0, -1, 3, (1 << 63) - 1, -(1 << 63)]),
        "args": st.lists(st.sampled_from(EXTREME[8]), min_size=6, max_size=6),
        "ino": st.sampled_from(EXTREME[8]),
        "dev": st.sampled_from(EXTREME[4]),
        "mode": st.sampled_from([0, 0o100644, 0o040755, 0o140777, 0o010600, 0o177777]),
        "fd": st.sampled_from([-1, 0, 3, (1 << 31) - 1, -(1 << 31)]),
        "cgroup": st.sampled_from(EXTREME[8]),
        "flags": st.sampled_from([0, 1, 2, 4, 8, 0xFFFF]),
        **{name: st.one_of(st.just(0), texts) for name in ("text", "text2", "addr", "sock")},
    }
)


@given(st.lists(events, max_size=12))
@settings(max_examples=80, deadline=None)
def test_any_columns_are_joined(rows):
    book = CaptureBuilder()
    book.process(100, cwd="/", cgroup="/")
    book.tables["cgroups"].append({"id": 1, "path": "/", "hierarchy": 0})
    for row in sorted(rows, key=lambda row: row["time"]):
        book.event(row.pop("name"), **row)
    found = identify(book.events(), book.tables)
    for of_event, length in [
        (found.processes.of_event, len(found.processes)),
        (found.threads.of_event, len(found.threads.tid)),
        (found.images.of_event, len(found.images.process)),
    ]:
        assert ((of_event >= 0) & (of_event < length)).all()
    for of_event, length in [
        (found.containers.of_event, len(found.containers)),
        (found.descriptors.of_event, len(found.descriptors.name)),
        (found.paths.first, len(found.paths.names.all)),
        (found.paths.second, len(found.paths.names.all)),
    ]:
        assert ((of_event >= -1) & (of_event < length)).all()
    assert (found.threads.process[found.threads.of_event] == found.processes.of_event).all()
    assert (found.images.process[found.images.of_event] == found.processes.of_event).all()
