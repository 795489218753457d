"""The table of fields: whole, documented, and computable on every capture."""

# ruff: noqa: E501 - one case a line, however long

import dataclasses
import struct

import pytest

from capture.model.events import EventFlag
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.field import Argument, FieldType
from inspect_app.filters.fields import FIELDS
from inspect_app.frames import open_capture
from inspect_app.frames.columns import SAMPLE_COLUMNS
from inspect_app.frames.tables import build_table
from tests.builders.capture import AT_FDCWD, MS, START_NS, CaptureBuilder
from tests.builders.frames import build_frames

STORY, EMPTY = build_frames(), build_frames(0)
ARGUMENTS = {
    "evt.arg": ["flags", "fd", "path", "newpath", "mode", "request"],
    "evt.rawarg": ["flags", "path", "5"],
    "evt.type.is": ["open"],
    "thread.cgroup": ["memory", "unified"],
    "fd.types": ["0", "1", "64"],
    "evt.around": ["0", "1700000000000000000"],
    "container.label": ["app", "none"],
    "k8s.pod.label": ["tier", "none"],
    **{
        f"container.mount{part}": ["0", "7", "/etc", "/srv/*"]
        for part in ("", ".source", ".dest", ".mode", ".rdwr", ".propagation")
    },
}
EVALUABLE = [
    (field, argument)
    for field in FIELDS.values()
    if field.compute
    for argument in ARGUMENTS.get(
        field.name, ["", "1", "64", "999"] if field.argument is Argument.INDEX else [""]
    )
]


@pytest.mark.parametrize(("field", "argument"), EVALUABLE, ids=lambda part: getattr(part, "name", part))
def test_a_field_has_one_value_or_none_for_every_event(field, argument):
    for frames in (STORY, EMPTY):
        column = field.column(frames, argument)
        per_event = column.values if column.codes is None else column.codes
        assert len(per_event) == len(frames.events)
        assert column.missing is None or (
            column.missing.dtype == bool and len(column.missing) == len(per_event)
        )
        if column.codes is None:
            assert column.values.dtype.kind in "iub"
            assert field.type_with(argument) not in (FieldType.TEXT, FieldType.ADDRESS)
        else:
            assert column.codes.dtype.kind in "iu"
            assert len(set(column.values)) == len(column.values)
            assert (column.codes >= -1).all() and (column.codes < len(column.values)).all()
            assert ((column.codes < 0) == (False if column.missing is None else column.missing)).all()


@pytest.mark.parametrize(
    "field", [field for field in FIELDS.values() if not field.compute], ids=lambda field: field.name
)
def test_a_field_that_no_capture_has_says_why(field):
    assert field.unavailable
    with pytest.raises(NotEvaluableError, match=field.name):
        field.facets(STORY, "x")


def test_every_field_is_described_in_one_line():
    for field in FIELDS.values():
        assert field.title and field.meaning, field.name
        assert not field.meaning.endswith(".") and "\n" not in field.meaning, field.name
        assert bool(field.argument_meaning) == (field.argument is not Argument.NONE), field.name
        assert bool(field.unavailable) == (field.compute is None), field.name


def test_a_closed_list_of_values_is_closed():
    for field in FIELDS.values():
        if field.choices:
            assert set(field.column(STORY).values) <= set(field.choices), field.name


def test_the_fields_of_public_rules_are_known():
    for name in RULES:
        assert name in FIELDS, name


def test_a_column_is_computed_once():
    assert FIELDS["proc.name"].column(STORY) is FIELDS["proc.name"].column(STORY)
    assert FIELDS["proc.name"].column(STORY) is not FIELDS["proc.name"].column(build_frames())


def test_events_begin_before_they_end():
    begin, time = FIELDS["evt.begin"].column(STORY), FIELDS["evt.rawtime"].column(STORY)
    known = ~begin.missing
    assert known.any() and not known.all()
    assert (begin.values[known] <= time.values[known]).all()


def test_of_several_ancestors_a_column_shows_the_nearest():
    for field in ("proc.aname", "proc.apid"):
        nearest, first = FIELDS[field].column(STORY), FIELDS[field].column(STORY, "1")
        assert nearest.missing.tolist() == first.missing.tolist()
        one, other = (column.values if column.codes is None else column.codes for column in (nearest, first))
        assert one[~nearest.missing].tolist() == other[~nearest.missing].tolist()


def test_types_without_a_row_in_the_catalogue_are_other():
    frames = build_frames()
    events = frames.events.copy()
    events["type"] = events["type"].cat.rename_categories({"openat": "syscall_999"})
    strange = type(frames)(**{**vars(frames), "events": events})
    category = FIELDS["evt.category"].column(strange)
    assert set(category.values[category.codes[events["type"] == "syscall_999"]]) == {"other"}


def test_arguments_are_read_as_the_table_has_them_that_the_call_came_through(tmp_path):
    book = CaptureBuilder()
    book.event("pread64", args=(3, 0x7F00, 9, 5))
    book.event(
        180, flags=EventFlag.COMPAT, args=(3, 0x7F00, 9, 5, 1)
    )  # pread64 of i386: an offset of two halves
    book.event(295, flags=EventFlag.COMPAT, args=(0xFFFFFF9C, 0, 0xDEAD_0008_0000))  # openat
    book.event(102, flags=EventFlag.COMPAT, args=(3, 0xFFFFD000))  # socketcall, SYS_CONNECT
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert frames.events["type"].tolist() == ["pread64", "pread64", "openat", "connect"]
    assert FIELDS["evt.rawarg"].column(frames, "offset").values[:2].tolist() == [5, (1 << 32) + 5]
    flags, call = FIELDS["evt.arg"].column(frames, "flags"), FIELDS["evt.arg"].column(frames, "call")
    assert flags.values[flags.codes[2]] == "O_RDONLY|O_CLOEXEC"
    assert call.values[call.codes[3]] == "SYS_CONNECT"
    assert FIELDS["evt.arg"].column(frames, "fd").missing.tolist() == [False, False, True, True]


def test_registers_are_read_in_the_width_of_their_argument():
    column = FIELDS["evt.rawarg"].column(STORY, "dirfd")
    assert set(column.values[~column.missing]) == {-100}


RULES = """
proc.name fd.name proc.cmdline proc.pname evt.type user.name proc.aname proc.tty user.uid user.loginuid
proc.exepath container.image.repository proc.args evt.arg proc.pcmdline fd.directory fd.typechar fd.type
fd.l4proto fd.rport fd.lport evt.res proc.exe proc.pexe container.mount.dest thread.cap_permitted evt.rawres
k8s.ns.name fd.sport fd.num fd.net fd.ip proc.cwd proc.env fd.sip fd.sip.name container.id thread.cap_effective
fd.types fd.snet evt.is_open_read evt.is_open_write container.privileged proc.vpid proc.is_vpgid_leader
proc.is_exe_upper_layer proc.is_exe_from_memfd proc.exe_ino proc.exe_ino.ctime container.start_ts evt.dir
container.image.tag container.image.digest container.name k8s.pod.name proc.pid proc.ppid proc.sid proc.sname
proc.duration proc.ppid.duration proc.aexepath proc.acmdline proc.pexepath fs.path.name fs.path.source
fs.path.target fd.lip fd.rip fd.cip fd.cport fd.filename fd.ino group.gid evt.args evt.info evt.buffer
""".split()  # noqa: SIM905 - read like the rules


def test_texts_that_are_no_files_names_are_told_as_recorded(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="runc", cwd="/run")
    book.event("cgroup_mkdir", args=(7, 3), text=b"/pods/one")
    book.event("cgroup_attach_task", args=(7, 3, 100), text=b"/pods/one")
    book.event("mount", text=b"none", text2=b"/mnt", addr=b"tmpfs\0", args=(1, 2, 3))
    book.event("mount", text=b"/a", text2=b"/b", args=(1, 2, 0))
    frames = open_capture(book.write(tmp_path / "one.exhume"))

    def told(argument):
        column = FIELDS["evt.arg"].column(frames, argument)
        return [None if code < 0 else column.values[code] for code in column.codes.tolist()]

    assert told("path") == ["/pods/one", "/pods/one", None, None]
    assert told("fstype") == [None, None, "tmpfs", None]


LINES = ["4:memory:/slice", "2:cpu,cpuacct:/", "1:name=systemd:/init.scope", "0::/init"]


def cgroup_frames(tmp_path):
    book = CaptureBuilder()
    book.process(1, comm="init", cgroup="/init", cgroups=LINES)
    book.process(
        100, comm="sh", cgroup="/init", cgroups=["4:memory:/:odd/", "broken", "0::/user"], fd_limit=1024
    )
    book.event("getpid", pid=1, cgroup=5)
    book.event("getpid", pid=100, cgroup=6)
    book.event("cgroup_mkdir", pid=1, cgroup=5, args=(7, 0), text=b"/pods/one")
    book.event("cgroup_mkdir", pid=1, cgroup=5, args=(5, 4), text=b"/pods/one")
    book.event("cgroup_attach_task", pid=1, cgroup=5, args=(5, 4, 100), text=b"/pods/one")
    book.fork(100, 200, cgroup=6)
    book.event("getpid", pid=200, cgroup=7)
    book.event("getpid", pid=100, cgroup=99)
    return open_capture(book.write(tmp_path / "one.exhume"))


def test_the_cgroups_of_a_process_are_known_in_every_hierarchy(tmp_path):
    frames = cgroup_frames(tmp_path)

    def told(field, argument=""):
        column = FIELDS[field].column(frames, argument)
        return [None if code < 0 else column.values[code] for code in column.codes.tolist()]

    calls = [at for at, name in enumerate(frames.events["type"]) if name == "getpid"]
    assert [told("thread.cgroup", "memory")[at] for at in calls] == [
        "/slice",
        "/:odd/",
        "/pods/one",
        "/pods/one",
    ]
    assert [told("thread.cgroup", "unified")[at] for at in calls] == ["/init", "/user", "/pods/one", None]
    assert told("thread.cgroup", "cpuacct")[0] == "/"
    assert told("thread.cgroup", "systemd")[0] == told("thread.cgroup", "name=systemd")[0] == "/init.scope"
    assert told("thread.cgroup", "pids")[0] == "/init"  # of no v1 hierarchy: of the unified one
    assert told("thread.cgroups")[calls[0]] == (
        "memory=/slice cpu,cpuacct=/ name=systemd=/init.scope unified=/init"
    )
    assert told("thread.cgroups")[calls[2]] == "memory=/pods/one unified=/pods/one"


def test_a_limit_of_descriptors_is_the_last_that_was_set_or_handed_down(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", fd_limit=1024)
    book.process(300, comm="old")
    book.event("prlimit64", args=(0, 7, 0x7000), addr=struct.pack("<qq", 10, 20))
    book.event("openat", ret=3, fd=3, ino=9, text=b"/etc/hosts", args=(AT_FDCWD,))
    book.fork(100, 200)
    book.event("getpid", pid=200)
    book.event("prlimit64", args=(200, 7, 0x7000), addr=struct.pack("<qq", 30, 30))
    book.event("prlimit64", args=(200, 6, 0x7000), addr=struct.pack("<qq", 1, 1))
    book.event("prlimit64", ret=-1, args=(200, 7, 0x7000), addr=struct.pack("<qq", 2, 2))
    book.event("prlimit64", args=(200, 7, 0))
    book.event("getpid", pid=200)
    book.event("setrlimit", pid=200, args=(7, 0x7000), addr=struct.pack("<qq", -1, -1))
    book.event("getpid", pid=300)
    frames = open_capture(book.write(tmp_path / "one.exhume"))
    limit, usage = (FIELDS[name].column(frames) for name in ("proc.fdlimit", "proc.fdusage"))
    told = [
        None if gone else value
        for value, gone in zip(limit.values.tolist(), limit.missing.tolist(), strict=True)
    ]
    assert told == [10, 10, 10, 10, 10, 10, 10, 10, 30, None, None]
    assert usage.values[1] == 10 and usage.missing[-1]


def test_what_a_process_used_is_told_of_its_first_thread(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", threads=(101,), start_ns=START_NS - 1_000 * MS)
    book.event("getpid", time=START_NS)
    book.event("getpid", time=START_NS + 1_500 * MS)
    book.event("getpid", time=START_NS + 2_500 * MS)
    book.event("getpid", time=START_NS + 2_600 * MS, tid=101)
    frames = open_capture(book.write(tmp_path / "one.exhume"))
    samples = {
        "time": [START_NS + 2_000 * MS, START_NS + 1_000 * MS],
        "process": [0, 0],
        "cpu_time": [1_250 * MS, 500 * MS],
        "rss": [4096, 4096],
        "vms": [8192, 8192],
        "minflt": [30, 20],
        "majflt": [3, 2],
        "threads": [2, 2],
    }
    frames = dataclasses.replace(frames, samples=build_table(SAMPLE_COLUMNS, samples))

    def told(field):
        column = FIELDS[field].column(frames)
        return [None if gone else value for value, gone in zip(column.values, column.missing, strict=True)]

    assert told("thread.cpu") == [None, 25, 75, 0]
    assert told("thread.totexectime") == [None, 500 * MS, 1_250 * MS, 0]
    assert told("thread.pfminor") == [None, 20, 30, 0]
    assert told("thread.pfmajor") == [None, 2, 3, 0]
    assert told("thread.vmrss") == [None, 4, 4, 0]
    assert told("proc.vmsize") == [None, 8192, 8192, 8192]
