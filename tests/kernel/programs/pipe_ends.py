"""One process writes into a pipe, another reads from it."""

import json
import os

BYTES = 200_000
reading, writing = os.pipe()
stat, other = os.fstat(reading), os.fstat(writing)

writer = os.fork()
if not writer:
    os.close(reading)
    left = BYTES
    while left:
        left -= os.write(writing, b"w" * min(left, 3_000))
    os._exit(0)

reader = os.fork()
if not reader:
    os.close(writing)
    got = 0
    while part := os.read(reading, 5_000):
        got += len(part)
    os._exit(0 if got == BYTES else 1)

os.close(reading)
os.close(writing)
codes = [os.waitpid(child, 0)[1] for child in (writer, reader)]
facts = {
    "pid": os.getpid(),
    "writer": writer,
    "reader": reader,
    "codes": codes,
    "bytes": BYTES,
    "reading": reading,
    "writing": writing,
    "ends": [[end.st_dev, end.st_ino] for end in (stat, other)],
}
print(json.dumps(facts))
