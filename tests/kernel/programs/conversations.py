"""HTTP, DNS, TLS, unix sockets, a socketpair and a pipe between this process and its children.

Each conversation is told with what both sides know of it. At one moment, marked by asking for the path
/moment/connections, `ss`, `ps` and /proc tell what there is.
"""

import contextlib
import http.server
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request

folder = sys.argv[1]
facts = {"pid": os.getpid()}


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers /there with 200 and all else with 404."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"x" * 5_000 if self.path.startswith("/there") else b"nothing here"
        self.send_response(200 if self.path.startswith("/there") else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def child(work):
    """The pid of a child that does some work and ends."""
    pid = os.fork()
    if not pid:
        code = 1
        with contextlib.suppress(BaseException):
            work()
            code = 0
        os._exit(code)
    return pid


def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def talk_http():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"

    def ask():
        for path in ("/there?a=1", "/elsewhere"):
            try:
                answer = urllib.request.urlopen(base + path)
            except urllib.error.HTTPError as refusal:
                answer = refusal  # with a body of its own, which may come after the head
            answer.read()

    found = {"port": server.server_port, "client": child(ask)}
    found["code"] = ended(found["client"])
    if curl := shutil.which("curl"):
        asked = subprocess.Popen(
            [curl, "-s", "-o", "/dev/null", "-w", "%{local_port}", f"{base}/there"], stdout=-1
        )
        found["curl"], found["curl_port"] = asked.pid, int(asked.communicate()[0])
    server.shutdown()
    return found


def talk_dns():
    responder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    responder.bind(("127.0.0.1", 0))

    def ask():
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asking.connect(responder.getsockname())
        for number, name in enumerate(("there.example", "nowhere.example"), 1):
            labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
            asking.send(struct.pack(">6H", number, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1")
            asking.recv(512)

    asker = child(ask)
    for _ in range(2):
        query, peer = responder.recvfrom(512)
        there = b"nowhere" not in query
        head = struct.pack(">6H", query[0] << 8 | query[1], 0x8180 | (0 if there else 3), 1, there, 0, 0)
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([192, 0, 2, 7]) if there else b""
        responder.sendto(head + query[12:] + record, peer)
    return {"asker": asker, "code": ended(asker), "port": responder.getsockname()[1]}


def talk_tls():
    """Without a certificate: both sides agree to need none, which TLS 1.2 allows."""
    listener = socket.create_server(("127.0.0.1", 0))
    contexts = [ssl.SSLContext(side) for side in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)]
    contexts[0].check_hostname, contexts[0].verify_mode = False, ssl.CERT_NONE
    for context in contexts:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("aNULL:@SECLEVEL=0")
        context.set_alpn_protocols(["http/1.1"])

    def ask():
        with socket.create_connection(listener.getsockname()) as plain:
            contexts[0].wrap_socket(plain, server_hostname="shop.example").send(b"hello")

    asker = child(ask)
    served, _ = listener.accept()
    contexts[1].wrap_socket(served, server_side=True).recv(10)
    return {"asker": asker, "code": ended(asker), "port": listener.getsockname()[1]}


def talk_unix():
    """Two clients of one path, served in their order, each with bytes of its own number."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/talk.sock")
    listener.listen(4)
    clients, served = [], []
    for size in (111, 222):

        def ask(size=size):
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(f"{folder}/talk.sock")
                asking.send(b"u" * size)
                asking.recv(10)

        clients.append(child(ask))
        served.append(listener.accept()[0])
    for one in served:
        one.recv(1_000)
        one.send(b"ok")
    return {"clients": clients, "codes": [ended(pid) for pid in clients]}


def talk_in_pairs():
    one, other = socket.socketpair()
    reading, writing = os.pipe()

    def work():
        one.close()
        os.close(reading)
        other.send(b"p" * 333)
        os.write(writing, b"q" * 444)

    worker = child(work)
    other.close()
    os.close(writing)
    return {
        "worker": worker,
        "pair": len(one.recv(1_000)),
        "pipe": len(os.read(reading, 1_000)),
        "code": ended(worker),
    }


def tell_of_a_moment():
    """What ss, ps and /proc say while a child and this process hold a connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    ready, tell = os.pipe()

    def hold():
        asking = socket.create_connection(listener.getsockname())
        os.write(tell, b"x")
        asking.recv(1)

    holder = child(hold)
    served, _ = listener.accept()
    os.read(ready, 1)
    said = {
        "ss": subprocess.run(["ss", "-tanpH"], capture_output=True, text=True).stdout
        if shutil.which("ss")
        else "",
        "ps": subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True).stdout,
        "fds": {pid: links(pid) for pid in (os.getpid(), holder)},
        "lsof": lsof(os.getpid(), holder),
        "holder": holder,
    }
    with contextlib.suppress(OSError):
        os.stat("/moment/connections")
    served.send(b"x")
    said["code"] = ended(holder)
    return said


def lsof(*pids):
    """What lsof lists of processes, a field a line; empty where it is not installed."""
    if not shutil.which("lsof"):
        return ""
    command = ["lsof", "-nP", "-F", "pfn", "-a", "-d", "0-999", "-p", ",".join(map(str, pids))]
    return subprocess.run(command, capture_output=True, text=True).stdout


def links(pid):
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found[number] = os.readlink(f"/proc/{pid}/fd/{number}")
    return found


def count_io():
    """How many bytes a child moves, by the kernel's own account; both times it reads the account itself."""
    ready, tell = os.pipe()

    def work():
        account = os.open("/proc/self/io", os.O_RDONLY)
        source, sink = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
        before = os.pread(account, 4_096, 0)
        with contextlib.suppress(OSError):
            os.stat("/moment/begins")
        for size in range(1, 500):
            os.write(sink, os.read(source, size * 7))
        with contextlib.suppress(OSError):
            os.stat("/moment/ends")
        os.write(tell, json.dumps([before.decode(), os.pread(account, 4_096, 0).decode()]).encode())

    worker = child(work)
    code = ended(worker)
    return {"worker": worker, "code": code, "accounts": json.loads(os.read(ready, 10_000))}


for name, tell in (
    ("http", talk_http),
    ("dns", talk_dns),
    ("tls", talk_tls),
    ("unix", talk_unix),
    ("pairs", talk_in_pairs),
    ("moment", tell_of_a_moment),
    ("io", count_io),
):
    facts[name] = tell()
print(json.dumps(facts))
