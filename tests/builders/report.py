"""A small incident as a capture file, and a report with something of everything, for tests of reports."""

from inspect_app.reports.drawing import Drawing, Ink, Line, Rect, Text
from inspect_app.reports.model import (
    Attachment,
    Bullets,
    Column,
    Entries,
    Entry,
    Fact,
    Facts,
    Figure,
    Figures,
    Kind,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    Tone,
    Weight,
)
from tests.builders.capture import MS, SOCKET, START_NS, CaptureBuilder, sock, sockaddr

MADE_NS = START_NS + 86_400 * 1_000 * MS


def incident() -> CaptureBuilder:
    """A shell fetches a program, runs it from a folder for passing files, and reads secrets."""
    book = CaptureBuilder(evidence={"case": "24-17", "examiner": "Reyes"})
    book.tables["cgroups"] = [{"id": 1, "path": "/", "hierarchy": 0}]
    book.tables["users"] = [{"uid": 0, "name": "root", "gid": 0, "home": "/root", "shell": "/bin/sh"}]
    book.process(100, comm="sh", exe="/bin/sh", argv=[b"-sh"], cwd="/root", uid=0, sid=100, cgroup="/")
    book.fork(100, 200, comm=b"sh")
    book.exec(200, "/usr/bin/wget", "wget", "-O", "/dev/shm/x")
    socket = {"pid": 200, "fd": 5, "ino": 42, "mode": SOCKET}
    ends = sock("10.0.0.5:40000", "203.0.113.9:80")
    book.event("socket", ret=5, args=(2, 1, 0), **socket)
    book.event("connect", args=(5, 0, 16), addr=sockaddr("203.0.113.9:80"), sock=ends, **socket)
    request = b"GET /x HTTP/1.1\r\nHost: files.example\r\n\r\n"
    book.event("sendto", ret=len(request), args=(5, 0, len(request)), sock=ends, data=request, **socket)
    book.open(200, "/dev/shm/x", ino=77, fd=6, flags=0o101)
    book.event("write", pid=200, ret=4, fd=6, ino=77, args=(6, 0, 4), data=b"\x7fELF")
    book.exit(200, start=START_NS)
    book.fork(100, 201, comm=b"sh")
    book.exec(201, "/dev/shm/x", "x", "--quiet", ino=77)
    book.open(201, "/etc/shadow", ino=78, fd=3)
    book.exit(201, status=9, start=START_NS)
    return book


def everything(text="plain", *, exact=None) -> Report:
    """A report with every kind of block, and the text at every place where a capture's text may stand."""
    exact = text if exact is None else exact
    drawing = Drawing(
        100.0,
        40.0,
        (
            Rect(0, 0, 50, 10, Ink.ACCENT, 3),
            Line(0, 20, 100, 20, Ink.LINE),
            Text(2, 30, text, 7, Ink.TEXT),
        ),
    )
    columns = (
        *(Column("Name", Kind.TEXT), Column("Path", Kind.EXACT), Column("Count", Kind.NUMBER)),
        *(Column("At", Kind.TIME), Column("Event", Kind.EVENT)),
    )
    rows = ((text, exact, "3", "03:04:05.000001", "E1"), ("other", "/usr/bin/" + "long" * 60, "0", "—", ""))
    blocks = (
        Paragraph(text),
        Paragraph(text, Tone.SOFT),
        Paragraph(text, Tone.WARNING),
        Bullets((text, "two")),
        Facts((Fact("Host", text), Fact("Command", exact, exact=True))),
        Figures(
            (Figure("Shells", "3", text, noteworthy=True), Figure("Files", "4", "files", noteworthy=False))
        ),
        Table("some", "Some rows", columns, rows, ("row", "rows"), 40, (True, False), "some.csv"),
        Table("none", "No rows", columns, (), ("row", "rows"), 0),
        Picture("drawn", "What it shows", text, drawing),
        Entries((Entry("03:04:05", text, (text, "second"), Weight.HIGH, f"Reyes · {text}", "E1"),)),
    )
    cited = Table(
        "cited-events",
        "Events",
        (Column("Event", Kind.EVENT), Column("Call", Kind.EXACT)),
        (("E1", exact),),
        ("event", "events"),
        1,
    )
    sections = (
        Section("first", text, blocks, (Section("part", text, (Paragraph("deeper"),)),)),
        Section("events", "Cited events", (cited,)),
    )
    attached = (Attachment("some.csv", b"name\n"),)
    cover = (Fact("Case", text), Fact("SHA-256", "ab" * 32, exact=True))
    return Report(
        text,
        text,
        "technical",
        f"Case {text}",
        "whole",
        cover,
        sections,
        attached,
        MADE_NS,
        "2023-11-15 22:13:20 UTC",
        "exhume 0",
    )
