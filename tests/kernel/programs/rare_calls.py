"""Calls that few programs make and whose arguments point to names, messages and small structures."""

import ctypes
import json
import os
import struct
import sys

from raw_calls import call, libc, pointer

folder = sys.argv[1]
MSGGET, MSGSND, MSGRCV, MSGCTL, SEMGET, SEMOP, SEMCTL = 68, 69, 70, 71, 64, 65, 66
ADD_KEY, KEYCTL, MOUNT, FSOPEN, FSCONFIG, EXECVEAT, FSTATAT = 248, 250, 165, 430, 431, 322, 262
PRLIMIT, SCHED_SETATTR, PERF_EVENT_OPEN, LANDLOCK_CREATE, LINKAT = 302, 314, 298, 444, 265
CREATE, PROCESS_KEYRING, EMPTY_PATH, CLONE_NEWNS = 0o1600, -2, 0x1000, 0x20000


def child(work):
    pid = os.fork()
    if not pid:
        work()
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


os.chdir(folder)
facts = {"pid": os.getpid()}

queue = call(MSGGET, 0, CREATE)
facts["sent"] = call(MSGSND, queue, pointer(struct.pack("q6s", 7, b"queued")), 6, 0)
room = pointer(bytes(72))
facts["received"] = call(MSGRCV, queue, room, 64, 7, 0)
facts["nothing"] = call(MSGRCV, queue, room, 64, 0, 0o4000)
call(MSGCTL, queue, 2, pointer(bytes(256)))
call(MSGCTL, queue, 0, 0)
semaphores = call(SEMGET, 0, 2, CREATE)
call(SEMOP, semaphores, pointer(struct.pack("HhhHhh", 0, 1, 0, 1, 2, 0o10000)), 2)
call(SEMCTL, semaphores, 0, 0, 0)

key = call(ADD_KEY, pointer(b"user\0"), pointer(b"a:key\0"), pointer(b"in the key"), 10, PROCESS_KEYRING)
facts["key"] = key
call(KEYCTL, 11, key, pointer(bytes(64)), 64, 0)
call(KEYCTL, 10, PROCESS_KEYRING, pointer(b"user\0"), pointer(b"a:key\0"), 0)

with open("named", "wb") as file:
    file.write(b"content")
os.setxattr("named", "user.note", b"a note")
os.getxattr("named", "user.note")
os.symlink("there", "link")
os.readlink("link")
# A number that was a directory's before is a file's now.
os.close(os.open(folder, os.O_RDONLY))
number = os.open("named", os.O_RDONLY)
call(FSTATAT, number, pointer(b"\0"), pointer(bytes(256)), EMPTY_PATH)
call(LINKAT, number, pointer(b"\0"), -100, pointer(b"linked\0"), EMPTY_PATH)

call(PRLIMIT, 0, 4, pointer(struct.pack("QQ", 0, 1 << 20)), 0)
call(SCHED_SETATTR, 0, pointer(struct.pack("IIQiIQQQ", 48, 3, 0, 5, 0, 0, 0, 0)), 0)
call(PERF_EVENT_OPEN, pointer(struct.pack("IIQ112x", 1, 128, 9)), 0, -1, -1, 0)
call(LANDLOCK_CREATE, pointer(struct.pack("Q", 5)), 8, 0)


def mounts():
    libc.unshare(CLONE_NEWNS)
    call(MOUNT, pointer(b"none\0"), pointer(b"/\0"), 0, 0x44000, 0)
    os.mkdir("mounted")
    call(MOUNT, pointer(b"none\0"), pointer(b"mounted\0"), pointer(b"tmpfs\0"), 2, pointer(b"size=1M\0"))
    opened = call(FSOPEN, pointer(b"tmpfs\0"), 0)
    call(FSCONFIG, opened, 1, pointer(b"mode\0"), pointer(b"0711\0"), 0)


def program():
    argv = (ctypes.c_char_p * 3)(b"true", b"by a number", None)
    opened = os.open("/bin/true", os.O_RDONLY)
    call(EXECVEAT, opened, pointer(b"\0"), ctypes.addressof(argv), pointer(bytes(8)), EMPTY_PATH)


facts["mounts"] = child(mounts)
facts["program"] = child(program)
print(json.dumps(facts))
