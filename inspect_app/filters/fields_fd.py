"""Fields of the thing behind a call's descriptor or path, and of the paths themselves."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from collections.abc import Callable
from posixpath import basename

import numpy as np

from capture.model.events import Returns
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import failures, of_types, spec_of
from inspect_app.filters.entities import entity_array, entity_number, entity_text, event_array, event_rows
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up, occurring
from inspect_app.filters.field import Compute, Field, FieldType, not_recorded
from inspect_app.frames.capture import CaptureFrames

TYPE_CHARS = {
    "file": "f",
    "char": "f",
    "block": "f",
    "directory": "d",
    "ipv4": "4",
    "ipv6": "6",
    "unix": "u",
    "netlink": "n",
    "pipe": "p",
    "fifo": "p",
    "event": "e",
}
"""Falco's letters; its files include devices. What has no letter is `o`."""

SERVICES = {
    20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "domain", 67: "bootps", 68: "bootpc",
    69: "tftp", 80: "http", 88: "kerberos", 110: "pop3", 111: "sunrpc", 123: "ntp", 143: "imap2", 161: "snmp",
    179: "bgp", 389: "ldap", 443: "https", 445: "microsoft-ds", 465: "submissions", 514: "syslog",
    587: "submission", 636: "ldaps", 853: "domain-s", 873: "rsync", 993: "imaps", 995: "pop3s", 1433: "ms-sql-s",
    2049: "nfs", 2375: "docker", 2376: "docker-s", 2379: "etcd-client", 2380: "etcd-server", 3306: "mysql",
    3389: "ms-wbt-server", 5432: "postgresql", 5672: "amqp", 6379: "redis", 6443: "kubernetes-api",
    8080: "http-alt", 9092: "kafka", 9200: "elasticsearch", 10250: "kubelet", 11211: "memcached", 27017: "mongodb",
}  # fmt: skip
"""Names of well-known ports, so that a filter means the same on every computer."""

EINPROGRESS = -115
_FILES = ("file", "directory", "char", "block", "fifo")
_SOCKETS = ("ipv4", "ipv6")


def _text(column: str) -> Compute:
    return lambda frames, _argument: (entity_text(frames, "descriptor", column),)


def _number(column: str) -> Compute:
    return lambda frames, _argument: (entity_number(frames, "descriptor", column),)


def _has_type(frames: CaptureFrames, *types: str) -> np.ndarray:
    """bool, a row of descriptors each."""
    kinds = entity_text(frames, "descriptor", "type")
    held = np.array([kind in types for kind in kinds.values], np.bool_)
    return held if kinds.codes is None else look_up(held, kinds.codes)


def _only(facet: TextFacet, rows: np.ndarray) -> TextFacet:
    """The text where a row of descriptors qualifies, else missing."""
    assert facet.codes is not None  # noqa: S101 - entity_text always gives codes
    return TextFacet(facet.values, np.where(rows, facet.codes, -1), facet.rows)


def _part_of_path(change: Callable[[str], str]) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        names = _only(entity_text(frames, "descriptor", "name"), _has_type(frames, *_FILES))
        return (names.mapped(lambda name: change(name) or None),)

    return compute


def _directory_of(name: str) -> str:
    """What posixpath.dirname gives, in a third of its time."""
    head = name[: name.rfind("/") + 1]
    return head.rstrip("/") or head


def _type_char(frames: CaptureFrames, _argument: str) -> Facets:
    return (entity_text(frames, "descriptor", "type").mapped(lambda kind: TYPE_CHARS.get(kind, "o")),)


def _family(frames: CaptureFrames, _argument: str) -> Facets:
    families = {"ipv4": "ip", "ipv6": "ip", "unix": "unix"}
    return (entity_text(frames, "descriptor", "type").mapped(families.get),)


def _is_server(frames: CaptureFrames, _argument: str) -> Facets:
    """Missing where it is no IP socket or no side is known."""
    local = local_is_server(frames)
    return (NumberFacet(local > 0, local < 0, event_rows(frames, "descriptor")),)


def local_is_server(frames: CaptureFrames) -> np.ndarray:
    """1 the recorded side serves, 0 it is the client, -1 not known; a row of descriptors each."""
    sides = {"server": 1, "listener": 1, "client": 0}
    roles = entity_text(frames, "descriptor", "role")
    sided = np.array([sides.get(role, -1) for role in roles.values], np.int8)
    known = sided if roles.codes is None else look_up(sided, roles.codes, missing=-1)
    return np.where(_has_type(frames, *_SOCKETS), known, -1)


def _address(column: str) -> Compute:
    """laddr, raddr."""
    return lambda frames, _argument: (entity_text(frames, "descriptor", column),)


def _both_addresses(frames: CaptureFrames, _argument: str) -> Facets:
    return (entity_text(frames, "descriptor", "laddr"), entity_text(frames, "descriptor", "raddr"))


def _sided_address(server: bool) -> Compute:
    """The address of one side, once it is known which end that is."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        local = local_is_server(frames) == server
        texts = np.where(local, entity_array(frames, "descriptor", "laddr").astype(object),
                         entity_array(frames, "descriptor", "raddr").astype(object))  # fmt: skip
        texts[local_is_server(frames) < 0] = None
        codes, values = distinct(text if isinstance(text, str) and text else None for text in texts)
        return (TextFacet(values, codes, event_rows(frames, "descriptor")),)

    return compute


def _ports(frames: CaptureFrames, end: str) -> NumberFacet:
    return entity_number(frames, "descriptor", f"{end}port")


def _port(end: str) -> Compute:
    return lambda frames, _argument: (_ports(frames, end),)


def _both_ports(frames: CaptureFrames, _argument: str) -> Facets:
    return (_ports(frames, "l"), _ports(frames, "r"))


def _sided_ports(frames: CaptureFrames, server: bool) -> NumberFacet:
    local = local_is_server(frames)
    ports = np.where(local == server, _ports(frames, "l").values, _ports(frames, "r").values)
    return NumberFacet(ports, (local < 0) | (ports < 0), event_rows(frames, "descriptor"))


def _sided_port(server: bool) -> Compute:
    return lambda frames, _argument: (_sided_ports(frames, server),)


def _service(ports: NumberFacet) -> TextFacet:
    codes, values = distinct(SERVICES.get(port) for port in ports.values.tolist())
    gone = ports.missing if ports.missing is not None else np.zeros(len(codes), np.bool_)
    return TextFacet(values, np.where(gone, -1, codes), ports.rows)


def _services(*tell: Callable[[CaptureFrames], NumberFacet]) -> Compute:
    return lambda frames, _argument: tuple(_service(ports(frames)) for ports in tell)


def _device_part(part: Callable[[np.ndarray], np.ndarray]) -> Compute:
    """The kernel's own packing: the minor number has 20 bits."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        device = entity_array(frames, "descriptor", "dev")
        return (NumberFacet(part(device), device < 0, event_rows(frames, "descriptor")),)

    return compute


def _fd(frames: CaptureFrames, _argument: str) -> Facets:
    numbers = event_array(frames, "fd")
    return (NumberFacet(numbers, numbers < 0),)


def _mode_test(mask: int) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        mode = entity_array(frames, "descriptor", "mode")
        return (NumberFacet((mode & mask) != 0, mode < 0, event_rows(frames, "descriptor")),)

    return compute


def _unique_id(frames: CaptureFrames, _argument: str) -> Facets:
    thread, fd = event_array(frames, "thread").astype(np.int64), event_array(frames, "fd")
    tids = entity_array(frames, "thread", "tid")
    known = (thread >= 0) & (fd >= 0)
    codes, pairs = occurring(np.where(known, (thread << 32) | fd, -1))
    texts = [None if pair < 0 else f"{tids[pair >> 32]}:{pair & 0xFFFFFFFF}" for pair in pairs.tolist()]
    merged, values = distinct(texts)
    return (TextFacet(values, None, merged[codes]),)


def _is_new(frames: CaptureFrames, _argument: str) -> Facets:
    fd = event_array(frames, "fd")
    makes = of_types(frames, lambda name: (spec := spec_of(name)) is not None and spec.returns is Returns.FD)
    return (NumberFacet(makes & (fd == event_array(frames, "ret")), fd < 0),)


def _is_connected(frames: CaptureFrames, _argument: str) -> Facets:
    """A connect in the background is on its way."""
    failed = failures(frames) & of_types(frames, lambda name: name in ("connect", "uring_connect"))
    peers = look_up(entity_array(frames, "descriptor", "rport") >= 0, event_rows(frames, "descriptor"))
    sockets = look_up(_has_type(frames, *_SOCKETS), event_rows(frames, "descriptor"))
    return (NumberFacet(peers & ~(failed & (event_array(frames, "ret") != EINPROGRESS)), ~sockets),)


def _changes_name(frames: CaptureFrames, _argument: str) -> Facets:
    process, fd, thing = (event_array(frames, name) for name in ("process", "fd", "descriptor"))
    rows = np.flatnonzero((process >= 0) & (fd >= 0) & (thing >= 0))
    order = rows[np.argsort(process[rows].astype(np.int64) << 32 | fd[rows], kind="stable")]
    same = (process[order][1:] == process[order][:-1]) & (fd[order][1:] == fd[order][:-1])
    names = entity_text(frames, "descriptor", "name").event_codes()[order]
    opens = event_array(frames, "ret")[order] == fd[order]
    is_closed = of_types(frames, lambda name: name == "close")[order]
    changed = np.zeros(len(process), np.bool_)
    changed[order[1:]] = same & (names[1:] != names[:-1]) & ~opens[1:] & ~is_closed[:-1]
    return (NumberFacet(changed, thing < 0),)


def paths_facet(frames: CaptureFrames, rows: np.ndarray) -> TextFacet:
    """Positions in `frames.paths`, one an event, as text."""
    values = remember(frames, "paths", lambda: list(frames.paths))
    return TextFacet(values, None, rows)


def _single_path(frames: CaptureFrames, _argument: str) -> Facets:
    """Calls on two paths have a source and a target instead."""
    lone = event_array(frames, "path2") < 0
    return (paths_facet(frames, np.where(lone, event_array(frames, "path"), np.int32(-1))),)


def _source_path(frames: CaptureFrames, _argument: str) -> Facets:
    double = event_array(frames, "path2") >= 0
    return (paths_facet(frames, np.where(double, event_array(frames, "path"), np.int32(-1))),)


def event_path(column: str) -> Compute:
    """`path` or `path2` of events."""
    return lambda frames, _argument: (paths_facet(frames, event_array(frames, column)),)


def _with_container(compute: Compute) -> Compute:
    """The text after the container's id and a colon, as in `a1b2c3d4e5f6:/etc/passwd`."""

    def combined(frames: CaptureFrames, _argument: str) -> Facets:
        (names,) = compute(frames, "")
        assert isinstance(names, TextFacet)  # noqa: S101 - given only texts
        ids = entity_text(frames, "container", "id")
        name_codes, id_codes = names.event_codes().astype(np.int64), ids.event_codes().astype(np.int64)
        width = max(1, len(names.values))
        codes, pairs = occurring(np.where(name_codes < 0, -1, (id_codes + 1) * width + name_codes))
        texts: list[str | None] = []
        for pair in pairs.tolist():
            container, name = divmod(pair, width) if pair >= 0 else (0, -1)
            shown = ids.values[container - 1] if container else ""
            texts.append(f"{'' if shown == 'host' else shown}:{names.values[name]}" if name >= 0 else None)
        merged, values = distinct(texts)
        return (TextFacet(values, None, merged[codes]),)

    return combined


_NAME = _text("name")
_NO_LAYERS = "layers of container file systems are not recorded"
_NO_POLL = "the descriptors that poll and select wait for are not recorded"


def _address_field(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.ADDRESS, title, meaning, compute)


def _text_field(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.TEXT, title, meaning, compute)


def _port_field(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.INTEGER, title, meaning, compute)


DESCRIPTOR_FIELDS = (
    Field("fd.num", FieldType.INTEGER, "Fd", "number of the descriptor that the call worked on or made", _fd),
    Field("fd.type", FieldType.TEXT, "Type", "kind of thing behind the descriptor", _text("type"),
          choices=("file", "directory", "ipv4", "ipv6", "unix", "netlink", "packet", "pipe", "fifo", "char", "block",
                   "event", "other")),
    Field("fd.typechar", FieldType.TEXT, "Type", "kind as one letter: f d 4 6 u n p e o; devices are f", _type_char,
          choices=("f", "d", "4", "6", "u", "n", "p", "e", "o")),
    _text_field("fd.name", "Descriptor", "path, or both ends of a connection", _NAME),
    _text_field("fd.directory", "Directory", "directory of the file", _part_of_path(_directory_of)),
    _text_field("fd.filename", "File name", "name of the file without its directory", _part_of_path(basename)),
    _text_field("fd.containername", "In container", "container id, a colon, fd.name", _with_container(_NAME)),
    _text_field("fd.containerdirectory", "In container", "container id, a colon, fd.directory",
                _with_container(_part_of_path(_directory_of))),
    Field("fd.dev", FieldType.INTEGER, "Device", "number of the device that the file is on", _number("dev")),
    Field("fd.dev.major", FieldType.INTEGER, "Major", "major number of that device", _device_part(lambda device: device >> 20)),
    Field("fd.dev.minor", FieldType.INTEGER, "Minor", "minor number of that device", _device_part(lambda device: device & 0xFFFFF)),
    Field("fd.ino", FieldType.INTEGER, "Inode", "inode number", _number("ino")),
    Field("fd.is_executable", FieldType.TRUTH, "Executable", "someone may execute the file", _mode_test(0o111)),
    Field("fd.is_setid", FieldType.TRUTH, "Set-id", "the file has the set-user-id or set-group-id bit",
          _mode_test(0o6000)),
    _text_field("fd.l4proto", "Protocol", "tcp, udp, icmp or raw", _text("l4proto")),
    Field("fd.sockfamily", FieldType.TEXT, "Family", "ip or unix", _family, choices=("ip", "unix")),
    Field("fd.is_server", FieldType.TRUTH, "Server", "the recorded process is the server of the connection",
          _is_server),
    _text_field("fd.role", "Role", "client, server or listener", _text("role")),
    Field("fd.is_new", FieldType.TRUTH, "New", "the call made this descriptor", _is_new),
    _text_field("fd.uid", "Descriptor id", "thread id and descriptor number as one, as in 812:3", _unique_id),
    Field("fd.connected", FieldType.TRUTH, "Connected", "the socket has a peer, and this is no connect that failed", _is_connected),
    Field("fd.name_changed", FieldType.TRUTH, "Renamed",
          "the number leads to something of another name than at the event before on it, without being opened anew", _changes_name),
    _address_field("fd.ip", "Address", "address of either end", _both_addresses),
    _address_field("fd.lip", "Local address", "address of the recorded end", _address("laddr")),
    _address_field("fd.rip", "Peer", "address of the other end", _address("raddr")),
    _address_field("fd.cip", "Client", "address of the client", _sided_address(server=False)),
    _address_field("fd.sip", "Server", "address of the server", _sided_address(server=True)),
    _address_field("fd.net", "Network", "network of either end", _both_addresses),
    _address_field("fd.lnet", "Local network", "network of the recorded end", _address("laddr")),
    _address_field("fd.rnet", "Peer network", "network of the other end", _address("raddr")),
    _address_field("fd.cnet", "Client network", "network of the client", _sided_address(server=False)),
    _address_field("fd.snet", "Server network", "network of the server", _sided_address(server=True)),
    _port_field("fd.port", "Port", "port of either end", _both_ports),
    _port_field("fd.lport", "Local port", "port of the recorded end", _port("l")),
    _port_field("fd.rport", "Peer's port", "port of the other end", _port("r")),
    _port_field("fd.cport", "Client port", "port of the client", _sided_port(server=False)),
    _port_field("fd.sport", "Server port", "port of the server", _sided_port(server=True)),
    _text_field("fd.proto", "Service", "service that the port of either end is known for",
                _services(lambda frames: _ports(frames, "l"), lambda frames: _ports(frames, "r"))),
    _text_field("fd.lproto", "Local service", "service of the local port", _services(lambda f: _ports(f, "l"))),
    _text_field("fd.rproto", "Peer's service", "service of the peer's port", _services(lambda f: _ports(f, "r"))),
    _text_field("fd.cproto", "Client service", "service of the client's port",
                _services(lambda frames: _sided_ports(frames, server=False))),
    _text_field("fd.sproto", "Server service", "service of the server's port",
                _services(lambda frames: _sided_ports(frames, server=True))),
    _text_field("fs.path.name", "Path", "the path that a call on one path was given, resolved", _single_path),
    _text_field("fs.path.source", "Source", "first path of rename, link and the like, resolved", _source_path),
    _text_field("fs.path.target", "Target", "second path of rename, link and the like, resolved",
                event_path("path2")),
    *(
        not_recorded(name, FieldType.TEXT, title, meaning, reason)
        for name, title, meaning, reason in (
            ("fd.is_upper_layer", "Upper layer", "the file is in the container's own layer", _NO_LAYERS),
            ("fd.is_lower_layer", "Lower layer", "the file is in the image", _NO_LAYERS),
            *((f"fdlist.{part}", "Descriptors", "descriptors that are waited for", _NO_POLL)
              for part in ("nums", "names", "cips", "sips", "cports", "sports")),
        )
    ),
)  # fmt: skip
