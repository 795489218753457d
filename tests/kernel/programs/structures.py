"""Calls whose arguments point to structures, and sockets of a 32-bit program."""

import fcntl
import json
import os
import struct
import sys

from raw_calls import call, kept, pointer

folder = sys.argv[1]
OPENAT2, CLONE3, CAPGET, CAPSET, BPF, PRCTL = 437, 435, 125, 126, 321, 157
CAPABILITIES_3 = 0x20080522


os.chdir(folder)
facts = {"pid": os.getpid()}

how = struct.pack("<QQQ", os.O_CREAT | os.O_WRONLY, 0o640, 8)  # RESOLVE_BENEATH
facts["opened"] = call(OPENAT2, -100, pointer(b"made\0"), pointer(how), len(how))

with open("locked", "w+b") as file:
    fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("hhqqixxxx", fcntl.F_WRLCK, os.SEEK_SET, 10, 20, 0))
    asked = struct.pack("hhqqixxxx", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
    fcntl.fcntl(file, 36, asked)  # F_OFD_GETLK: it is the process's own lock that is in the way
    facts["locked"] = file.fileno()

call(PRCTL, 15, pointer(b"a new name\0"))
call(PRCTL, 0x53564D41, 0, 0, 0, pointer(b"no memory\0"))

header = pointer(struct.pack("<Ii", CAPABILITIES_3, 0))
sets = pointer(bytes(24))
facts["capget"] = call(CAPGET, header, sets)
facts["sets"] = kept[-1].raw.hex()
child = os.fork()
if not child:
    effective = 1 << 7 | 1 << 39  # CAP_SETUID, CAP_BPF
    wanted = [effective & 0xFFFFFFFF, effective & 0xFFFFFFFF, 0, effective >> 32, effective >> 32, 0]
    call(CAPSET, header, pointer(struct.pack("<6I", *wanted)))
    os._exit(0)
os.waitpid(child, 0)
facts["capset"] = child

groups = os.fork()
if not groups:
    os.setgroups([4, 27, 1 << 31])
    os._exit(0)
os.waitpid(groups, 0)
facts["groups"] = groups

# The child returns here, too: it shares nothing.
arguments = struct.pack("<11Q", 0x8000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0)  # CLONE_NEWIPC, SIGCHLD
made = call(CLONE3, pointer(arguments), len(arguments))
if not made:
    os._exit(0)
os.waitpid(made, 0)
facts["cloned"] = made
call(
    CLONE3,
    pointer(struct.pack("<11Q", 0, 0, 0, 0, 17, 0, 0, 0, pointer(struct.pack("<2i", -5, 7)), 2, 0)),
    88,
)

map_create = struct.pack("<7I16s", 2, 4, 8, 3, 0x400, 0, 0, b"a_map")  # an array
facts["map"] = call(BPF, 0, pointer(map_create), len(map_create))
code = struct.pack("<BBHi", 0xB7, 0, 0, 0) + struct.pack("<BBHi", 0x95, 0, 0, 0)  # return 0
load = struct.pack("<IIQQIIQII16s", 1, 2, pointer(code), pointer(b"GPL\0"), 0, 0, 0, 0, 0, b"a_program")
facts["program"] = call(BPF, 5, pointer(load), len(load))
facts["got"] = call(BPF, 7, pointer(struct.pack("<QII", pointer(b"/sys/fs/bpf/none\0"), 0, 8)), 16)
facts["attached"] = call(BPF, 8, pointer(struct.pack("<IIII", 3, facts["program"] & 0xFFFF, 1, 2)), 16)

print(json.dumps(facts))
