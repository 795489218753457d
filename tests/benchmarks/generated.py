"""A large capture that nobody recorded: the skew of real work, any number of events, the same every time.

    python -m tests.benchmarks.generated FILE [--events 10000000] [--payload 64]

2,000 processes, a third of which were there at the start; 50 containers beside the host; 200,000 paths. A
few processes, files and peers have most of the events, as on real machines. Calls come as they do: what is
opened is read and closed, a client connects, sends and receives, a server accepts. Events are made a million
at a time, as arrays: no Python runs for one.
"""

import argparse
import hashlib
import struct
from pathlib import Path

import numpy as np

from capture.format import EVENT_COLUMNS, CaptureWriter, EventBatch, TextHeap, create
from capture.model.catalogue import spec_named

START_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
BLOCK = 1 << 16
SLICE = 1 << 20
"""Events that are made at once."""
EVENTS_A_SECOND = 100_000

PROCESSES, CONTAINERS, PATHS, PEERS, WORKING_DIRECTORIES = 2_000, 50, 200_000, 4_000, 64
THREADS = 8
FILE, PIPE, SOCKET = 0o100644, 0o010600, 0o140777
O_CREAT, AT_FDCWD = 0o101, (1 << 64) - 100
_FD, _SIZE, _ZERO = "a descriptor", "a size", "zero"


class Kind:
    """One call of an episode: what it returns, and what of the file or connection it tells."""

    def __init__(self, name, returns=_ZERO, *, path=False, sock=False, address=False, latency=2_000):
        self.code = spec_named(name).code_on("x86_64")
        self.returns, self.path, self.sock, self.address, self.latency = returns, path, sock, address, latency


_OPEN = Kind("openat", _FD, path=True, latency=4_000)
_READ, _WRITE = Kind("read", _SIZE, latency=1_500), Kind("write", _SIZE, latency=2_500)
_RECEIVE = Kind("recvfrom", _SIZE, sock=True, latency=60_000)
_SEND = Kind("sendto", _SIZE, sock=True, latency=9_000)
_CLOSE, _FSTAT = Kind("close"), Kind("fstat")
_STAT, _UNLINK = Kind("newfstatat", path=True), Kind("unlinkat", path=True)
_CONNECT = Kind("connect", sock=True, address=True, latency=300_000)
_ACCEPT = Kind("accept4", _FD, sock=True, latency=2_000_000)
_CLOSE_SOCKET = Kind("close", sock=True)
_FUTEX, _POLL = Kind("futex", latency=900_000), Kind("epoll_wait", latency=5_000_000)
_MAP, _CLOCK = Kind("mmap"), Kind("clock_nanosleep", latency=20_000_000)

FILES, SOCKETS, NOTHING, PIPES = range(4)
EPISODES = (
    # weight, what it is about, its calls
    (24, FILES, (_OPEN, _FSTAT, _READ, _READ, _READ, _READ, _CLOSE)),
    (12, FILES, (_OPEN, _READ, _CLOSE)),
    (8, FILES, (_OPEN, _WRITE, _WRITE, _WRITE, _WRITE, _WRITE, _CLOSE)),
    (22, FILES, (_STAT,)),
    (2, FILES, (_UNLINK,)),
    (6, SOCKETS, (_CONNECT, _SEND, _RECEIVE, _RECEIVE, _CLOSE_SOCKET)),
    (8, SOCKETS, (_ACCEPT, _RECEIVE, _SEND, _SEND, _CLOSE_SOCKET)),
    (8, PIPES, (_WRITE, _READ)),
    (18, NOTHING, (_FUTEX, _FUTEX)),
    (14, NOTHING, (_POLL,)),
    (10, NOTHING, (_MAP,)),
    (2, NOTHING, (_CLOCK,)),
)
KINDS = list(dict.fromkeys(kind for _, _, calls in EPISODES for kind in calls))
WORDS = (
    "lib",
    "share",
    "log",
    "cache",
    "python3",
    "data",
    "conf",
    "x86_64-linux-gnu",
    "modules",
    "www",
    "srv",
)
LINES = (
    b"GET /index.html HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8.5.0\r\n\r\n",
    b"2023-11-14T22:13:20 INFO worker finished job 4711 in 20 ms\n",
    b'{"user": "alice", "items": [3, 5, 8], "total": 41.5, "currency": "EUR"}\n',
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 512\r\n\r\n",
)


def skewed(count, exponent=1.05):
    """Cumulated shares of `count` things of which the first are the busiest."""
    shares = 1 / np.arange(1, count + 1) ** exponent
    return np.cumsum(shares / shares.sum())


def drawn(random, cumulated, size):
    """Things drawn by their shares."""
    return np.minimum(np.searchsorted(cumulated, random.random(size)), len(cumulated) - 1)


class World:
    """Who and what there is; `duration` in nanoseconds."""

    def __init__(self, random, duration):
        self.random, self.duration = random, duration
        self.existed = np.arange(PROCESSES) < PROCESSES // 3
        self.container = np.where(
            random.random(PROCESSES) < 0.3, 0, drawn(random, skewed(CONTAINERS), PROCESSES) + 1
        )
        self.container[:CONTAINERS] = np.arange(CONTAINERS) + 1
        self.pid = 1_000 + np.arange(PROCESSES) * 16
        self.start = np.where(
            self.existed, -60 * SECOND, (random.random(PROCESSES) * duration * 0.95).astype(np.int64)
        )
        lives = np.maximum((random.exponential(0.05, PROCESSES) * duration).astype(np.int64), 50_000_000)
        self.end = np.where(self.existed, 2 * duration, np.minimum(self.start + lives, 2 * duration))
        self.uid = np.array([0, 33, 101, 1000, 1001])[random.integers(0, 5, PROCESSES)]
        self.threads = np.where(random.random(PROCESSES) < 0.3, random.integers(2, THREADS, PROCESSES), 1)
        self.share = 1 / np.arange(1, PROCESSES + 1) ** 1.05
        self.name = [f"worker-{at % 40}" for at in range(PROCESSES)]
        self.parent = np.where(self.existed, 0, random.integers(0, PROCESSES // 3, PROCESSES))
        self.files = skewed(PATHS // (CONTAINERS + 1), 0.7)
        self.peers = skewed(PEERS)
        self._lay_out_texts()

    def _lay_out_texts(self):
        """All texts that events point to, and where each sort of them begins."""
        texts = [b""]
        self.path_at = len(texts)
        texts += [path_of(at) for at in range(PATHS)]
        self.short_at = len(texts)
        texts += [f"./part-{at % 5_000}.dat".encode() for at in range(PATHS)]
        self.sock_at = len(texts)
        texts += [sock_of(at) for at in range(PEERS)]
        self.address_at = len(texts)
        texts += [address_of(at) for at in range(PEERS)]
        self.comm_at = len(texts)
        texts += [name.encode() for name in self.name]
        self.program_at = len(texts)
        texts += [f"/usr/bin/{name}".encode() for name in self.name]
        self.words_at = len(texts)
        texts += [f"{name}\0--number\0{at}\0".encode() for at, name in enumerate(self.name)]
        self.lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.heap = np.frombuffer(b"".join(texts), np.uint8)
        lines = b"".join(LINES[at] for at in np.random.default_rng(7).integers(0, len(LINES), 4_000).tolist())
        self.bytes = np.frombuffer(lines, np.uint8)


def path_of(at):
    first, second, third = (WORDS[at // step % len(WORDS)] for step in (1, 11, 121))
    return f"/usr/{first}/{second}/{third}-{at % 97}/file-{at}.so".encode()


def sock_of(at):
    """The kernel's 48 bytes of a TCP socket; a fifth are servers' ends."""
    local, remote = (
        (80, 30_000 + at % 30_000) if at % 5 == 0 else (32_768 + at % 28_000, (443, 5432, 53, 8080)[at % 4])
    )
    peer = bytes((10, at % 7, at // 256 % 256, at % 256)).ljust(16, b"\0")
    own = bytes((10, 0, 0, 5)).ljust(16, b"\0")
    return struct.pack("<HHHBxHH4x16s16s", 2, 1, 6, 1, local, remote, own, peer)


def address_of(at):
    peer = bytes((10, at % 7, at // 256 % 256, at % 256))
    return struct.pack("<H", 2) + (443, 5432, 53, 8080)[at % 4].to_bytes(2, "big") + peer + bytes(8)


def id_of(container):
    return hashlib.sha256(str(container).encode()).hexdigest()


def cgroup_of(container):
    return f"/system.slice/docker-{id_of(container)}.scope" if container else "/system.slice/cron.service"


def snapshot(world):
    """The tables of the snapshot."""
    processes = [
        {
            "pid": int(world.pid[at]),
            "ppid": 1,
            "start_ns": START_NS - 60 * SECOND,
            "comm": world.name[at],
            "exe": f"/usr/bin/{world.name[at]}",
            "argv": [world.name[at], "--number", str(at)],
            "uid": int(world.uid[at]),
            "cwd": f"/srv/app-{at % WORKING_DIRECTORIES}",
            "cgroup": cgroup_of(int(world.container[at])),
            "sid": 1,
            "tty": 0,
            "threads": [int(world.pid[at]) + thread for thread in range(int(world.threads[at]))],
        }
        for at in np.flatnonzero(world.existed).tolist()
    ]
    return {
        "processes": processes,
        "cgroups": [{"id": 100 + at, "path": cgroup_of(at)} for at in range(CONTAINERS + 1)],
        "containers": [
            {
                "id": id_of(at)[:12],
                "full_id": id_of(at),
                "name": f"service-{at}",
                "runtime": "docker",
                "image": f"registry.example/service-{at % 12}:1.{at}",
                "cgroup": cgroup_of(at),
            }
            for at in range(1, CONTAINERS + 1)
        ],
        "users": [
            {"uid": uid, "name": name} for uid, name in ((0, "root"), (33, "www-data"), (1000, "alice"))
        ],
    }


def episodes(world, since, until, events):
    """Columns of about `events` events between two times, in no order."""
    random = world.random
    alive = np.flatnonzero((world.start < until) & (world.end > since))
    shares = np.cumsum(world.share[alive]) / world.share[alive].sum()
    weights = np.array([weight for weight, _, _ in EPISODES], float)
    lengths = np.array([len(calls) for _, _, calls in EPISODES])
    count = int(events * weights.sum() / (weights * lengths).sum())
    which = drawn(random, np.cumsum(weights / weights.sum()), count)
    process = alive[drawn(random, shares, count)]
    begin = np.maximum(world.start[process] + 1_000_000, since)
    end = np.maximum(np.minimum(world.end[process] - 1_000_000, until), begin + 1)
    start = begin + (random.random(count) * (end - begin)).astype(np.int64)
    place = drawn(random, world.files, count) * (CONTAINERS + 1) + world.container[process]
    peer = drawn(random, world.peers, count)
    number = np.arange(count)
    # From episodes to events.
    length = lengths[which]
    episode = np.repeat(number, length)
    step = np.arange(len(episode)) - np.repeat(np.cumsum(length) - length, length)
    table = np.full((len(EPISODES), int(lengths.max())), -1)
    for at, (_, _, calls) in enumerate(EPISODES):
        table[at, : len(calls)] = [KINDS.index(call) for call in calls]
    kind = table[which[episode], step]
    about = np.array([about for _, about, _ in EPISODES])[which[episode]]
    gap = random.integers(2_000, 60_000, len(episode))
    return {
        "process": process[episode],
        "place": place[episode],
        "peer": peer[episode],
        "kind": kind,
        "about": about,
        "time": np.minimum(start[episode] + step * 60_000 + gap, until - 1),
        "fd": 3 + episode % 200,
        "thread": random.integers(0, THREADS, count)[episode] % world.threads[process[episode]],
        "chance": random.random(len(episode)),
        "number": episode,
    }


def columns_of(world, made, payload):
    """What the file holds of such events."""
    kind, about, process = made["kind"], made["about"], made["process"]
    traits = {
        name: np.array([getattr(one, name) for one in KINDS])
        for name in ("code", "path", "sock", "address", "latency")
    }
    returns = np.array([(_ZERO, _FD, _SIZE).index(one.returns) for one in KINDS])[kind]
    chance, failing = made["chance"], traits["path"][kind] & (made["chance"] < 0.12)
    size = np.minimum((64 * 2 ** (chance * 10)).astype(np.int64), 65_536)
    ret = np.select([failing, returns == 1, returns == 2], [-2, made["fd"], size], 0)
    has_file, has_pipe, has_socket = about == FILES, about == PIPES, about == SOCKETS
    touches = (
        (has_file & ~traits["path"][kind]) | (has_file & (returns == 1) & ~failing) | has_pipe | has_socket
    )
    relative = traits["path"][kind] & (made["place"] % 10 == 0)
    text = np.select(
        [relative, traits["path"][kind]], [world.short_at + made["place"], world.path_at + made["place"]], 0
    )
    ino = np.select(
        [has_file, has_pipe, has_socket],
        [1_000 + made["place"], 5_000_000 + process, 9_000_000 + made["peer"]],
        0,
    )
    captured = np.where(returns == 2, np.minimum(size, payload), 0)
    named = traits["path"][kind] | traits["sock"][kind]
    return {
        "time": START_NS + made["time"],
        "latency": (traits["latency"][kind] * (0.5 + chance * chance * 3)).astype(np.int64),
        "cgroup": 100 + world.container[process],
        "ret": ret,
        "a0": np.where(named & traits["path"][kind], np.uint64(AT_FDCWD), made["fd"].astype(np.uint64)),
        "a1": (made["number"] * 64 + 0x7F0000000000).astype(np.uint64),
        "a2": np.where(kind == KINDS.index(_OPEN), 0, size),
        "ino": np.where(touches, ino, 0),
        "dev": np.where(touches, np.where(has_socket, 8, np.where(has_pipe, 13, 2049)), 0),
        "uid": world.uid[process],
        "pid": world.pid[process],
        "tid": world.pid[process] + made["thread"],
        "fd": np.where(touches, made["fd"], -1),
        "code": traits["code"][kind],
        "cpu": made["number"] % 8,
        "mode": np.where(touches, np.select([has_pipe, has_socket], [PIPE, SOCKET], FILE), 0),
        "captured": captured,
        "text": text,
        "sock": np.where(traits["sock"][kind], world.sock_at + made["peer"], 0),
        "addr": np.where(traits["address"][kind], world.address_at + made["peer"], 0),
    }


def lives(world, since, until):
    """Columns of forks, programs and ends between two times."""
    rows = []
    base = {"cgroup": 0, "latency": 400_000, "fd": -1}
    fork, execve, leave = (spec_named(name).code_on("x86_64") for name in ("procfork", "execve", "procexit"))
    for at in np.flatnonzero(~world.existed).tolist():
        pid, parent, start = int(world.pid[at]), int(world.parent[at]), int(world.start[at])
        own = {
            **base,
            "pid": pid,
            "tid": pid,
            "uid": int(world.uid[at]),
            "cgroup": 100 + int(world.container[at]),
        }
        if since <= start < until:
            creator = {
                "pid": int(world.pid[parent]),
                "tid": int(world.pid[parent]),
                "text": world.comm_at + parent,
            }
            arguments = {
                "a0": pid,
                "a1": pid,
                "a2": START_NS + start,
                "a3": int(world.pid[parent]),
                "a4": pid,
            }
            rows.append({**own, **creator, **arguments, "code": fork, "time": START_NS + start})
            program = {
                "text": world.program_at + at,
                "text2": world.words_at + at,
                "ino": 700_000 + at % 40,
                "dev": 2049,
            }
            rows.append(
                {**own, **program, "mode": 0o100755, "code": execve, "time": START_NS + start + 500_000}
            )
        if since <= world.end[at] < until:
            last = {"a0": (at % 9 == 0) << 8, "a1": 1, "a2": START_NS + start}
            rows.append({**own, **last, "code": leave, "time": START_NS + int(world.end[at])})
    return {
        name: np.array([row.get(name, 0) for row in rows], dtype) for name, dtype in EVENT_COLUMNS.items()
    }


def events_between(world, since, until, count, payload):
    """The columns of EVENT_COLUMNS, sorted by time; text columns are positions in the world's texts."""
    many, few = columns_of(world, episodes(world, since, until, count), payload), lives(world, since, until)
    every = {}
    for name, dtype in EVENT_COLUMNS.items():
        one = many.get(name)
        one = np.zeros(len(many["time"]), dtype) if one is None else one.astype(dtype)
        every[name] = np.concatenate((one, few[name]))
    order = np.argsort(every["time"], kind="stable")
    return {name: values[order] for name, values in every.items()}


def gathered(heap, starts, lengths):
    """Pieces of a heap, end to end."""
    within = np.cumsum(lengths) - lengths
    return heap[np.repeat(starts - within, lengths) + np.arange(int(lengths.sum()))].tobytes()


def block_of(world, columns):
    """A batch with the texts and the bytes that it uses."""
    texts = ("text", "text2", "addr", "sock", "exe", "env")
    used = np.unique(np.concatenate([columns[name] for name in texts]))
    used = used[used > 0]
    place = np.zeros(len(world.lengths), np.int32)
    place[used] = np.arange(1, len(used) + 1)
    heap = TextHeap(
        world.lengths[used].astype("<u4"), gathered(world.heap, world.starts[used], world.lengths[used])
    )
    captured = columns["captured"].astype(np.int64)
    starts = (columns["time"] // 1_000) % (len(world.bytes) - 70_000)
    payload = gathered(world.bytes, starts[captured > 0], captured[captured > 0])
    return EventBatch({**columns, **{name: place[columns[name]] for name in texts}}, heap, payload)


def generate(path, events=10_000_000, payload=64, *, seed=1):
    """Write a capture of about so many events, of which each keeps at most `payload` bytes."""
    duration = max(events * SECOND // EVENTS_A_SECOND, SECOND)
    world = World(np.random.default_rng(seed), duration)
    slices = -(-events // SLICE)
    with create(Path(path), overwrite=True) as stream:
        writer = CaptureWriter(stream)
        writer.section(
            {
                "capture_id": f"generated-{seed}-{events}",
                "host": {"hostname": "node-1", "machine": "x86_64", "cpus": 8},
                "clock": {"started": START_NS, "utc_offset": 3600},
                "started_ns": START_NS,
            }
        )
        for name, rows in snapshot(world).items():
            writer.table(name, rows)
        for at in range(slices):
            since, until = (duration * edge // slices for edge in (at, at + 1))
            columns = events_between(world, since, until, events // slices, payload)
            for first in range(0, len(columns["time"]), BLOCK):
                part = {name: values[first : first + BLOCK] for name, values in columns.items()}
                writer.events(block_of(world, part))
        writer.end({"events": writer.events_written, "lost": {}, "late": 0})
        return writer.events_written


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--payload", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{generate(options.file, options.events, options.payload, seed=options.seed):,} events")


if __name__ == "__main__":
    main()
