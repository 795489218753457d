"""Holds one of each kind of descriptor, in itself and in processes made in other ways, until its input ends.

    one_of_each.py FOLDER NAME

Once all are there it prints {"what": pid} of itself and of these. Names of abstract sockets begin with NAME.
"""

import ctypes
import fcntl
import json
import os
import select
import socket
import sys

folder, name = sys.argv[1:3]
libc = ctypes.CDLL(None, use_errno=True)
kept = []
life, alive = os.pipe()
tells, told = os.pipe()
PR_SET_CHILD_SUBREAPER, CLOSE_RANGE_CLOEXEC, NETLINK_ROUTE = 36, 4, 0
STREAM, DATAGRAM, PACKETS = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


def bound(family, address, kind=STREAM):
    one = socket.socket(family, kind)
    one.bind(address)
    if kind != DATAGRAM:
        one.listen()
    return one


def connected(listener, family, kind=STREAM, address=None):
    client = socket.socket(family, kind)
    client.connect(address or listener.getsockname())
    return [client, listener.accept()[0]]


def sockets():
    both = bound(socket.AF_INET6, ("::", 0))
    four, six = bound(socket.AF_INET, ("127.0.0.1", 0)), bound(socket.AF_INET6, ("::1", 0))
    datagrams = bound(socket.AF_INET, ("127.0.0.1", 0), DATAGRAM)
    path, abstract = bound(socket.AF_UNIX, f"{folder}/stream"), bound(socket.AF_UNIX, f"\0{name}-stream")
    packets = bound(socket.AF_UNIX, f"\0{name}-packets", PACKETS)
    kept.extend((four, six, both, datagrams, path, abstract, packets))
    kept.append(bound(socket.AF_INET6, ("::1", 0), DATAGRAM))
    kept.append(bound(socket.AF_UNIX, f"{folder}/datagrams", DATAGRAM))
    kept.extend(connected(four, socket.AF_INET))
    kept.extend(connected(both, socket.AF_INET, address=("127.0.0.1", both.getsockname()[1])))
    kept.extend(connected(path, socket.AF_UNIX) + connected(abstract, socket.AF_UNIX))
    kept.extend(connected(packets, socket.AF_UNIX, PACKETS) + connected(six, socket.AF_INET6))
    asking, one_shot = (socket.socket(socket.AF_INET, DATAGRAM) for _ in range(2))
    asking.connect(datagrams.getsockname())
    asking.send(b"one")
    one_shot.sendto(b"two", datagrams.getsockname())
    for _ in range(2):
        _, peer = datagrams.recvfrom(10)
        datagrams.sendto(b"back", peer)
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE)
    netlink.bind((0, 0))
    kept.extend((asking, one_shot, netlink, socket.socket(), *socket.socketpair()))


def events():
    waiting = select.epoll()
    waiting.register(life)
    counter, ring = libc.eventfd(0, 0), libc.syscall(425, 4, ctypes.create_string_buffer(120))
    kept.extend((waiting, counter, os.dup(counter), fcntl.fcntl(waiting, fcntl.F_DUPFD, 200), ring))
    kept.extend((libc.timerfd_create(1, 0), libc.signalfd(-1, ctypes.create_string_buffer(128), 0)))
    kept.extend((libc.inotify_init1(0), os.memfd_create("code"), os.pidfd_open(os.getpid())))


def files():
    def opened(path, flags=os.O_RDWR | os.O_CREAT, **more):
        kept.append(os.open(f"{folder}/{path}", flags, **more))
        return kept[-1]

    for path in ("file", "gone", "before", "left", "under"):
        opened(path)
    os.link(f"{folder}/left", f"{folder}/right")
    opened("right")
    os.mkdir(f"{folder}/one")
    opened("one/within")
    os.rename(f"{folder}/one", f"{folder}/two")
    os.unlink(f"{folder}/gone")
    os.rename(f"{folder}/before", f"{folder}/after")
    opened("over")
    os.rename(f"{folder}/over", f"{folder}/under")
    os.symlink("file", f"{folder}/link")
    opened("link", os.O_RDONLY)
    opened("file", os.O_PATH)
    kept.append(os.open("file", os.O_RDONLY, dir_fd=opened("", os.O_DIRECTORY)))
    os.mkfifo(f"{folder}/fifo")
    opened("fifo", os.O_RDWR)
    if hasattr(os, "O_TMPFILE"):
        opened("", os.O_TMPFILE | os.O_RDWR)
    kept.extend((*os.pipe(), *os.openpty(), os.open("/dev/null", os.O_RDONLY)))
    kept.append(os.open("/proc/self/ns/net", os.O_RDONLY))


def passed():
    """A file and a listener that came in a message."""
    here, there = socket.socketpair()
    gone = os.open(f"{folder}/passed", os.O_RDWR | os.O_CREAT)
    socket.send_fds(here, [b"x"], [gone, kept[0].fileno()])
    os.close(gone)
    came = socket.recv_fds(there, 1, 2)[1]
    kept.extend((here, there, *came))
    return came


def tell(what):
    os.write(told, f"{what} {os.getpid()}\n".encode())


def lives(what):
    """Until there is no more to hold."""
    tell(what)
    os.close(alive)
    os.read(life, 1)
    os._exit(0)


def becomes_cat(what):
    tell(what)
    os.dup2(life, 0)
    os.execv("/bin/cat", ["cat"])


def child(does, *arguments):
    pid = os.fork()
    if not pid:
        does(*arguments)
        os._exit(0)
    return pid


def daemon(what):
    os.setsid()
    child(lives, what)


def jailed():
    os.chroot(folder)
    os.chdir("/")
    kept.append(os.open("/file", os.O_RDONLY))
    os.setgid(1)
    os.setuid(1)
    lives("jailed")


def marked():
    for one in range(10, 60):
        if one not in (told, life):
            try:
                os.set_inheritable(one, True)
            except OSError:
                continue
    libc.close_range(20, 40, CLOSE_RANGE_CLOEXEC)
    becomes_cat("marked")


def closed():
    os.closerange(30, 50)
    lives("closed")


def sessions():
    os.setsid()
    becomes_cat("session")


def processes():
    for does in (sessions, marked, closed, jailed):
        child(does)
    child(lives, "plain")
    os.waitpid(child(daemon, "daemon"), 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.waitpid(child(daemon, "adopted"), 0)


sockets()
events()
files()
came = passed()
processes()
for one in came:
    os.fstat(one)  # by what is done with it alone it is known that it came
names = {"itself": os.getpid()}
heard = b""
while heard.count(b"\n") < 7:
    heard += os.read(tells, 1000)
names |= {what: int(pid) for what, pid in (line.split() for line in heard.decode().splitlines())}
print(json.dumps(names), flush=True)
sys.stdin.read()
