"""10,007 reads, 23 opens, 5 connects, 3 forks: no more, no fewer."""

import json
import os
import socket
import sys

READS, OPENS, CONNECTS, FORKS = 10_007, 23, 5, 3
folder = sys.argv[1]
data = bytes(at % 251 for at in range(READS))
with open(f"{folder}/data", "wb", buffering=0) as file:
    file.write(data)

opened = [os.open(f"{folder}/file-{at:02}", os.O_RDWR | os.O_CREAT, 0o640) for at in range(OPENS)]

reading = os.open(f"{folder}/data", os.O_RDONLY)
for _ in range(READS):
    os.read(reading, 1)

listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTS)
port = listener.getsockname()[1]
clients = [socket.socket() for _ in range(CONNECTS)]
for client in clients:
    client.connect(("127.0.0.1", port))

children = []
for number in range(FORKS):
    child = os.fork()
    if not child:
        os._exit(40 + number)
    children.append(child)
    os.waitpid(child, 0)

stat = os.fstat(reading)
facts = {
    "pid": os.getpid(),
    "folder": folder,
    "opened": opened,
    "reading": reading,
    "port": port,
    "local_ports": [client.getsockname()[1] for client in clients],
    "sockets": [client.fileno() for client in clients],
    "children": children,
    "data": [stat.st_dev, stat.st_ino],
}
print(json.dumps(facts))
