"""Moves bytes by every call whose payload is kept; `moved` tells which call, which descriptor, which bytes.

Bytes are told as (start, size): byte number i is (start + 7 i) modulo 256.
"""

import json
import os
import socket
import sys

folder = sys.argv[1]
moved = []
starts = iter(range(256))


def pattern(start, size):
    return bytes((start + 7 * at) % 256 for at in range(size))


def new(size):
    start = next(starts)
    return start, pattern(start, size)


def did(call, fd, start, size):
    moved.append((call, fd, start, size))


def pieces(data, *sizes):
    """Cut data into buffers of these sizes and one with the rest."""
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


file = os.open(f"{folder}/file", os.O_RDWR | os.O_CREAT)
for size in (0, 1, 79, 80, 81, 160, 299, 300, 301, 2_047, 2_048, 2_049, 5_000, 70_000):
    start, data = new(size)
    os.write(file, data)
    did("write", file, start, size)
    os.lseek(file, 0, os.SEEK_SET)
    os.pwrite(file, data, 0)
    did("pwrite64", file, start, size)
    os.read(file, size)
    did("read", file, start, size)
    os.pread(file, size, 0)
    did("pread64", file, start, size)
    os.lseek(file, 0, os.SEEK_SET)

for size in (20, 100, 1_000, 5_000):
    start, data = new(size)
    os.lseek(file, 0, os.SEEK_SET)
    os.writev(file, list(pieces(data, 3, 0, 7)))
    did("writev", file, start, size)
    os.lseek(file, 0, os.SEEK_SET)
    os.readv(file, [bytearray(5), bytearray(11), bytearray(size - 16)])
    did("readv", file, start, size)
    one, other = socket.socketpair()
    one.send(data)
    did("sendto", one.fileno(), start, size)
    other.recv(size + 10)
    did("recvfrom", other.fileno(), start, size)
    one.sendmsg(list(pieces(data, 9, 1)))
    did("sendmsg", one.fileno(), start, size)
    other.recvmsg(size + 10)
    did("recvmsg", other.fileno(), start, size)
    one.close()
    other.close()

start, data = new(24)
many = os.open(f"{folder}/many", os.O_RDWR | os.O_CREAT)
os.writev(many, [data[at : at + 2] for at in range(0, 24, 2)])
print(json.dumps({"pid": os.getpid(), "moved": moved, "many": [many, start]}))
