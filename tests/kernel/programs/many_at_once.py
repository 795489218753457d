"""Several messages in one call, and bytes that go from descriptor to descriptor."""

import ctypes
import json
import os
import socket
import struct
import sys

folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)


class Vec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class Message(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_len", ctypes.c_uint32), ("iov", ctypes.POINTER(Vec)),
        ("iov_len", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_len", ctypes.c_size_t),
        ("flags", ctypes.c_int), ("padding", ctypes.c_int), ("size", ctypes.c_uint32),
    )  # fmt: skip


assert ctypes.sizeof(Message) == 64
kept = []  # ctypes keeps no memory alive that it merely knows the address of


def messages(buffers, address=None):
    made = (Message * len(buffers))()
    kept.append((buffers, address))
    for message, buffer in zip(made, buffers, strict=True):
        message.iov = ctypes.pointer(Vec(ctypes.addressof(buffer), len(buffer)))
        message.iov_len = 1
        if address is not None:
            message.name, message.name_len = ctypes.addressof(address), len(address)
    return made


one, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
other.bind(("127.0.0.1", 0))
port = other.getsockname()[1]
raw = struct.pack("=H", socket.AF_INET) + port.to_bytes(2, "big") + bytes((127, 0, 0, 1)) + bytes(8)
texts = [b"first message", b"second", b"the third one of them"]
sent = messages([ctypes.create_string_buffer(text, len(text)) for text in texts],
                ctypes.create_string_buffer(raw, len(raw)))  # fmt: skip
assert libc.sendmmsg(one.fileno(), sent, 3, 0) == 3, ctypes.get_errno()
got = messages([ctypes.create_string_buffer(100) for _ in range(3)])
assert libc.recvmmsg(other.fileno(), got, 3, 0, None) == 3, ctypes.get_errno()

with open(f"{folder}/source", "wb") as stream:
    stream.write(b"x" * 10_000)
source, target = os.open(f"{folder}/source", os.O_RDONLY), os.open(f"{folder}/target", os.O_RDWR | os.O_CREAT)
os.sendfile(target, source, 0, 4_000)
os.copy_file_range(source, target, 3_000, 0, 0)
reader, writer = os.pipe()
os.splice(source, writer, 2_000, 0)
others = os.pipe()
libc.tee(reader, others[1], 1_000, 0)
print(json.dumps({
    "pid": os.getpid(), "one": one.fileno(), "other": other.fileno(), "port": port, "source": source,
    "target": target, "pipe": [reader, writer], "second_pipe": os.fstat(others[1]).st_ino,
    "inos": {str(fd): os.fstat(fd).st_ino for fd in (source, target, reader, writer)},
}))  # fmt: skip
