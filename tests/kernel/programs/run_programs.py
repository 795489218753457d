"""Runs programs of this folder one after another, each in a folder of its own; prints what each said as JSON.

    run_programs.py FOLDER PROGRAM…

`NAME_under_strace` runs NAME a second time, watched by strace, which writes FOLDER/NAME_under_strace/strace.
"""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
base, *names = sys.argv[1:]
PYTHON = [sys.executable, "-E", "-S", "-s", "-B"]


def run(name):
    folder = os.path.join(base, name)
    os.mkdir(folder)
    program = name.removesuffix("_under_strace")
    command = [*PYTHON, os.path.join(HERE, f"{program}.py"), folder]
    if name != program:
        if shutil.which("strace") is None:
            return {"skip": "strace is not installed: nothing to compare with"}
        command = ["strace", "-f", "-v", "-C", "-o", os.path.join(folder, "strace"), *command]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.stdout.startswith("skip: "):
        return {"skip": done.stdout.removeprefix("skip: ").strip()}
    facts = json.loads(done.stdout) if done.returncode == 0 else None
    return {"code": done.returncode, "err": done.stderr, "facts": facts}


print(json.dumps({name: run(name) for name in names}))
