"""Captures of incidents, small and made by hand, each with the ordinary beside what is looked for.

Each gives the path that it has written. Containers are Docker's, named by what they do.
"""

from __future__ import annotations

from tests.builders.capture import MS, PIPE, SOCKET, START_NS, CaptureBuilder, sock, sockaddr

OUTSIDE = "203.0.113.9:443"
O_WRONLY, O_CREAT = 1, 0o100
SHOP, JOB = 77, 78
SECOND = 1_000 * MS


def _machine(**section) -> CaptureBuilder:
    """A node with a shop's container, whose server answers all the time, and a shell of root's."""
    book = CaptureBuilder(**section)
    names = {SHOP: "shop", JOB: "job"}
    book.tables["cgroups"] = [{"id": 1, "path": "/", "hierarchy": 0}] + [
        {"id": number, "path": f"/docker/{_id(name)}", "hierarchy": 0} for number, name in names.items()
    ]
    book.tables["containers"] = [
        {"full_id": _id(name), "id": _id(name)[:12], "name": name, "runtime": "docker",
         "image": f"registry.example/{name}:1", "cgroup": f"/docker/{_id(name)}"}
        for name in names.values()
    ]  # fmt: skip
    book.process(100, comm="bash", cwd="/root", argv=[b"-bash"], exe="/bin/bash", uid=0)
    book.process(300, comm="httpd", cwd="/srv", argv=[b"httpd", b"-f"], exe="/usr/sbin/httpd", cgroup=SHOP)
    return book


def _id(name: str) -> str:
    return (name.encode().hex() * 64)[:64]


def _served(book: CaptureBuilder, times: int = 3) -> None:
    """Ordinary requests."""
    for number in range(times):
        ends = sock("10.1.0.2:80", f"10.1.0.9:{50_000 + number}")
        inode = 7_000 + len(book.rows)
        facts = {"pid": 300, "cgroup": SHOP, "fd": 8, "ino": inode, "mode": SOCKET, "sock": ends}
        book.event("accept4", ret=8, args=(4,), **facts)
        book.event("recvfrom", ret=16, data=b"GET / HTTP/1.1\r\n", args=(8, 0, 4_096), **facts)
        book.open(300, "/srv/index.html", ino=60, cgroup=SHOP)
        book.event("read", pid=300, cgroup=SHOP, fd=3, ino=60, ret=200, args=(3, 0, 4_096))
        book.event("sendto", ret=200, data=b"HTTP/1.1 200 OK\r\n", args=(8, 0, 200), **facts)


def reverse_shell(path):
    """The shop's server runs a shell on a connection that goes out, and the shell looks around."""
    book = _machine()
    _served(book, 6)
    ends = sock("10.1.0.2:40123", OUTSIDE)
    line = {"cgroup": SHOP, "ino": 900, "mode": SOCKET, "sock": ends}
    book.fork(300, 310, comm=b"httpd", cgroup=SHOP)
    book.event("socket", pid=310, ret=5, fd=5, args=(2, 1, 6), **line)
    book.event("connect", pid=310, fd=5, addr=sockaddr(OUTSIDE), args=(5, 0, 16), **line)
    for number in (0, 1, 2):
        book.event("dup2", pid=310, ret=number, fd=number, args=(5, number), **line)
    book.exec(310, "/bin/sh", "sh", "-i", ino=51, cgroup=SHOP)
    for number, words in enumerate((b"id\n", b"cat /run/secrets/key\n")):
        book.event("read", pid=310, fd=0, ret=len(words), data=words, args=(0, 0, 128), **line)
        child = 311 + number
        book.fork(310, child, comm=b"sh", cgroup=SHOP)
        program = words.split()[0].decode()
        book.exec(child, f"/bin/{program}", *words.decode().split(), ino=52 + number, cgroup=SHOP)
        if program == "cat":
            book.open(child, "/run/secrets/key", ino=61, cgroup=SHOP)
            book.event(
                "read",
                pid=child,
                cgroup=SHOP,
                fd=3,
                ino=61,
                ret=20,
                data=b"key-of-the-shop-4711",
                args=(3, 0, 64),
            )
        answer = b"uid=33(www)\n" if program == "id" else b"key-of-the-shop-4711"
        book.event("write", pid=child, fd=1, ret=len(answer), data=answer, args=(1, 0, len(answer)), **line)
        book.exit(child, cgroup=SHOP)
    _served(book, 2)
    return book.write(path)


def container_escape(path):
    """The shop's container mounts its host's disk and writes a job for the host's cron."""
    book = _machine()
    _served(book, 4)
    book.fork(300, 320, comm=b"httpd", cgroup=SHOP)
    book.exec(320, "/bin/sh", "sh", "-c", "/tmp/.x", ino=51, cgroup=SHOP)
    book.fork(320, 321, comm=b"sh", cgroup=SHOP)
    book.exec(321, "/bin/mount", "mount", "/dev/sda1", "/mnt", ino=55, cgroup=SHOP)
    book.event("mount", pid=321, cgroup=SHOP, text=b"/dev/sda1", text2=b"/mnt", args=(0, 0, 0, 0))
    book.exit(321, cgroup=SHOP)
    book.open(320, "/mnt/etc/cron.d/update", ino=62, cgroup=SHOP, flags=O_WRONLY | O_CREAT)
    job = b"* * * * * root /tmp/.x\n"
    book.event("write", pid=320, cgroup=SHOP, fd=3, ino=62, ret=len(job), data=job, args=(3, 0, len(job)))
    book.exit(320, cgroup=SHOP)
    _served(book, 2)
    return book.write(path)


def crash_loop(path, *, times=6):
    """A job is started again and again, and ends by the same signal each time, after the same file."""
    book = _machine()
    book.process(400, comm="supervise", argv=[b"supervise", b"job"], exe="/bin/supervise", cgroup=JOB)
    for number in range(times):
        pid = 410 + number
        book.fork(400, pid, comm=b"supervise", cgroup=JOB)
        book.exec(pid, "/app/job", "job", "--all", ino=56, cgroup=JOB)
        book.event("openat", pid=pid, cgroup=JOB, ret=-2, text=b"/etc/job.conf", args=(2**64 - 100, 0, 0))
        book.event("signal_deliver", pid=pid, cgroup=JOB, args=(11, 1, 0))
        book.exit(pid, cgroup=JOB, status=11)
        _served(book, 1)
    return book.write(path)


def slow_disk(path, *, times=12):
    """A database waits for its disk: an fsync now and then takes most of a second, all else is quick."""
    book = _machine()
    book.process(500, comm="db", argv=[b"db", b"--data", b"/var/db"], exe="/usr/bin/db", uid=26)
    time = START_NS
    for number in range(times):
        time += 900 * MS
        book.open(500, "/var/db/journal", ino=63, flags=O_WRONLY, time=time)
        for _ in range(4):
            time += MS
            book.event("write", pid=500, fd=3, ino=63, ret=4_096, args=(3, 0, 4_096), time=time)
        is_slow = number % 4 == 3
        time += 850 * MS if is_slow else 2 * MS
        latency = 850 * MS if is_slow else MS
        book.event("fsync", pid=500, fd=3, ino=63, args=(3,), time=time, latency=latency)
    book.event("read", pid=500, fd=0, ino=64, mode=PIPE, ret=0, args=(0, 0, 10))
    return book.write(path)
