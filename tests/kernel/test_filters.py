"""What a recording was asked to leave out is: counted and told; all else is there, with its names."""

import json
import shutil
import subprocess
import uuid
from collections import Counter
from pathlib import Path

import pytest

from capture.agent.hierarchies import trees
from capture.cli.errors import Exit
from capture.model.events import SchedCode
from capture.model.state_calls import ALWAYS_RECORDED
from tests.kernel.captures import PYTHON, Capture, Recording, exhume_capture, record, run_programs

pytestmark = pytest.mark.kernel

HEAD = "import os, sys, time, threading, ctypes\nprint(os.getpid(), flush=True)\n"


def run(path, code, *options):
    """Record a program that prints its pid first; its pid and the rest of what it printed."""
    done = record(path, *PYTHON, "-c", HEAD + code, options=options)
    assert done.returncode == 0, done.stderr
    pid, *rest = done.stdout.split()
    return int(pid), [int(word) for word in rest], Capture(path)


def names(calls):
    return Counter(call.name for call in calls)


def is_state(call):
    return call.name in ALWAYS_RECORDED or call.code >= min(SchedCode)


CALLS = """
for _ in range(1001): os.getppid()
for _ in range(17): os.getpgid(0)
for _ in range(5): os.close(os.open("/dev/null", os.O_RDONLY))
"""


@pytest.mark.parametrize(
    ("options", "there"),
    [
        (("--skip-call", "getppid"), {"getppid": 0, "getpgid": 17}),
        (("--skip-call", "getppid,getpgid"), {"getppid": 0, "getpgid": 0}),
        (("--only-call", "getpgid"), {"getppid": 0, "getpgid": 17}),
        (("--only-call", "getpgid", "--only-category", "net"), {"getppid": 0, "getpgid": 17}),
        (("--skip-category", "process"), {"getppid": 0, "getpgid": 0}),
        (("--only-category", "process", "--skip-call", "getpgid"), {"getppid": 1001, "getpgid": 0}),
        (("--skip-category", "memory"), {"getppid": 1001, "getpgid": 17, "mmap": 0, "brk": 0}),
    ],
)
def test_calls_that_are_left_out_are_counted_and_the_others_are_all_there(tmp_path, options, there):
    path = tmp_path / "calls.exhume"
    pid, _, capture = run(path, CALLS, *options)
    found = names(capture.calls(pid=pid))
    assert {name: found[name] for name in there} == there
    assert len(capture.calls("openat", pid=pid, ret=3)) >= 5, "names come from calls that are always there"
    left_out = capture.file.ending["filtered"]
    assert left_out.get("getppid", 0) + found["getppid"] >= 1001
    assert left_out.get("getpgid", 0) + found["getpgid"] >= 17
    rows = [row for document in capture.file.documents["counters"] for row in document["rows"]]
    assert sum(row["count"] for row in rows if row["kind"] == "filtered") == sum(left_out.values())


def test_the_filter_is_in_the_file_and_told(tmp_path):
    path = tmp_path / "told.exhume"
    run(path, CALLS, "--skip-call", "getppid,getpgid", "--only-uid", "0,1234")
    rules = Capture(path).file.section["recorder"]["filter"]
    assert rules == [
        {"rule": "only", "by": "uid", "values": ["0", "1234"]},
        {"rule": "skip", "by": "call", "values": ["getppid", "getpgid"]},
    ]
    told = json.loads(exhume_capture("info", path, "--json").stdout)
    assert told["filter"] == ["only uid 0, 1234", "skip call getppid, getpgid"]
    assert told["left_out"]["getppid"] >= 1001
    text = exhume_capture("info", path).stdout
    assert "only uid 0, 1234; skip call getppid, getpgid" in text


def test_a_recording_without_a_filter_says_nothing_of_one(tmp_path):
    path = tmp_path / "all.exhume"
    record(path, "true")
    capture = Capture(path)
    assert capture.file.section["recorder"]["filter"] == []
    assert "filtered" not in capture.file.ending


TREE = """
def work():
    for _ in range(100): os.getppid()
work()
thread = threading.Thread(target=work); thread.start(); thread.join()
child = os.fork()
if not child:
    if os.fork():
        os._exit(0)
    os.setsid()  # its parent is gone: it belongs to the tree all the same
    time.sleep(0.1)
    print(os.getpid(), flush=True)
    work()
    os.execv("/bin/cat", ["cat", "/proc/version"])
os.waitpid(child, 0)
time.sleep(0.5)
"""


def test_only_a_command_is_recorded_with_all_that_comes_from_it(tmp_path):
    path = tmp_path / "tree.exhume"
    outside = "import os, time\nwhile True: os.getppid(); os.close(os.open('/dev/null', 0)); time.sleep(0.01)"
    neighbour = subprocess.Popen([*PYTHON, "-c", outside])
    try:
        done = record(path, *PYTHON, "-c", HEAD + TREE, options=("--only-command",))
    finally:
        neighbour.kill()
        neighbour.wait()
    pid, orphan = map(int, done.stdout.split()[:2])
    capture = Capture(path)
    assert names(capture.calls(pid=pid))["getppid"] == 200
    assert names(capture.calls(pid=orphan))["getppid"] == 100
    assert [call.text for call in capture.calls("execve", pid=orphan)] == [b"/bin/cat"]
    assert any(b"Linux version" in call.payload for call in capture.calls("read", pid=orphan))
    theirs = capture.calls(pid=neighbour.pid)
    assert theirs and all(is_state(call) for call in theirs)
    assert capture.file.section["recorder"]["filter"][0]["values"] == ["command"]


WAITS = """
reading, writing = os.pipe()
child = os.fork()
if child:
    sys.stdin.buffer.raw.readline()
    os.write(writing, b"go")
else:
    print(os.getpid(), flush=True)
    os.read(reading, 2)
for _ in range(100): os.getppid()
grandchild = os.fork()
if not grandchild:
    print(os.getpid(), flush=True)
    for _ in range(100): os.getppid()
    os._exit(0)
os.waitpid(grandchild, 0)
if child: os.waitpid(child, 0)
"""


@pytest.mark.parametrize(("option", "count"), [("--only-tree", 100), ("--skip-tree", 0)])
def test_a_tree_that_was_there_before_is_known_with_its_descendants(tmp_path, option, count):
    program = subprocess.Popen(
        [*PYTHON, "-c", HEAD + WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    pids = [int(program.stdout.readline()) for _ in range(2)]
    with Recording(tmp_path / "tree.exhume", option, pids[0]) as recording:
        stranger = subprocess.run([*PYTHON, "-c", HEAD + CALLS], capture_output=True, check=True)
        rest, _ = program.communicate(b"go\n", timeout=240)
        assert recording.end() == Exit.FINE
    pids += [int(word) for word in rest.split()]
    assert len(pids) == 4
    capture = Capture(recording.path)
    assert [names(capture.calls(pid=pid))["getppid"] for pid in pids] == [count] * 4
    others = names(capture.calls(pid=int(stranger.stdout)))["getppid"]
    assert others == (0 if count else 1001)


def test_a_tree_of_no_process_is_refused(tmp_path):
    done = exhume_capture("record", "-o", tmp_path / "x.exhume", "--only-tree", 2**22 + 5, "--", "true")
    assert done.returncode == Exit.FAILED
    assert done.stderr.splitlines() == [
        f"exhume-capture: there is no process {2**22 + 5} whose tree could be recorded or left out"
    ]


USERS = """
for _ in range(100): os.getppid()
os.setuid(23457)
for _ in range(30): os.getppid()
"""


@pytest.mark.parametrize(("option", "count"), [("--only-uid", 30), ("--skip-uid", 100)])
def test_who_becomes_another_user_is_judged_again(tmp_path, option, count):
    pid, _, capture = run(tmp_path / "uid.exhume", USERS, option, "23457")
    calls = capture.calls("getppid", pid=pid)
    assert len(calls) == count
    assert {call.uid for call in calls} == {23457 if option == "--only-uid" else 0}


NAMES = """
name = ctypes.CDLL(None).prctl
for _ in range(100): os.getppid()
name(15, b"exhume-renamed-thing", 0, 0, 0)
for _ in range(30): os.getppid()
def other():
    name(15, b"another", 0, 0, 0)
    for _ in range(7): os.getppid()
thread = threading.Thread(target=other); thread.start(); thread.join()
"""


@pytest.mark.parametrize(("option", "count"), [("--only-comm", 30), ("--skip-comm", 107)])
def test_a_thread_that_changes_its_name_is_judged_again(tmp_path, option, count):
    """A name is as the kernel keeps it, fifteen bytes; each thread has its own."""
    pid, _, capture = run(tmp_path / "comm.exhume", NAMES, option, "exhume-renamed-thing")
    assert len(capture.calls("getppid", pid=pid)) == count


def test_a_new_program_is_judged_by_its_own_name(tmp_path):
    code = "os.execv('/bin/cat', ['cat', '/dev/null', '/etc/hostname'])"
    done = record(tmp_path / "exec.exhume", *PYTHON, "-c", HEAD + code, options=("--only-comm", "cat"))
    pid = int(done.stdout.split()[0])
    capture = Capture(tmp_path / "exec.exhume")
    host = Path("/etc/hostname").read_bytes()
    assert any(call.payload == host for call in capture.calls("read", pid=pid))
    begun = capture.calls("execve", pid=pid)[-1].start
    before = [call for call in capture.calls(pid=pid) if call.time < begun]
    assert before and all(is_state(call) for call in before)


def test_a_program_begun_by_a_thread_is_there_when_the_first_thread_waits_in_a_call_left_out(tmp_path):
    path = tmp_path / "thread.exhume"
    told = run_programs(path, tmp_path, "exec_in_thread", options=("--skip-category", "sleep,wait,ipc"))
    facts = told["exec_in_thread"]["facts"]
    capture = Capture(path)
    assert (facts["tid"], facts["thread"] != facts["pid"]) == (facts["pid"], True)
    program = capture.calls("execve", pid=facts["pid"])[-1]
    assert (program.ret, program.tid) == (0, facts["pid"])
    assert program.argv[-1] == str(facts["thread"]).encode()


def test_calls_of_other_abis_are_left_out_by_their_own_numbers(tmp_path):
    path = tmp_path / "abi.exhume"
    told = run_programs(path, tmp_path, "other_abis", options=("--skip-call", "getppid"))["other_abis"]
    assert told["code"] == 0, told["err"]
    facts = told["facts"]
    capture = Capture(path)
    for pid in (facts["pid"], facts["child"]):
        foreign = [(call.flags & 3, call.code) for call in capture.calls(pid=pid) if call.flags & 3]
        assert not {(1, 64), (2, 110)} & set(foreign)
    assert capture.file.ending["filtered"]["getppid"] >= (3 if facts["compat"] else 1)


def test_calls_of_other_abis_are_not_taken_for_those_of_the_same_number(tmp_path):
    """Number 64 is getppid in i386's table and semget in x86_64's."""
    path = tmp_path / "abi.exhume"
    told = run_programs(path, tmp_path, "other_abis", options=("--skip-call", "semget"))["other_abis"]
    facts = told["facts"]
    if not facts["compat"]:
        pytest.skip("this kernel has no 32-bit entry")
    calls = Capture(path).calls(pid=facts["child"], code=64)
    assert [call.flags & 1 for call in calls] == [1]


# Cgroups and containers.


@pytest.fixture
def unified():
    """The v2 hierarchy of cgroups."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    tops = [line.split()[4] for line in lines if " - cgroup2 " in line]
    if not tops:
        pytest.skip("no unified hierarchy of cgroups is mounted")
    return Path(tops[0])


IN_CGROUP = """
for _ in range(100): os.getppid()
def move(path):
    os.makedirs(path, exist_ok=True)
    with open(path + "/cgroup.procs", "w") as file: file.write(str(os.getpid()))
move({top!r} + "/in")
for _ in range(30): os.getppid()
time.sleep(0.3)
for _ in range(30): os.getppid()
move({top!r}.rpartition("/")[0])
os.rmdir({top!r} + "/in")
for _ in range(7): os.getppid()
"""


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    ("option", "counts"), [("--only-cgroup", [0, 60, 0]), ("--skip-cgroup", [100, 0, 7])]
)
def test_a_subtree_of_cgroups_is_chosen_with_what_is_made_in_it(tmp_path, unified, option, counts, exists):
    name = f"exhume-test-{uuid.uuid4().hex[:8]}"
    top = unified / name
    if exists:
        top.mkdir()
    try:
        pid, _, capture = run(tmp_path / "cgroup.exhume", IN_CGROUP.format(top=str(top)), option, f"/{name}")
    finally:
        top.rmdir()
    moves = [call.time for call in capture.calls("cgroup_attach_task", a2=pid, a1=0)]
    assert len(moves) == 2
    times = [call.time for call in capture.calls("getppid", pid=pid)]
    found = [
        sum(time < moves[0] for time in times),
        sum(moves[0] < time < moves[1] for time in times),
        sum(moves[1] < time for time in times),
    ]
    if not exists and option == "--skip-cgroup":
        # What happens in a cgroup before it is known is kept, not lost.
        assert found[0] == 100 and found[1] <= 30 and found[2] == 7
    else:
        assert found == counts


POD_UID = "0f1e2d3c-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    ("option", "value", "counts"),
    [
        ("--only-pod", POD_UID, [0, 60, 0]),
        ("--skip-container", "abc123", [100, 0, 7]),
        ("--only-container", "host", [100, 0, 7]),
    ],
)
def test_a_container_that_shows_in_a_tree_of_v1_alone_is_chosen_by_it(tmp_path, option, value, counts):
    controller = next((tree.top for tree in trees() if tree.controller), None)
    if controller is None:
        pytest.skip("no hierarchy of v1 is mounted")
    top = controller / "kubepods" / f"pod{POD_UID}" / ("abc123" + "0" * 58)
    there = [folder for folder in top.parents if not folder.exists()]
    top.mkdir(parents=True)
    try:
        back = f'{str(top)!r}.rpartition("/")[0]'
        code = IN_CGROUP.format(top=str(top)).replace(back, repr(str(controller)))
        pid, _, capture = run(tmp_path / "v1.exhume", code, option, value)
    finally:
        for folder in (top, *there):
            folder.rmdir()
    moves = [call.time for call in capture.calls("cgroup_attach_task", a2=pid) if call.a1]
    times = [call.time for call in capture.calls("getppid", pid=pid)]
    found = [
        sum(time < moves[0] for time in times),
        sum(moves[0] < time < moves[1] for time in times),
        sum(moves[1] < time for time in times),
    ]
    if value == "host":
        found[1] //= 31  # what happens in a cgroup before it is known is kept, not lost
    assert found == counts


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """Runs a Python program in a container of that name, from a root that borrows the host's /usr."""
    absent = [name for name in ("podman", "runc") if shutil.which(name) is None]
    if absent:
        pytest.skip(f"needs {', '.join(absent)}: run `make setup` as root")
    from tests.kernel.test_containers import podman

    root = tmp_path_factory.mktemp("root")
    for folder in ("usr", "tmp", "proc", "sys", "dev"):
        (root / folder).mkdir()
    for link in ("bin", "lib", "lib64"):
        (root / link).symlink_to(f"usr/{link}")

    def command(name, code):
        limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"]
        options = ["--rm", "--name", name, "--network=none", *limits, "-v", "/usr:/usr:ro"]
        python = ["/usr/bin/python3", "-E", "-S", "-s", "-B", "-c", code]
        return podman("run", *options, "--rootfs", str(root), *python)

    return command


BOXED = """
import os, time
for _ in range(100): os.getpgid(0)
time.sleep({pause})
for _ in range(30): os.getpgid(0)
"""


def by_container(capture, name):
    """How many getpgid the busiest process of a container made, and the busiest of all others."""
    containers = capture.frames.containers
    (number,) = containers.index[containers["name"] == name]
    rows = capture.rows("getpgid")
    inside = capture.frames.events["container"].to_numpy()[rows] == number
    pids = capture.columns["pid"][rows]
    return tuple(max(Counter(pids[which].tolist()).values(), default=0) for which in (inside, ~inside))


@pytest.mark.parametrize("by", ["pattern", "id"])
def test_a_container_that_comes_later_is_recorded_whole_and_others_are_not(tmp_path, box, by):
    name, other = (f"exhume-{uuid.uuid4().hex[:8]}" for _ in range(2))
    path = tmp_path / "only.exhume"
    wanted = {"pattern": name[:-2] + "*", "id": "0123456789ab"}[by]
    run_both = " & ".join(" ".join(map(_quoted, box(each, BOXED.format(pause=3)))) for each in (name, other))
    done = record(path, "sh", "-c", f"{run_both} & wait", options=("--only-container", wanted))
    assert done.returncode == 0, done.stderr
    capture = Capture(path)
    if by == "id":
        # Of an id nothing is in doubt: what is not of it is left out as soon as its cgroup is known.
        assert by_container(capture, name)[0] <= 100
        assert capture.file.ending["filtered"]["getpgid"] >= 60
        return
    assert by_container(capture, name)[0] == 130
    # The other one was kept until its name was known, no longer.
    assert by_container(capture, other)[0] <= 100
    assert capture.calls("execve"), "lives are always recorded"


@pytest.mark.parametrize(("option", "kept"), [("--skip-container", False), ("--only-container", True)])
def test_the_host_can_be_chosen_like_a_container(tmp_path, box, option, kept):
    name = f"exhume-{uuid.uuid4().hex[:8]}"
    path = tmp_path / "host.exhume"
    boxed = " ".join(map(_quoted, box(name, BOXED.format(pause=3))))
    ours = " ".join(map(_quoted, [*PYTHON, "-c", "import os, time\nfor _ in range(500): os.getpgid(0)"]))
    done = record(path, "sh", "-c", f"{boxed}; {ours}", options=(option, "host"))
    assert done.returncode == 0, done.stderr
    capture = Capture(path)
    inside, outside = by_container(capture, name)
    if kept:
        assert outside >= 500
        assert inside <= 100, "kept until it was known to be a container's, no longer"
    else:
        assert inside == 130
        assert outside == 0


def _quoted(word):
    return "'" + str(word).replace("'", "'\\''") + "'"


def test_calls_that_are_left_out_are_counted_to_the_last(tmp_path):
    code = "import os\nfor _ in range(200000): os.getppid()\nprint(os.getpid())"
    path = tmp_path / "skip.exhume"
    done = record(path, *PYTHON, "-c", code, options=("--skip-call", "getppid"))
    capture = Capture(path)
    assert capture.calls("getppid", pid=int(done.stdout)) == []
    assert capture.file.ending["filtered"]["getppid"] >= 200_000
