"""Documents whose values are of the wrong types: each command ends with a documented code, no traceback."""

import pytest

from capture.format import CaptureWriter, EventBatch
from tests.builders.golden import _CONTAINER_ROW, SECTION, _container, _host

WRONG = (
    *(None, True, -1, 0, 1.5, float("nan"), float("inf"), 1 << 63, (1 << 64) - 1, -(1 << 63), 1 << 32),
    *(
        "text",
        "",
        "9" * 50,
        "\x1b[31m",
        "\ud7ff",
        b"\xff\0",
        [],
        [1, "a", [b""]],
        [[]],
        {},
        {"a": [1]},
        {b"\xff": 1},
    ),
)
CONNECTION = {"laddr": "127.0.0.1", "lport": 40000, "raddr": "127.0.0.1", "rport": 8080, "netns": 1}
TABLES = {
    "processes": {
        **{"pid": 100, "ppid": 1, "start_ns": 1_699_999_940_000_000_000, "comm": "sh", "exe": "/bin/sh"},
        **{
            "argv": [b"-sh"],
            "cwd": "/root",
            "root": "/",
            "uid": 0,
            "gid": 0,
            "sid": 100,
            "pgid": 100,
            "tty": 3,
        },
        **{"loginuid": 5, "cgroup": "/", "cgroups": ["0::/"], "threads": [100, 101], "dev": 1, "ino": 50},
        **{"nspid": 1, "kernel": False, "unreadable": [], "namespaces": {"net": 1}},
    },
    "descriptors": {"pid": 100, "fd": 0, "name": "/dev/pts/0", "dev": 2, "ino": 3, "mode": 0o20620},
    "sockets": {"ino": 42, "family": "ipv4", "type": "tcp", "state": 10, "path": "", **CONNECTION},
    "mounts": {"id": 1, "parent": 1, "dev": 1, "root": "/", "target": "/", "type": "ext4"},
    "users": {"uid": 0, "name": "root", "gid": 0, "home": "/root", "shell": "/bin/sh"},
    "groups": {"gid": 0, "name": "root"},
    "interfaces": {"index": 1, "name": "lo", "address": ""},
    "cgroups": {"id": 77, "path": "/x", "hierarchy": 0},
    "containers": _CONTAINER_ROW,
}
LATER = {
    "containers": {"rows": [_CONTAINER_ROW]},
    "counters": {"rows": [{"since": 1, "time": 2, "kind": "lost", "where": "small", "count": 3}]},
    "note": {"text": "the snapshot lacks mounts"},
    "end": {"events": 20, "lost": {"small": 3}, "ended": 5},
}
COMMANDS = (
    ("info",),
    ("info", "--json"),
    ("events",),
    ("events", "--format", "json"),
    ("events", "--format", "csv"),
)
BATCHES = [
    EventBatch(book.columns(), list(book.texts), b"".join(book.payload)) for book in (_host(), _container())
]


def write(path, *, section=SECTION, tables=None, later=None):
    rows = {name: [row] for name, row in TABLES.items()} | (tables or {})
    with path.open("wb") as stream:
        writer = CaptureWriter(stream)
        writer.section(section)
        for name, table in rows.items():
            writer.table(name, table)
        for batch in BATCHES:
            writer.events(batch)
        for kind, document in (LATER | (later or {})).items():
            writer.document(kind, document)
    return path


def variants(value, wrong=WRONG):
    """The value with one part after the other left out or replaced by something wrong."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield {key: entry for key, entry in value.items() if key != name}
            yield from ({**value, name: other} for other in (*wrong, *variants(part, wrong)))
    elif isinstance(value, list):
        yield from ([other] for part in value for other in (*wrong, *variants(part, wrong)))


def test_a_capture_as_it_should_be_is_read(tmp_path, run):
    for command in COMMANDS:
        assert run(*command, write(tmp_path / "fine.exhume")).exit_code == 0


@pytest.mark.parametrize("name", TABLES)
def test_rows_with_wrong_values_do_not_end_a_command(name, tmp_path, run):
    table = [*variants(TABLES[name]), TABLES[name]]
    path = write(tmp_path / "odd.exhume", tables={name: table})
    for command in COMMANDS:
        result = run(*command, path)
        assert result.exit_code == 0
        assert result.stdout.count("\n") > 10


@pytest.mark.parametrize("kind", ["containers", "counters"])
def test_later_rows_with_wrong_values_do_not_end_a_command(kind, tmp_path, run):
    rows = [*variants(LATER[kind]["rows"][0]), LATER[kind]["rows"][0]]
    path = write(tmp_path / "odd.exhume", later={kind: {"rows": rows}})
    for command in COMMANDS:
        assert run(*command, path).exit_code == 0


@pytest.mark.parametrize("kind", ["section", *LATER])
def test_documents_with_wrong_values_end_in_a_documented_code(kind, tmp_path, run):
    some = (None, 1 << 63, float("nan"), "\x1b", b"\xff", [[]], {b"\xff": []})
    whole = (
        {"rows": []} if kind in ("containers", "counters") else SECTION if kind == "section" else LATER[kind]
    )
    for document in variants(whole, some):
        changed = {"section": document} if kind == "section" else {"later": {kind: document}}
        path = write(tmp_path / "odd.exhume", **changed)
        for command in COMMANDS[:2]:
            result = run(*command, path)
            assert result.exit_code in (0, 5), document
            assert result.exit_code == 0 or result.stderr.count("\n") == 1
