"""Opens, copies, closes and hands down descriptors; now and then tells what is open, as /proc has it.

A moment is marked by asking for a path that is not there: /moment/NAME.
"""

import contextlib
import fcntl
import json
import os
import socket
import sys

told = []


def moment(name):
    folder = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY)
    numbers = sorted(int(entry) for entry in os.listdir(folder) if int(entry) != folder)
    os.close(folder)
    there = {}
    for number in numbers:
        try:
            os.fstat(number)
            there[number] = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
    with contextlib.suppress(OSError):
        os.stat(f"/moment/{name}")
    told.append([name, os.getpid(), there])


def main():
    moment("start")
    one = os.open("/etc/passwd", os.O_RDONLY | os.O_CLOEXEC)
    kept = os.open("/etc/hosts", os.O_RDONLY | os.O_CLOEXEC)
    os.set_inheritable(kept, True)
    copy = fcntl.fcntl(one, fcntl.F_DUPFD, 40)
    os.dup2(one, 50, inheritable=True)
    line = socket.socket()
    moment("opened")
    os.close(one)
    os.close(copy)
    again = os.open("/etc/group", os.O_RDONLY)
    moment("closed")
    for number in range(60, 70):
        os.dup2(kept, number, inheritable=number % 2 == 0)
    os.closerange(64, 67)
    moment("ranges")
    child = os.fork()
    if not child:
        told.clear()
        os.close(again)
        moment("child")
        print(json.dumps(told), flush=True)
        os.execv(sys.executable, [sys.executable, *sys.argv, "after"])
    os.waitpid(child, 0)
    moment("end")
    line.close()
    print(json.dumps(told), flush=True)


if sys.argv[1:] == ["after"]:
    moment("after")
    print(json.dumps(told), flush=True)
else:
    main()
