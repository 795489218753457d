"""What is fuzzed: functions from bytes, each of which may meet its room's one kind of error and nothing else.

A capture's digests keep changed bytes from ever being read. So beside the file as it is, a forger is played:
the bytes say which blocks there are and what is in them, and get digests that are right.
"""

import io
import json
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgpack

from capture.cli.info import plain_of
from capture.cli.lines import EventLines
from capture.evidence.judgement import judge
from capture.evidence.manifest import read_manifest
from capture.evidence.provenance import digests_of_parents, provenance
from capture.evidence.salvaging import salvage
from capture.evidence.signing import check_signature
from capture.format import CaptureFile, CaptureWriter, FormatError, verify
from capture.format.blocks import pack_document, unpack
from capture.format.convert import convert
from inspect_app.cases import CaseError
from inspect_app.cases.document import from_bytes, to_text
from inspect_app.filters.errors import FilterError
from inspect_app.filters.language import parse
from inspect_app.rules.entries import RuleFileError, parse_entries
from inspect_app.rules.output import OutputTemplate
from inspect_app.rules.rule_set import RuleSet
from inspect_app.session.examiner_log import LogError, read_log
from inspect_app.session.storage import SessionError, from_json
from inspect_app.views.own import load_views

KINDS = (
    *("section", "snapshot", "events", "containers", "executables", "counters", "counted", "samples"),
    *("note", "derivation", "end", "signature", "unknown"),
)
TABLES = ("processes", "descriptors", "sockets", "mounts", "users", "groups", "cgroups", "containers")


def capture(data: bytes) -> None:
    """A file as it is: walked, opened, judged, read."""
    with suppress(FormatError):
        verify(io.BytesIO(data))
    _read(data)


def forged(data: bytes) -> None:
    """A file whose blocks have right digests, made of what the bytes say; see `file_of`."""
    _read(file_of(data))


def file_of(data: bytes) -> bytes:
    """Blocks out of bytes: kind and form, table, count (2), length (2), then the body.

    With the form's lowest bit set the body is a document's msgpack, to be compressed; else it is as it is.
    """
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    writer.section({"host": {"machine": "x86_64"}})
    while len(data) >= 6:
        form, table, count = data[0], data[1], int.from_bytes(data[2:4], "big")
        length = int.from_bytes(data[4:6], "big")
        body, data = data[6 : 6 + length], data[6 + length :]
        kind = KINDS[(form >> 1) % len(KINDS)]
        name = TABLES[table % len(TABLES)] if kind == "snapshot" else ""
        packed = _compressed(body) if form & 1 else body
        writer._append(kind, packed, name=name, count=count, first=count - 9, last=count)
    return stream.getvalue()


def _compressed(body: bytes) -> bytes:
    try:
        return pack_document(msgpack.unpackb(body, strict_map_key=False))
    except Exception:
        return body


def _read(data: bytes) -> None:
    with suppress(FormatError):
        opened = CaptureFile(io.BytesIO(data), "x")
        opened.grow()
        str(judge(opened))
        [told.text for told in provenance(opened.section)]
        digests_of_parents(opened.section)
        opened.counted(), opened.samples()
        lines = EventLines(opened)
        for row in range(min(opened.count, 20)):
            lines.text(row)
            json.dumps(plain_of(lines.fields(row)))
            opened.payload(row)
        for stored in opened.stored_events():
            stored.batch()


@contextmanager
def _file(data: bytes):
    with NamedTemporaryFile() as stream:
        stream.write(data)
        stream.flush()
        yield Path(stream.name)


def saving(data: bytes) -> None:
    """Salvage of a file as it is, and what comes of it is whole."""
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "exhume-fuzz.exhume"
    path.write_bytes(data)
    out = io.BytesIO()
    with suppress(FormatError):
        salvage(path, out)
        out.seek(0)
        assert str(verify(out)).startswith("whole")


def condition(data: bytes) -> None:
    """A filter."""
    with suppress(FilterError):
        parse(data.decode("utf-8", "replace"))


def session(data: bytes) -> None:
    """A stored session."""
    with suppress(SessionError, FilterError):
        from_json(data.decode("utf-8", "replace"))


def case(data: bytes) -> None:
    """A case file: what is read is written, read again the same, and merges with itself."""
    with suppress(CaseError):
        found = from_bytes(data)
        assert from_bytes(to_text(found).encode()) == found.merged(found) == found
        found.shown_notes(), found.report_notes(), found.disputes()


def own_views(data: bytes) -> None:
    """Views of the analyst's own."""
    with _file(data) as path, suppress(ValueError):
        load_views(path)


def manifest(data: bytes) -> None:
    """The manifest of a set."""
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "exhume-fuzz.json"
    path.write_bytes(data)
    with suppress(FormatError):
        read_manifest(path).faults([])


def signature(data: bytes) -> None:
    """A signature block's document."""
    with suppress(FormatError):
        document = unpack(data)
        check_signature(document if isinstance(document, dict) else None, bytes(32), None)


def examiner_log(data: bytes) -> None:
    """An examiner's log."""
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "exhume-fuzz.log"
    path.write_bytes(data)
    with suppress(LogError):
        list(read_log(path))


def rules(data: bytes) -> None:
    """A file of rules, put together and its conditions understood."""
    read = RuleSet()
    with suppress(RuleFileError):
        read.add(parse_entries(data, "x"))
    for rule in read.rules():
        with suppress(FilterError):
            read.expression(rule)
            OutputTemplate.parse(rule.output)


def scap(data: bytes) -> None:
    """A .scap file as it is: converted as far as it goes, and what comes of it is read."""
    out = io.BytesIO()
    with suppress(FormatError):
        convert(io.BytesIO(data), out)
        _read(out.getvalue())


TARGETS = {
    target.__name__: target
    for target in (
        *(
            capture,
            forged,
            saving,
            condition,
            session,
            case,
            own_views,
            manifest,
            signature,
            examiner_log,
            rules,
        ),
        scap,
    )
}
