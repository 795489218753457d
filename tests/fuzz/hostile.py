"""The hostile items, each really built, for every kind of file: `python -m tests.fuzz.hostile KIND…`.

A kind is a target of `targets`, which lets its room's one kind of error pass and nothing else. WHOLE are
files as a whole; VALUES stand at each place of the kind's own documents, one after another. Each kind is read
in a process of its own, forked from one that has imported all; it has little memory and time, and tells how
much it took. Of captures there is more in `builders.hostile`, of .scap files in `test_scap_hostile`.
"""

import copy
import gzip
import json
import os
import resource
import struct
import sys
import time
from functools import cache
from pathlib import Path

import msgpack
import yaml
import zstandard

from tests.builders.hostile import EVIL, LONG
from tests.fuzz.seeds import CORPUS
from tests.fuzz.targets import TARGETS

MIB = 1 << 20
ADDRESSES = 4096 * MIB
"""Address space, of which libraries take more than a half."""
SECONDS = 60
"""Of the processor, for all items of a kind."""

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 12)
)
WHOLE = {
    "nothing": lambda: b"",
    "zeros": lambda: bytes(64 << 10),
    "every byte": lambda: bytes(range(256)) * 40,
    "invalid utf-8": lambda: b'{"a": "\xff\xfe\xed\xa0\x80"}',
    "lists 500,000 deep": lambda: b"[" * 500_000,
    "lists 500,000 deep that end": lambda: b"[" * 500_000 + b"]" * 500_000,
    "maps 200,000 deep": lambda: b'{"a":' * 200_000,
    "parentheses 200,000 deep": lambda: b"(" * 200_000 + b"evt.type = open",
    "not 200,000 times": lambda: b"not " * 200_000 + b"evt.type = open",
    "indented 2,000 deep": lambda: b"".join(b" " * at + b"a:\n" for at in range(2_000)),
    "msgpack lists 500,000 deep": lambda: b"\x91" * 500_000,
    "msgpack claims 4 billion": lambda: b"\xdd\xff\xff\xff\xff" + b"\xdf\xff\xff\xff\xff" * 9,
    "aliases of aliases": LAUGHS.encode,
    "a number of a million digits": lambda: b"9" * 1_000_000,
    "a line of 20 MiB": lambda: b'"' + b"x" * (20 * MIB),
    "a million lines": lambda: b"a\n" * 1_000_000,
    "130 MiB of blanks": lambda: b" " * (130 * MIB),
    "tables 50,000 deep": lambda: b"[" + b"a." * 50_000 + b"b]\n",
    "100,000 columns": lambda: _columns(),  # noqa: PLW0108 - it is below
    "a GiB packed with gzip": lambda: _gzipped() * 16,
    "a GiB packed with zstd": lambda: _packed(stated=True) * 4,
    "a GiB packed with zstd that does not say so": lambda: _packed(stated=False) * 4,
    "a byte packed with zstd that claims a TiB": lambda: (
        b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 40) + b"\x09\0\0x"
    ),
}

VALUES = {
    "null": None,
    "true": True,
    "before 1970": -(1 << 63),
    "after 2262": 1 << 63,
    "a number of 400 digits": 10**400,
    "infinite": float("inf"),
    "no number": float("nan"),
    "escapes, NUL and bidi": EVIL,
    "a lone surrogate": "\ud800",
    "a path of 4,096 bytes": LONG,
    "a path out of its folder": "../" * 1365,
    "markup": "[red]x[/red]<script>alert(1)</script>#let x = 1 =1+1 @SUM(1)",
    "lists 200 deep": [],
}
for _ in range(200):
    VALUES["lists 200 deep"] = [VALUES["lists 200 deep"]]
LARGE = {
    "a MiB of text": "x" * MIB,
    "100,000 columns in a row": {f"column {at}": at for at in range(100_000)},
    "300,000 items": [0] * 300_000,
}
PLACES_OF_LARGE = 6
DOCUMENTS = {
    "session": (json.loads, lambda value: json.dumps(value).encode()),
    "manifest": (json.loads, lambda value: json.dumps(value).encode()),
    "case": (json.loads, lambda value: json.dumps(value).encode()),
    "examiner_log": (json.loads, lambda value: json.dumps(value).encode() + b"\n"),
    "rules": (yaml.safe_load, lambda value: json.dumps(value).encode()),
    "signature": (msgpack.unpackb, lambda value: msgpack.packb(value, unicode_errors="surrogatepass")),
}
"""How a document of a kind becomes values, and values a document."""


# What takes long to build and is small is kept for all kinds.


@cache
def _columns():
    return json.dumps({f"column {at}": at for at in range(100_000)}).encode()


@cache
def _gzipped():
    return gzip.compress(bytes(64 * MIB), 1)


@cache
def _packed(*, stated):
    packer = zstandard.ZstdCompressor(level=1, write_content_size=stated).compressobj(
        256 * MIB if stated else -1
    )
    return b"".join(packer.compress(bytes(MIB)) for _ in range(256)) + packer.flush()


def places(value, path=()):
    """The path of each value in a document, the document's own first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places(child, (*path, key))


def put(document, path, value):
    """A copy of a document with another value at a place."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def items(kind):
    """Name and bytes of each item."""
    yield from ((name, build) for name, build in WHOLE.items())
    if kind not in DOCUMENTS:
        return
    read, write = DOCUMENTS[kind]
    document = read((CORPUS / kind / "seed-0").read_bytes())
    every = list(places(document))
    for values, chosen in ((VALUES, every), (LARGE, every[:: len(every) // PLACES_OF_LARGE + 1])):
        for name, value in values.items():
            for path in chosen:
                yield f"{name} at {path}", lambda path=path, value=value: write(put(document, path, value))


def read_all(kind):
    """Read each item of a kind; gives what failed, and what all took of time and memory."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    failed, took = {}, {}
    for name, build in items(kind):
        try:
            data = build()
        except (OverflowError, ValueError):
            continue  # what the form cannot say at all
        began = time.process_time()
        try:
            TARGETS[kind](data)
        except BaseException as error:
            failed[name] = f"{type(error).__name__}: {error}"[:200]
        took[name] = time.process_time() - began
    slowest = max(took, key=took.get)
    # getrusage would count what the process that began this one had at its fork.
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in status if line.startswith("VmHWM"))
    return {
        "kind": kind,
        "count": len(took),
        "failed": failed,
        "slowest": [slowest, took[slowest]],
        "mib": int(peak.split()[1]) >> 10,
    }


def main(kinds):
    """Print a line of JSON for each kind, also for one whose process did not live to its end."""
    _columns(), _gzipped(), _packed(stated=True), _packed(stated=False)
    for kind in kinds:
        if not (child := os.fork()):
            print(json.dumps(read_all(kind)), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"kind": kind, "ended": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
