"""The tables at the start of a .scap file, in every layout that they ever had."""

import struct

import pytest

from capture.format.convert.call_numbers import CALL_NAMES
from capture.format.convert.kinds import kinds
from capture.model.catalogue import CATALOGUE, spec_named
from tests.builders.scap import (
    ScapBuilder,
    descriptor,
    file_body,
    group_entry,
    interface_entry,
    user_entry,
)
from tests.capture.format.convert.converted import Converted


def converted(book):
    book.call("close", enter=(3,), exit=(0,))
    return Converted(book.plain())


@pytest.mark.parametrize("version", range(1, 10))
def test_each_version_of_the_process_table_is_read(version):
    book = ScapBuilder()
    book.process(
        100,
        version=version,
        comm="web",
        exe="/usr/bin/web",
        args=["-p", "80"],
        uid=33,
        gid=34,
        environ=["A=1"],
        cgroups=["cpu=/x"],
    )
    (row,) = converted(book).capture.table("processes")
    assert (row["pid"], row["ppid"], row["uid"], row["gid"], row["comm"]) == (100, 1, 33, 34, "web")
    assert row["exe"] == "/usr/bin/web"
    assert row["argv"] == [b"/usr/bin/web", b"-p", b"80"]
    assert row.get("vmsize") == (2000 << 10 if version >= 2 else None)
    assert row.get("environ") == ([b"A=1"] if version >= 3 else None)
    assert row.get("cgroup") == ("/x" if version >= 4 else None)
    assert row.get("root") == ("/" if version >= 5 else None)
    assert row.get("sid") == (100 if version >= 6 else None)


@pytest.mark.parametrize(("block_type", "version"), [(0x8000ABCD, 1), (0x8013ABCD, 2), (0x8014ABCD, 3)])
def test_numbers_of_tables_from_before_the_first_release_are_read(block_type, version):
    book = ScapBuilder(minor=0)
    book.process(100, version=version, block_type=block_type)
    assert [row["pid"] for row in converted(book).capture.table("processes")] == [100]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (struct.pack("<i", 1000), {"loginuid": 1000}),
        (struct.pack("<iBQQQ", 1000, 1, 0, 3, 7), {"cap_permitted": 3, "cap_effective": 7}),
        (struct.pack("<QIiBQQQB", 5, 34816, 1000, 1, 0, 3, 7, 1), {"tty": 34816, "cap_effective": 7}),
        (struct.pack("<QIiBQQQBQQQBBq", 5, 1, 2, 1, 0, 3, 7, 1, 9, 8, 7, 0, 0, 55) + b"new", {"pgid": 55}),
    ],
)
def test_fields_that_later_recorders_added_are_read_and_unknown_ones_passed_over(later, expected):
    book = ScapBuilder()
    book.process(100, later=later)
    book.process(101)
    rows = converted(book).capture.table("processes")
    assert {name: rows[0].get(name) for name in expected} == expected
    assert [row["pid"] for row in rows] == [100, 101]


def test_threads_are_listed_with_their_process():
    book = ScapBuilder()
    book.process(100)
    book.process(101, pid=100)
    book.process(201, pid=200)
    rows = converted(book).capture.table("processes")
    assert [(row["pid"], row["threads"]) for row in rows] == [(100, [100, 101]), (200, [200, 201])]


@pytest.mark.parametrize("version", [1, 2])
def test_descriptors_of_each_version_are_read(version):
    book = ScapBuilder()
    book.process(100)
    named = struct.pack("<H", 4) + b"/var"
    book.descriptors(
        100,
        descriptor(0, 1, named, ino=5, version=version),
        descriptor(1, 2, named, ino=6, version=version),
        descriptor(2, 12, named, ino=7, version=version),
        version=version,
    )
    rows = converted(book).capture.table("descriptors")
    assert [(row["fd"], row["name"]) for row in rows] == [
        (0, "/var"),
        (1, "/var"),
        (2, "anon_inode:[eventpoll]"),
    ]


def test_files_of_several_devices_with_one_inode_are_several_where_the_device_is_not_told():
    book = ScapBuilder()
    book.process(100)
    entries = [
        descriptor(at, 1, struct.pack("<H", len(name)) + name, ino=6)
        for at, name in enumerate((b"/dev/null", b"/dev/pts/3", b"/dev/null"))
    ]
    book.descriptors(100, *entries)
    for fd in range(3):
        book.call("read", enter=(fd, 8), exit=(1, b"x"))
    found = converted(book)
    assert [found.thing(row)[1] for row in range(3)] == ["/dev/null", "/dev/pts/3", "/dev/null"]
    numbers = [row["ino"] for row in found.capture.table("descriptors")]
    assert numbers[0] == numbers[2] != numbers[1]


def test_a_device_of_a_file_is_the_kernels():
    book = ScapBuilder()
    book.process(100)
    book.descriptors(100, descriptor(3, 16, file_body("/x", dev=0x801), ino=5))
    (row,) = converted(book).capture.table("descriptors")
    assert row["dev"] == 8 << 20 | 1


@pytest.mark.parametrize(("version", "block_type"), [(1, 0x206), (1, 0x8012ABCD), (2, 0x220)])
def test_users_and_groups_of_each_version_are_read(version, block_type):
    book = ScapBuilder()
    user = user_entry(33, 34, "www", "/var/www", "/bin/false", version=version)
    book.add(block_type, user + group_entry(34, "web", version=version))
    found = converted(book).capture
    shell = {"home": "/var/www", "shell": "/bin/false"}
    assert found.table("users") == [{"uid": 33, "gid": 34, "name": "www", **shell}]
    assert found.table("groups") == [{"gid": 34, "name": "web"}]


@pytest.mark.parametrize(("version", "block_type"), [(1, 0x205), (1, 0x8011ABCD), (2, 0x219)])
def test_interfaces_of_each_version_are_read(version, block_type):
    book = ScapBuilder()
    entries = interface_entry(b"eth0", bytes([10, 0, 0, 1]), version=version)
    book.add(block_type, entries + interface_entry(b"eth1", bytes(15) + b"\x01", version=version))
    rows = converted(book).capture.table("interfaces")
    assert [(row["name"], row["address"]) for row in rows] == [("eth0", "10.0.0.1"), ("eth1", "::1")]


def test_a_damaged_table_is_counted_and_the_events_are_there():
    book = ScapBuilder()
    book.add(0x215, struct.pack("<I", 5000) + bytes(40))
    found = converted(book)
    assert found.names == ["close"]
    assert found.result.damaged_tables == 1
    assert not found.result.is_whole


def test_unknown_blocks_are_counted_and_passed_over():
    book = ScapBuilder()
    book.add(0x999, b"from the future")
    found = converted(book)
    assert found.names == ["close"]
    assert found.result.unknown_blocks == {0x999: 1}
    assert found.result.is_whole


def test_users_that_were_added_later_are_users():
    book = ScapBuilder()
    book.event(354, 0, 1001, 1001, "eve", "/home/eve", "/bin/sh", "")
    book.event(354, 0, 1002, 1002, "mal", "/", "/bin/sh", "c0ffee")
    assert [row["name"] for row in converted(book).capture.table("users")] == ["eve"]


def test_host_and_source_are_told():
    found = converted(ScapBuilder())
    assert found.capture.section["host"]["hostname"] == "node-1"
    assert found.capture.section["recorder"]["name"] == "scap"


# The declared table of kinds.


def test_every_kind_is_an_event_of_the_catalogue():
    assert [kind.name for kind in kinds().values() if kind.name != "?" and not spec_named(kind.name)] == []
    assert sorted(kinds()) == list(range(0, 2 * len(kinds()), 2))


def test_arguments_of_kinds_are_arguments_of_the_catalogue():
    for kind in kinds().values():
        if kind.name == "?":
            continue
        arguments = len(spec_named(kind.name).args)
        for parameter in (*kind.enter, *kind.exit):
            for role in parameter.roles:
                place = role.target.removeprefix("a")
                known = {"signal_deliver": 5, "procexit": 6}.get(kind.name, arguments)
                assert not place.isdecimal() or int(place) < known, (kind.name, parameter)


def test_every_call_that_is_told_by_number_is_in_the_catalogue():
    names = {spec.name for spec in CATALOGUE}
    assert {name for name in CALL_NAMES if name != "-"} <= names
    assert (CALL_NAMES[324], CALL_NAMES[241], CALL_NAMES[442]) == ("execve", "socket", "mseal")
