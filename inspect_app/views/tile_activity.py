"""Tiles of what went on: general figures, files, network, applications, performance."""

from __future__ import annotations

from inspect_app.views.format import Unit
from inspect_app.views.measures import OPENS
from inspect_app.views.tile import FILE, NET, OK, READ, WRITE, Counting, Tile, TileCategory

_METHODS = ("GET ", "POST ", "PUT ", "DELETE ", "HEAD ", "PATCH ", "OPTIONS ", "CONNECT ", "TRACE ")
_REQUEST = " or ".join(f'evt.buffer startswith "{method}"' for method in _METHODS)
_HTTP_REQUEST = f"{READ} and fd.type in (ipv4, ipv6, unix) and ({_REQUEST})"
_STATUS = ("HTTP/1.0 4", "HTTP/1.0 5", "HTTP/1.1 4", "HTTP/1.1 5")
_ERROR_RESPONSE = " or ".join(f'evt.buffer startswith "{status}"' for status in _STATUS)
_HTTP_ERROR = f"{READ} and fd.type in (ipv4, ipv6, unix) and ({_ERROR_RESPONSE})"

_GENERAL = (
    Tile(
        "processes",
        "Running processes",
        TileCategory.GENERAL,
        "Processes that lived in the window.",
        "",
        "processes",
        Counting.ALIVE,
        "process",
        hide_at_zero=False,
    ),
    Tile(
        "containers",
        "Running containers",
        TileCategory.GENERAL,
        "Containers that lived in the window, without the host.",
        'container.id != "host"',
        "containers",
        Counting.ALIVE,
        "container",
        hide_at_zero=False,
    ),
    Tile(
        "syscalls",
        "System calls",
        TileCategory.GENERAL,
        "System calls that returned, or were cut off by the end of their thread or of the recording.",
        "syscall.type exists",
        "syscalls",
        hide_at_zero=False,
    ),
    Tile(
        "errors",
        "Failed calls",
        TileCategory.GENERAL,
        "System calls that returned an error.",
        "evt.failed = true",
        "errors",
        hide_at_zero=False,
    ),
)


def _bytes(category: TileCategory, name: str, title: str, meaning: str, condition: str) -> Tile:
    view = "files" if category is TileCategory.FILE else "server_ports"
    return Tile(
        name,
        title,
        category,
        meaning,
        condition,
        view,
        Counting.BYTES,
        "size",
        Unit.BYTES,
        hide_at_zero=False,
    )


_FILES = (
    _bytes(
        TileCategory.FILE,
        "file.bytes",
        "File bytes",
        "Bytes read from and written to files.",
        f"evt.is_io = true and {FILE}",
    ),
    _bytes(
        TileCategory.FILE,
        "file.bytes.in",
        "File bytes read",
        "Bytes read from files.",
        f"{READ} and {FILE}",
    ),
    _bytes(
        TileCategory.FILE,
        "file.bytes.out",
        "File bytes written",
        "Bytes written to files.",
        f"{WRITE} and {FILE}",
    ),
    Tile(
        "file.accessed",
        "Accessed files",
        TileCategory.FILE,
        "Different files that were read or written.",
        f"evt.is_io = true and {FILE}",
        "files",
        Counting.DISTINCT,
        "fd.name",
    ),
    Tile(
        "file.modified",
        "Modified files",
        TileCategory.FILE,
        "Different files that were written.",
        f"{WRITE} and {FILE}",
        "files",
        Counting.DISTINCT,
        "fd.name",
    ),
    Tile(
        "file.opens",
        "File opens",
        TileCategory.FILE,
        "Files opened or created with success, by any of the calls that do.",
        f"evt.type in ({OPENS}) and {OK}",
        "file_opens",
    ),
)

_NETWORK = (
    _bytes(
        TileCategory.NETWORK,
        "net.bytes",
        "Network bytes",
        "Bytes received and sent over IPv4 and IPv6.",
        f"evt.is_io = true and {NET}",
    ),
    _bytes(
        TileCategory.NETWORK,
        "net.bytes.in",
        "Network bytes in",
        "Bytes received over IPv4 and IPv6.",
        f"{READ} and {NET}",
    ),
    _bytes(
        TileCategory.NETWORK,
        "net.bytes.out",
        "Network bytes out",
        "Bytes sent over IPv4 and IPv6.",
        f"{WRITE} and {NET}",
    ),
    Tile(
        "net.connections",
        "Active connections",
        TileCategory.NETWORK,
        "Different IPv4 and IPv6 sockets that bytes went through.",
        f"evt.is_io = true and {NET}",
        "connections",
        Counting.DISTINCT,
        "descriptor",
    ),
    Tile(
        "net.listening",
        "New listening ports",
        TileCategory.NETWORK,
        "IPv4 and IPv6 sockets on which listen succeeded; a bind alone does not count.",
        f"evt.type = listen and {OK} and {NET}",
        "listening",
        Counting.DISTINCT,
        "descriptor",
        noteworthy=True,
    ),
    Tile(
        "net.ports",
        "Served ports",
        TileCategory.NETWORK,
        "Different ports of this host on which sockets that were used listened or took connections.",
        f"fd.role in (listener, server) and {NET}",
        "server_ports",
        Counting.DISTINCT,
        "fd.lport",
    ),
    Tile(
        "net.outbound",
        "New outbound connections",
        TileCategory.NETWORK,
        "IPv4 and IPv6 connects that succeeded or go on in the background.",
        f"evt.type in (connect, uring_connect) and {NET} and (evt.failed = false or evt.res = EINPROGRESS)",
        "new_connections",
    ),
    Tile(
        "net.inbound",
        "New inbound connections",
        TileCategory.NETWORK,
        "IPv4 and IPv6 connections that were accepted.",
        f"evt.type in (accept, accept4) and {OK} and {NET}",
        "new_connections",
    ),
)

# Kafka listens on 9092; 2181 is ZooKeeper.
_APPS: tuple[tuple[str, str, str], ...] = (
    ("http", "HTTP", "80, 8000, 8080"),
    ("https", "HTTPS", "443, 8443"),
    ("ssh", "SSH", "22"),
    ("dns", "DNS", "53"),
    ("smtp", "Mail", "25, 465, 587"),
    ("ldap", "LDAP", "389, 636"),
    ("nfs", "NFS", "2049"),
    ("smb", "SMB", "445"),
    ("mysql", "MySQL", "3306"),
    ("postgres", "PostgreSQL", "5432"),
    ("redis", "Redis", "6379"),
    ("mongodb", "MongoDB", "27017, 27018, 27019"),
    ("memcached", "Memcached", "11211"),
    ("elasticsearch", "Elasticsearch", "9200, 9300"),
    ("kafka", "Kafka", "9092"),
    ("zookeeper", "ZooKeeper", "2181"),
    ("rabbitmq", "RabbitMQ", "5672"),
    ("etcd", "etcd", "2379, 2380"),
    ("kubernetes", "Kubernetes API", "6443"),
    ("kubelet", "Kubelet", "10250, 10255"),
    ("docker", "Docker API", "2375, 2376"),
    ("consul", "Consul", "8500"),
    ("prometheus", "Prometheus", "9090"),
    ("cassandra", "Cassandra", "9042"),
    ("couchdb", "CouchDB", "5984"),
    ("riak", "Riak", "8087, 8098"),
    ("voltdb", "VoltDB", "21212"),
    ("solr", "Solr", "8983"),
    ("hadoop", "Hadoop", "8020, 9000, 9870, 50070"),
    ("hbase", "HBase", "16000, 16010, 16020, 16030"),
    ("kyoto", "Kyoto Tycoon", "1978"),
    ("gearman", "Gearman", "4730"),
    ("nats", "NATS", "4222"),
    ("mqtt", "MQTT", "1883, 8883"),
    ("fluentd", "Fluentd", "24224, 9880"),
    ("statsd", "StatsD", "8125"),
)

_APP_TILES = tuple(
    Tile(
        f"app.{name}",
        f"{title} bytes",
        TileCategory.APPS,
        f"Bytes to and from server port {ports.replace(', ', ' or ')}, where {title} is at home.",
        f"evt.is_io = true and {NET} and fd.sport in ({ports})",
        "connections",
        Counting.BYTES,
        "size",
        Unit.BYTES,
    )
    for name, title, ports in _APPS
)


_NOTEWORTHY = ("perf.http_errors", "perf.connect_errors", "perf.slow_100ms", "perf.segfaults", "perf.oom")


def _speed(name: str, title: str, meaning: str, condition: str, view: str) -> Tile:
    noteworthy = name in _NOTEWORTHY
    return Tile(name, title, TileCategory.PERFORMANCE, meaning, condition, view, noteworthy=noteworthy)


_SLOW = f"evt.is_io = true and {FILE} and not fd.name startswith /dev/ and evt.latency >"

PERFORMANCE_TILES = (
    _speed(
        "perf.http", "HTTP requests", "Reads that begin with an HTTP request line.", _HTTP_REQUEST, "events"
    ),
    _speed(
        "perf.http_errors",
        "HTTP errors",
        "Reads that begin with an HTTP response of status 4xx or 5xx.",
        _HTTP_ERROR,
        "events",
    ),
    _speed(
        "perf.open_errors",
        "File open errors",
        "Attempts to open or create a file that failed.",
        f"evt.type in ({OPENS}) and evt.failed = true",
        "file_opens",
    ),
    _speed(
        "perf.connect_errors",
        "Failed connections",
        "IPv4 and IPv6 connects that failed; those that go on in the background do not count.",
        f"evt.type in (connect, uring_connect) and {NET} and evt.failed = true and evt.res != EINPROGRESS",
        "new_connections",
    ),
    _speed(
        "perf.forks", "Forks", "Processes and threads that were created.", "evt.type = procfork", "events"
    ),
    _speed("perf.exits", "Exits", "Threads that ended.", "evt.type = procexit", "exits"),
    _speed(
        "perf.signals",
        "Sent signals",
        "Signals that were sent, by programs or the kernel, but for those that tell of a child's end.",
        "evt.type = signal_generate and evt.arg.sig != SIGCHLD",
        "signals",
    ),
    _speed(
        "perf.received",
        "Received signals",
        "Signals that threads took, but for those that tell of a child's end.",
        "evt.type = signal_deliver and evt.arg.sig != SIGCHLD",
        "events",
    ),
    _speed(
        "perf.segfaults",
        "Segmentation faults",
        "Signals SIGSEGV that were sent: programs that touched memory which is not theirs.",
        "evt.type = signal_generate and evt.arg.sig = SIGSEGV",
        "signals",
    ),
    _speed(
        "perf.oom",
        "Out of memory",
        "Processes that the kernel killed for want of memory.",
        "evt.type = oom_kill",
        "container_life",
    ),
    _speed(
        "perf.killed",
        "Killed by signals",
        "Processes that a signal ended, crashes among them.",
        "evt.type = procexit and evt.rawarg.last = 1 and proc.exit.signal > 0",
        "exits",
    ),
    _speed(
        "perf.slow_1ms",
        "File I/O over 1 ms",
        "Reads and writes of files that took longer than 1 ms.",
        f"{_SLOW} 1000000",
        "slow_io",
    ),
    _speed(
        "perf.slow_10ms",
        "File I/O over 10 ms",
        "Reads and writes of files that took longer than 10 ms.",
        f"{_SLOW} 10000000",
        "slow_io",
    ),
    _speed(
        "perf.slow_100ms",
        "File I/O over 100 ms",
        "Reads and writes of files that took longer than 100 ms.",
        f"{_SLOW} 100000000",
        "slow_io",
    ),
)

ACTIVITY_TILES = (*_GENERAL, *_FILES, *_NETWORK, *_APP_TILES)
