"""Reads and writes of several kinds between two looks at what the kernel counted for this process."""

import json
import os
import socket
import sys

folder = sys.argv[1]


def look():
    """The kernel's own counters: this read is in those of the next look."""
    fd = os.open("/proc/self/io", os.O_RDONLY)
    text = os.read(fd, 4_096).decode()
    os.close(fd)
    return {name: int(value) for name, value in (line.split(": ") for line in text.splitlines())}


begin = look()
data = os.open(f"{folder}/data", os.O_RDWR | os.O_CREAT, 0o600)
for at in range(31):
    os.write(data, b"x" * (100 * at + 1))
os.pwrite(data, b"y" * 77, 5)
os.writev(data, [b"a" * 10, b"b" * 20, b"c" * 3])
os.lseek(data, 0, os.SEEK_SET)
while os.read(data, 1_000):
    pass
os.pread(data, 500, 10)
os.preadv(data, [bytearray(64), bytearray(64)], 0)
reader, writer = os.pipe()
os.write(writer, b"p" * 321)
os.read(reader, 1_000)
one, other = socket.socketpair()
os.write(one.fileno(), b"s" * 55)
os.read(other.fileno(), 1_000)
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
served, _ = server.accept()
os.write(client.fileno(), b"n" * 12_345)
got = 0
while got < 12_345:
    got += len(os.read(served.fileno(), 4_096))
end = look()
print(json.dumps({"pid": os.getpid(), "folder": folder, "begin": begin, "end": end}))
