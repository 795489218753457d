"""Programs run with arguments that are long, many, empty or no text."""

import json
import os


def life(*argv):
    pid = os.posix_spawn("/bin/true", argv, {})
    os.waitpid(pid, 0)
    return pid


facts = {
    "long": life("true", "A" * (100 << 10)),
    "many": life("true", *(f"argument-{number}" for number in range(20_000))),
    "bytes": life(b"true", b"\xff\xfe\x00"[:2], b"", b"\n\x1b[31m"),
    "none": None,
}
missing = os.fork()
if not missing:
    try:
        os.execv("/nowhere/to-be-found", ["x", "y"])
    except FileNotFoundError:
        os._exit(0)
os.waitpid(missing, 0)
facts["missing"] = missing
print(json.dumps(facts))
