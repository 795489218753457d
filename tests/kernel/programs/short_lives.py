"""Processes that are gone in a millisecond, one that fails and one that is killed."""

import json
import os
import signal


def life(path, *argv):
    pid = os.posix_spawn(path, argv, {})
    _, status = os.waitpid(pid, 0)
    return {"pid": pid, "path": path, "argv": argv, "status": status}


killed = os.fork()
if not killed:
    signal.pause()
os.kill(killed, signal.SIGKILL)
_, status = os.waitpid(killed, 0)

facts = {
    "pid": os.getpid(),
    "true": life("/bin/true", "true", "--with", "an argument", ""),
    "code": life("/bin/sh", "sh", "-c", "exit 7"),
    "killed": {"pid": killed, "status": status},
    "many": [life("/bin/true", "true", str(number))["pid"] for number in range(20)],
}
print(json.dumps(facts))
