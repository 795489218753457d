"""The same bytes through files in different folders and sockets on different ports."""

import json
import os
import socket
import sys

folder = sys.argv[1]
BYTES = bytes(range(256)) * 4


def folder_of(name):
    path = os.path.join(folder, name)
    os.mkdir(path)
    with open(os.path.join(path, "file"), "wb") as stream:
        stream.write(BYTES)
    return path


def read_from(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.read(descriptor, len(BYTES))
    return descriptor


wanted, other = folder_of("wanted"), folder_of("other")
os.symlink(wanted, os.path.join(folder, "link"))
files = {"wanted": read_from(f"{wanted}/file"), "other": read_from(f"{other}/file")}
os.chdir(wanted)
files["relative"] = read_from("file")
files["through a link"] = read_from(f"{folder}/link/file")

listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
client = socket.create_connection(("127.0.0.1", port))
server, _ = listener.accept()
client.send(BYTES)
server.recv(len(BYTES))

first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
for one, own in ((first, 47_064), (second, 47_065)):
    one.bind(("127.0.0.1", own))
first.sendto(BYTES, ("127.0.0.1", 47_053))
first.sendto(BYTES, second.getsockname())
first.sendmsg([BYTES[:100], BYTES[100:]], [], 0, ("127.0.0.1", 47_053))
print(json.dumps({"pid": os.getpid(), "files": files, "port": port, "client": client.fileno(),
                  "server": server.fileno(), "udp": first.fileno()}))  # fmt: skip
