"""Both ends of connections of each family, a refused one, and datagrams."""

import errno
import json
import os
import socket
import sys

folder = sys.argv[1]
facts = {"pid": os.getpid()}


def told(address):
    """An address as JSON can hold it; Linux's abstract names are bytes."""
    return address.decode("latin-1") if isinstance(address, bytes) else address


def converse(family, address):
    """A child connects and sends; this process accepts, receives and answers. The facts of both."""
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen(4)
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        client = socket.socket(family)
        client.connect(listener.getsockname())
        client.send(b"from the client")
        client.recv(100)
        own = told(client.getsockname())
        os.write(tell, json.dumps([own, client.fileno(), os.fstat(client.fileno()).st_ino]).encode())
        os._exit(0)
    served, peer = listener.accept()
    served.recv(100)
    served.send(b"from the server")
    os.waitpid(child, 0)
    own, fd, ino = json.loads(os.read(ready, 1_000))
    found = {
        "server": {
            "fd": served.fileno(),
            "ino": os.fstat(served.fileno()).st_ino,
            "listener": listener.fileno(),
        },
        "client": {"pid": child, "fd": fd, "ino": ino, "name": own},
        "address": told(listener.getsockname()),
        "peer": told(peer),
    }
    served.detach()  # numbers are not used twice, so that each fact stays unambiguous
    listener.detach()
    return found


facts["ipv4"] = converse(socket.AF_INET, ("127.0.0.1", 0))
try:
    facts["ipv6"] = converse(socket.AF_INET6, ("::1", 0))
except OSError as error:
    facts["ipv6"] = None
    facts["no_ipv6"] = str(error)
facts["unix"] = converse(socket.AF_UNIX, f"{folder}/named")
facts["abstract"] = converse(socket.AF_UNIX, "\0exhume-test-" + str(os.getpid()))

closed = socket.socket()
closed.bind(("127.0.0.1", 0))
port = closed.getsockname()[1]
closed.close()
refused = socket.socket()
error = refused.connect_ex(("127.0.0.1", port))
facts["refused"] = {"fd": refused.fileno(), "port": port, "error": errno.errorcode[error]}

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(b"one datagram", receiver.getsockname())
data, source = receiver.recvfrom(100)
facts["udp"] = {
    "sender": sender.fileno(),
    "receiver": receiver.fileno(),
    "to": receiver.getsockname(),
    "from": source,
}
print(json.dumps(facts))
