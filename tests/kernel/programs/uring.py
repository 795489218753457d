"""Files and connections through io_uring alone: no read, write, open or connect is called."""

import ctypes
import json
import mmap
import os
import socket
import struct
import sys

folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
SETUP, ENTER = 425, 426
OFF_SQ, OFF_CQ, OFF_SQES = 0, 0x8000000, 0x10000000
AT_FDCWD, GETEVENTS = -100, 1
facts = {"pid": os.getpid(), "folder": folder}

parameters = ctypes.create_string_buffer(120)
ring = libc.syscall(SETUP, 8, parameters)
if ring < 0:
    print(f"skip: io_uring is not allowed here: {os.strerror(ctypes.get_errno())}")
    sys.exit()
sq_entries, cq_entries = struct.unpack_from("<II", parameters)
sq_off, cq_off = struct.unpack_from("<10I", parameters, 40), struct.unpack_from("<10I", parameters, 80)
sq = mmap.mmap(ring, sq_off[6] + sq_entries * 4, offset=OFF_SQ)
cq = mmap.mmap(ring, cq_off[5] + cq_entries * 16, offset=OFF_CQ)
sqes = mmap.mmap(ring, sq_entries * 64, offset=OFF_SQES)
kept = []


def number(ring_map, at):
    return struct.unpack_from("<I", ring_map, at)[0]


def request(op, fd, *, off=0, address=0, length=0, flags=0, data):
    """Hand in one request and wait for it; its result."""
    struct.pack_into("<BBHiQQIIQ", sqes, 0, op, 0, 0, fd, off, address, length, flags, data)
    sqes[40:64] = bytes(24)
    tail = number(sq, sq_off[1])
    struct.pack_into("<I", sq, sq_off[6] + 4 * (tail & number(sq, sq_off[2])), 0)
    struct.pack_into("<I", sq, sq_off[1], tail + 1)
    if libc.syscall(ENTER, ring, 1, 1, GETEVENTS, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "io_uring_enter")
    head = number(cq, cq_off[0])
    told, result, _ = struct.unpack_from("<QiI", cq, cq_off[5] + 16 * (head & number(cq, cq_off[2])))
    struct.pack_into("<I", cq, cq_off[0], head + 1)
    assert told == data
    return result


def memory(value):
    kept.append(ctypes.create_string_buffer(value, len(value) + 1))
    return ctypes.addressof(kept[-1])


path = memory(f"{folder}/by-uring".encode())
file = request(18, AT_FDCWD, address=path, length=0o600, flags=os.O_RDWR | os.O_CREAT, data=0x101)
facts["file"] = file
facts["written"] = request(23, file, address=memory(b"through the ring"), length=16, data=0x102)
facts["read"] = request(22, file, off=0, address=memory(bytes(100)), length=100, data=0x103)
facts["closed"] = request(19, file, data=0x104)
facts["missing"] = request(18, AT_FDCWD, address=memory(b"/nowhere/at-all"), flags=os.O_RDONLY, data=0x105)
facts["unlinked"] = request(36, AT_FDCWD, address=path, data=0x106)
server = socket.create_server(("127.0.0.1", 0))
facts["port"] = server.getsockname()[1]
client = socket.socket()
facts["client"] = client.fileno()
address = memory(
    struct.pack("<H", socket.AF_INET) + struct.pack(">H", facts["port"]) + bytes([127, 0, 0, 1]) + bytes(8)
)
facts["connected"] = request(16, client.fileno(), off=16, address=address, data=0x107)
facts["sent"] = request(26, client.fileno(), address=memory(b"hello"), length=5, data=0x108)
pause = memory(struct.pack("<qq", 0, 30_000_000))
facts["paused"] = request(11, -1, address=pause, length=1, data=0x109)
print(json.dumps(facts))
