"""Runs programs of this folder one after another, each in a folder of its own; prints what each said as JSON.

    run_programs.py FOLDER PROGRAM…

`NAME_under_strace` runs NAME a second time, watched by strace, which writes FOLDER/NAME_under_strace/strace.
`NAME_under_perf` likewise: `perf stat` counts its calls by kind, and writes FOLDER/NAME_under_perf/perf.
"""

import json
import os
import shutil
import subprocess
import sys

COUNTED = ("read", "openat", "close", "connect", "socket", "accept4", "lseek", "wait4", "mmap", "bind")
HERE = os.path.dirname(os.path.abspath(__file__))
base, *names = sys.argv[1:]
PYTHON = [sys.executable, "-E", "-S", "-s", "-B"]


def run(name):
    folder = os.path.join(base, name)
    os.mkdir(folder)
    program, _, watcher = name.partition("_under_")
    command = [*PYTHON, os.path.join(HERE, f"{program}.py"), folder]
    if watcher and shutil.which(watcher) is None:
        return {"skip": f"{watcher} is not installed: nothing to compare with"}
    if watcher == "strace":
        command = ["strace", "-f", "-v", "-C", "-o", os.path.join(folder, "strace"), *command]
    elif watcher == "perf":
        count = ["perf", "stat", "-x", ",", "-e", ",".join(f"syscalls:sys_enter_{call}" for call in COUNTED)]
        if subprocess.run([*count, "true"], capture_output=True).returncode:
            return {"skip": "perf cannot count system calls here: it is not of this kernel, or not permitted"}
        command = [*count, "-o", os.path.join(folder, "perf"), *command]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.stdout.startswith("skip: "):
        return {"skip": done.stdout.removeprefix("skip: ").strip()}
    facts = json.loads(done.stdout) if done.returncode == 0 else None
    return {"code": done.returncode, "err": done.stderr, "facts": facts}


print(json.dumps({name: run(name) for name in names}))
