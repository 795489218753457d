"""What fuzzing begins with: a small input of each form. `python -m tests.fuzz.seeds` writes them anew."""

from pathlib import Path

import msgpack
import numpy as np
import zstandard

from capture.format import EVENT_COLUMNS
from capture.format.columns import EventBatch, pack_events
from inspect_app.cases import Anchor, AnchorKind, Case, Note, Severity, Triage, TriageState
from inspect_app.cases.case import By
from inspect_app.cases.document import to_text
from inspect_app.cases.note import Sighting
from tests.builders.capture import CaptureBuilder
from tests.builders.evidence import rewrite, signer_of
from tests.builders.scap import ScapBuilder, descriptor, file_body
from tests.fuzz.targets import KINDS

CORPUS = Path(__file__).parent / "corpus"


def block(kind, body, *, count=0, table=0, packed=False):
    form = KINDS.index(kind) << 1 | packed
    head = bytes([form, table]) + count.to_bytes(2, "big") + len(body).to_bytes(2, "big")
    return head + body


def document(kind, value, **options):
    return block(kind, msgpack.packb(value), packed=True, **options)


def events():
    columns = {name: np.arange(4).astype(dtype) % 2 for name, dtype in EVENT_COLUMNS.items()}
    columns |= {"captured": np.full(4, 2, "<u4"), "code": np.array([0, 59, 0xF001, 257], "<u2")}
    return pack_events(EventBatch(columns, [b"/etc/passwd"], b"abcdefgh"), zstandard.ZstdCompressor())


def forged():
    rows = {"rows": [{"pid": 1, "ppid": 1, "comm": "sh", "argv": [b"sh"], "start_ns": 5}]}
    ways = [{"operation": "slice", "parents": [{"digest": "00", "derived": [{}]}], "options": {"a": [1]}}]
    yield document("snapshot", rows) + block("events", events(), count=4) + document("end", {"events": 4})
    yield document("section", {"format": 1, "derived": ways, "evidence": {"case": "x"}})
    yield document("containers", {"rows": [{"full_id": "a" * 64, "cgroup": "/docker/" + "a" * 64}]})
    yield document("counters", {"rows": [{"kind": "lost", "since": 1, "time": 2, "count": 3}]})
    yield document("end", {}) + document("signature", {"algorithm": "ed25519", "public_key": bytes(32)})


def captures(folder):
    book = CaptureBuilder()
    book.tables = {}
    book.event("openat", text=b"/etc/passwd", data=b"xyz")
    plain = book.write(folder / "plain")
    yield plain.read_bytes()
    yield rewrite(plain, folder / "signed", signer=signer_of(1)).read_bytes()


TEXTS = {
    "condition": [
        "evt.type in (open, openat) and not fd.name startswith /etc",
        "proc.name = 'sh' or (evt.res < 0 and fd.port != 443) and evt.buffer contains \"x\"",
        "tolower(proc.name) glob *a* and evt.latency > 5ms and proc.aname[2] exists",
    ],
    "session": [
        '{"exhume session": 1, "page": "files", "filter": "evt.type = open", "window": [1, 2], "sort": "x",'
        ' "descending": true, "steps": [{"view_id": "files", "title": "t", "condition": "", "label": "l"}]}'
    ],
    "own_views": [
        '[[view]]\nid = "mine"\ntitle = "Mine"\nfilter = "evt.type = open"\ncolumns = ["user.name"]\n'
    ],
    "manifest": [
        '{"manifest": 1, "set": "a", "complete": true, "removed": 0, "files": [{"name": "x", "number": 1, '
        '"bytes": 2, "digest": "00"}], "signature": {"algorithm": "ed25519", "public_key": "00", '
        '"signature": "00"}}'
    ],
    "rules": [
        "- list: a\n  items: [x, '\"y\"']\n- macro: m\n  condition: proc.name in (a)\n"
        "- rule: r\n  desc: d\n  condition: m and evt.type = open\n  output: '%proc.name %evt.arg[0].'\n"
        "  priority: INFO\n  tags: [t]\n  exceptions: [{name: e, fields: [fd.name], values: [[/x]]}]\n"
        "- rule: r\n  append: true\n  condition: and fd.num > 1\n"
    ],
    "examiner_log": ['{"before": "' + "0" * 64 + '", "action": "opened"}\n'],
}


def cases():
    on = Anchor(AnchorKind.EVENT, "x", "c", time_ns=5, type="open", nth=1, pid=1, tid=2, block=3, digest="d")
    by, key = By("Reyes", 7), "a" * 32
    case = Case().with_note(Note(on, "one", ("t",), Severity.HIGH, report=1), by, key)
    case = case.with_triage(Triage(on, TriageState.DISMISSED, "no"), by).with_capture(Sighting("c", ("m",)))
    yield case.with_note(Note(on, "two"), by, key).merged(case.told("notes", key, None, By("Lee", 9)))


def scap():
    book = ScapBuilder()
    book.process(100, cgroups=["cpu=/docker/c0ffee"])
    book.descriptors(100, descriptor(3, 16, file_body("/etc/passwd"), ino=5))
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    book.event(4242, 1, b"unknown")
    return book


def write(folder):
    """Write all seeds."""
    found = {name: [text.encode() for text in texts] for name, texts in TEXTS.items()}
    scratch = folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    found["capture"] = found["saving"] = list(captures(scratch))
    found["forged"] = list(forged())
    key = signer_of(1)
    found["case"] = [to_text(case).encode() for case in cases()]
    found["scap"] = [scap().plain(), scap().gzip()]
    found["signature"] = [msgpack.packb(key.document(bytes(32)))]
    for path in scratch.iterdir():
        path.unlink()
    scratch.rmdir()
    for name, inputs in found.items():
        (folder / name).mkdir(exist_ok=True)
        for number, data in enumerate(inputs):
            (folder / name / f"seed-{number}").write_bytes(data)


if __name__ == "__main__":
    write(CORPUS)
