"""Programs run with arguments that are long, many, empty or no text."""

import json
import os
import tempfile


def life(*argv, path="/bin/true"):
    pid = os.posix_spawn(path, argv, {})
    os.waitpid(pid, 0)
    return pid


facts = {
    "long": life("true", "A" * (100 << 10)),
    "many": life("true", *(f"argument-{number}" for number in range(20_000))),
    "bytes": life(b"true", b"\xff\xfe\x00"[:2], b"", b"\n\x1b[31m"),
    "none": None,
}
facts["sizes"] = [(size, life("true", "x" * (size - 6))) for size in (100, 383, 384, 385, 1000)]
with tempfile.TemporaryDirectory() as folder:
    facts["names"] = []
    for length in (183, 184, 255):
        name = folder + "/" + "n" * (length - len(folder) - 1)
        os.symlink("/bin/true", name)
        facts["names"].append((name, life("true", "by a long name", path=name)))
missing = os.fork()
if not missing:
    try:
        os.execv("/nowhere/to-be-found", ["x", "y"])
    except FileNotFoundError:
        os._exit(0)
os.waitpid(missing, 0)
facts["missing"] = missing
print(json.dumps(facts))
