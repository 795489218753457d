"""Slices, merged, redacted and salvaged captures: whole by themselves, and telling what they come from."""

import json

import numpy as np
import pytest

from capture.evidence.provenance import digests_of_parents
from capture.format import CaptureFile, State
from tests.builders.capture import MS, START_NS, CaptureBuilder
from tests.builders.evidence import blocks_of, rewrite, signer_of

SECRET = b"hunter2-swordfish"
CONTAINER = "c0ffee" * 10 + "beef"
CGROUP = f"/docker/{CONTAINER}"


def host(boot="b1", **clock):
    facts = {"hostname": "node-1", "machine": "x86_64", "boot_id": boot, "machine_id": "m1"}
    return {"host": facts, "clock": {"started": START_NS, "boot_to_utc": 0, **clock}}


@pytest.fixture
def node(tmp_path):
    """A shell on the host, and one in a container that is made and opens a file."""
    book = CaptureBuilder(capture_id="node", evidence={"case": "24-17"}, **host())
    book.tables["users"] = [{"uid": 0, "name": "root", "home": "/root", "shell": "/bin/sh", "gid": 0}]
    book.tables["containers"] = [
        {"full_id": CONTAINER, "id": CONTAINER[:12], "cgroup": CGROUP, "name": "web"}
    ]
    book.process(100, comm="sh", argv=[b"sh", SECRET], cwd="/root")
    book.process(50, comm="dockerd")
    book.descriptor(100, 0, "/dev/pts/0", ino=3)
    book.event("cgroup_mkdir", pid=50, text=CGROUP.encode(), args=(77, 0))
    book.fork(50, 300, cgroup=77)
    book.exec(300, "/bin/login", "login", "--password", SECRET.decode(), cgroup=77)
    book.open(300, "/etc/motd", ino=8, fd=4, cgroup=77)
    for at in range(6):
        book.event("read", pid=300, fd=4, ino=8, ret=4, cgroup=77, args=(4, 0, 4), data=b"ab%dc" % at)
        book.event("openat", pid=100, text=b"/home/" + SECRET, ret=-2)
    book.drops = [
        {"since": START_NS, "time": START_NS + MS, "kind": "lost", "where": "small", "count": 3},
        {
            "since": START_NS + 99 * MS,
            "time": START_NS + 100 * MS,
            "kind": "lost",
            "where": "small",
            "count": 4,
        },
    ]
    return book.write(tmp_path / "node.exhume", block=4)


def opened(path):
    capture = CaptureFile.open(path)
    assert capture.verdict.state is State.WHOLE
    return capture


def codes(path):
    with opened(path) as capture:
        columns = capture.read_columns()
        return list(
            zip(columns["time"].tolist(), columns["pid"].tolist(), columns["code"].tolist(), strict=True)
        )


def payloads(path):
    with opened(path) as capture:
        return [capture.payload(row) for row in range(capture.count)]


def derive(run, *arguments, code=0):
    result = run(*arguments)
    assert result.exit_code == code, result.output
    return result


def test_a_slice_of_a_window_keeps_what_names_come_from(node, tmp_path, run):
    out = tmp_path / "part.exhume"
    derive(run, "slice", node, "-o", out, "--window", "+9ms..+12ms")
    lines = run("events", out).stdout
    assert lines.count("read(4</etc/motd>") == 1
    assert "execve" in lines
    assert [data for data in payloads(out) if data] == [b"ab3c"]
    told = json.loads(run("info", out, "--json").stdout)
    assert told["lost"] == 0, "both gaps lie outside"
    bare = tmp_path / "bare.exhume"
    derive(run, "slice", node, "-o", bare, "--window", "+9ms..+12ms", "--bare")
    with opened(bare) as capture:
        assert capture.count == 3


def test_a_slice_of_a_container_has_its_events_and_how_it_began(node, tmp_path, run):
    out = tmp_path / "web.exhume"
    derive(run, "slice", node, "-o", out, "--container", "web")
    lines = run("events", out).stdout.splitlines()
    assert {line.split("[")[0].split()[-1] for line in lines if "read(" in line} == {"login"}
    assert sum("read(" in line for line in lines) == 6
    assert any("cgroup_mkdir" in line for line in lines)
    assert any("procfork" in line for line in lines)
    assert not any("/home/" in line for line in lines)
    with opened(out) as capture:
        assert [row["pid"] for row in capture.table("processes")] == [50], "the one it descends from"
        assert capture.table("descriptors") == []
        assert payloads(out).count(b"ab5c") == 1


@pytest.mark.parametrize("name", [CONTAINER, CONTAINER[:12], "c0ff", "web"])
def test_a_container_is_named_as_one_likes(name, node, tmp_path, run):
    derive(run, "slice", node, "-o", tmp_path / "x.exhume", "--container", name)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--container", "wep"), "no container 'wep'"),
        (("--pid", "7"), "no process 7"),
        (("--window", "soon"), "no window"),
    ],
)
def test_what_is_not_there_is_told_and_no_file_is_left(option, words, node, tmp_path, run):
    result = run("slice", node, "-o", tmp_path / "x.exhume", *option)
    assert result.exit_code in (1, 2)
    assert words in result.stderr
    assert not (tmp_path / "x.exhume").exists()


def test_a_derived_capture_names_its_parent_and_verifies_against_it(node, tmp_path, run):
    one, two = tmp_path / "one.exhume", tmp_path / "two.exhume"
    derive(run, "slice", node, "-o", one, "--pid", "300")
    derive(run, "redact", one, "-o", two, "--field", "payload")
    with opened(two) as capture, opened(node) as first, opened(one) as second:
        assert digests_of_parents(capture.section) == {first.digest.hex(), second.digest.hex()}
        steps = capture.section["derived"]
        assert [step["operation"] for step in steps] == ["slice", "redact"]
        assert steps[0]["options"] == {"pid": [300]}
        assert capture.section["evidence"] == {"case": "24-17"}
        assert capture.section["capture_id"] not in ("node", second.section["capture_id"])
    result = derive(run, "verify", two, "--parent", one, "--parent", node)
    assert result.stdout.count("made of") == 2
    text = run("info", two).stdout
    assert "sliced from node.exhume" in text
    assert "redacted from one.exhume" in text
    assert "24-17" in text
    changed = tmp_path / "other.exhume"
    CaptureBuilder(**host()).write(changed)
    assert run("verify", two, "--parent", changed).exit_code == 7


def test_slices_put_together_are_the_recording_again(node, tmp_path, run):
    parts = [tmp_path / f"{name}.exhume" for name in ("a", "b", "c")]
    for part, window in zip(parts, ("..+5ms", "+5ms..+11ms", "+8ms.."), strict=True):
        derive(run, "slice", node, "-o", part, "--window", window)
    out = tmp_path / "again.exhume"
    derive(run, "merge", *reversed(parts), "-o", out)
    assert codes(out) == codes(node)
    assert sorted(payloads(out)) == sorted(payloads(node))
    with opened(out) as capture:
        assert len(capture.section["derived"][0]["parents"]) == 3
        assert capture.table("users") == [
            {"uid": 0, "name": "root", "home": "/root", "shell": "/bin/sh", "gid": 0}
        ]
    assert run("verify", out, "--parent", node, *[f"--parent={part}" for part in parts]).exit_code == 0


def test_recordings_that_overlap_are_laid_end_to_end_on_one_clock(tmp_path, run):
    paths = [tmp_path / "first.exhume", tmp_path / "second.exhume"]
    for at, path in enumerate(paths):
        book = CaptureBuilder(capture_id=f"c{at}", **host(boot_to_utc=at * 1000))
        for event in range(4):
            time = START_NS + (3 * at + event) * MS + at * 1000
            book.event("getpid", pid=100 + at, time=time, ret=event)
        book.write(path)
    out = tmp_path / "all.exhume"
    derive(run, "merge", *paths, "-o", out)
    found = codes(out)
    assert [time for time, _, _ in found] == [START_NS + at * MS for at in range(7)]
    assert [pid for _, pid, _ in found] == [100] * 4 + [101] * 3
    with opened(out) as capture:
        assert capture.section["derived"][0]["options"] == {"left_out": 1}


def test_captures_of_two_boots_are_not_merged(tmp_path, run):
    paths = [tmp_path / "first.exhume", tmp_path / "second.exhume"]
    for boot, path in zip("ab", paths, strict=True):
        CaptureBuilder(**host(boot)).write(path)
    result = run("merge", *paths, "-o", tmp_path / "x.exhume")
    assert result.exit_code == 1
    assert "several boots" in result.stderr


def test_a_set_is_merged_into_one_file(tmp_path, run):
    book = CaptureBuilder(**host())
    for at in range(9):
        book.event("getpid", ret=at)
    (tmp_path / "set").mkdir()
    book.write_set(tmp_path / "set", 3, 6)
    out = tmp_path / "one.exhume"
    derive(run, "merge", tmp_path / "set", "-o", out)
    with opened(out) as capture:
        assert capture.read_columns(("ret",))["ret"].tolist() == list(range(9))
        assert "set" not in capture.section
        assert len(capture.section["derived"][0]["parents"]) == 3


def test_nothing_of_a_secret_is_left_in_a_redacted_copy(node, tmp_path, run):
    out = tmp_path / "out.exhume"
    derive(run, "redact", node, "-o", out, "--pattern", SECRET.decode(), "--field", "payload")
    everything = run("events", out, "--format", "json").stdout + run("info", out, "--json").stdout
    assert SECRET.decode() not in everything
    with opened(out) as capture:
        assert all(SECRET not in text for text in capture.texts)
        assert SECRET not in str(capture.table("processes")).encode()
        assert {data for data in payloads(out) if data} == {b"****"}
        [listing] = capture.documents["derivation"]
        with opened(node) as parent:
            of_blocks = {row["digest"] for row in listing["rows"] if row["kind"] == "events"}
            stored = {one.block.digest.hex() for one in parent.stored_events()}
        assert of_blocks <= stored
        assert sum(row["count"] for row in listing["rows"] if row["where"] == "payload") == 6
        assert capture.section["derived"][0]["options"] == {"patterns": 1, "field": ["payload"]}
    assert codes(out) == codes(node)


def test_fields_are_masked_as_a_whole(node, tmp_path, run):
    out = tmp_path / "out.exhume"
    fields = [f"--field={name}" for name in ("arguments", "users", "host", "case")]
    derive(run, "redact", node, "-o", out, *fields)
    with opened(out) as capture:
        assert capture.section["host"]["hostname"] == "******"
        assert capture.section["evidence"] == {"case": "*****"}
        assert capture.table("users")[0]["name"] == "****"
        assert capture.table("processes")[0]["argv"] == [b"**", b"*" * len(SECRET)]
        [exec_] = np.flatnonzero(capture.read_columns(("text2",))["text2"])
        words = capture.texts[capture.read_columns(("text2",))["text2"][exec_]].split(b"\0")
        assert {bytes(set(word)) for word in words if word} == {b"*"}
    assert run("redact", node, "-o", tmp_path / "x.exhume").exit_code == 2


def damaged(node, change):
    parts = blocks_of(node.read_bytes())
    path = node.with_name("damaged.exhume")
    path.write_bytes(b"".join(change(parts)))
    return path, parts


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        (lambda parts: parts[:-1], []),
        (lambda parts: [*parts[:-2], parts[-2][:50]], [(50, -1)]),
        (lambda parts: [*parts[:8], bytes(100), *parts[9:]], [(100, 9)]),
        (lambda parts: [*parts[:8], *parts[9:]], [(0, 9)]),
        (lambda parts: [b"junk", *parts[1:]], [(4, 1)]),
        (lambda parts: [*parts, b"junk", *parts[:3]], None),
        (lambda parts: [*parts[:9], parts[8], *parts[9:]], [(None, 8)]),
    ],
    ids=["no end", "cut", "zeros", "block gone", "no section", "another capture", "twice"],
)
def test_every_whole_block_is_saved_and_what_is_lost_is_listed(change, lost, node, tmp_path, run):
    path, parts = damaged(node, change)
    out = tmp_path / "saved.exhume"
    derive(run, "salvage", path, "-o", out)
    whole = {part[-32:] for part in parts} & {part[-32:] for part in change(parts)}
    with opened(out) as capture:
        assert len(blocks_of(out.read_bytes())) >= len(whole)
        rows = [row for one in capture.documents.get("derivation", []) for row in one["rows"]]
        if lost is not None:
            assert [(row["bytes"], row["until"]) for row in rows] == [
                (len(parts[8]) if size is None else size, until) for size, until in lost
            ]
        assert capture.section["derived"][-1]["operation"] == "salvage"
        assert lost is None or capture.count == 4 * sum(part in change(parts) for part in parts[7:11])
    assert run("info", out).exit_code == 0


def test_what_holds_no_block_cannot_be_saved(tmp_path, run):
    (tmp_path / "x").write_bytes(bytes(1000))
    result = run("salvage", tmp_path / "x", "-o", tmp_path / "out.exhume")
    assert result.exit_code == 5
    assert not (tmp_path / "out.exhume").exists()


def test_a_derived_capture_can_be_signed(node, tmp_path, run):
    run("keygen", tmp_path / "me")
    out = tmp_path / "s.exhume"
    derive(run, "slice", node, "-o", out, "--pid", "100", "--sign", tmp_path / "me.key")
    assert run("verify", out, "--key", tmp_path / "me.pub", "--parent", node).exit_code == 0
    assert run("verify", node, "--key", tmp_path / "me.pub").exit_code == 7


def test_what_is_made_of_a_signed_capture_is_not_taken_for_one_whose_signature_is_gone(node, tmp_path, run):
    book = CaptureBuilder(**host())
    book.event("getpid")
    parent = rewrite(book.write(tmp_path / "p"), tmp_path / "signed.exhume", signer=signer_of(1))
    for number, command in enumerate((("slice",), ("merge",), ("redact", "--secrets"), ("salvage",))):
        out = tmp_path / f"{number}.exhume"
        derive(run, *command, parent, "-o", out)
        told = json.loads(derive(run, "verify", out, "--json").stdout)
        assert (told["state"], told["signature"]["state"]) == ("whole", "not signed")
        assert f"signed by {signer_of(1).public_key.hex()}" in run("info", out).stdout


def test_nothing_is_written_over_and_no_parent_is_changed(node, tmp_path, run):
    before = node.read_bytes()
    for command in (("slice",), ("merge",), ("redact", "--secrets"), ("salvage",)):
        assert run(*command, node, "-o", node).exit_code == 6
    assert node.read_bytes() == before


def test_merges_of_merges_stay_readable_and_keep_all_digests(tmp_path, run):
    """Each merge nests what its parents tell: a reader refuses what nests too deep."""
    digests = []
    before = None
    for at in range(12):
        book = CaptureBuilder(capture_id=f"c{at}", **host())
        book.event("getpid", time=START_NS + at * MS)
        plain, out = book.write(tmp_path / f"plain{at}.exhume"), tmp_path / f"merged{at}.exhume"
        with opened(plain) as capture:
            digests.append(capture.digest.hex())
        derive(run, "merge", *([before] if before else []), plain, "-o", out)
        before = out
    with opened(before) as capture:
        assert capture.count == 12
        assert set(digests) <= digests_of_parents(capture.section)
    assert run("verify", before, "--parent", tmp_path / "plain0.exhume").exit_code == 0
