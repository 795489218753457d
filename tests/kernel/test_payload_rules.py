"""Rules for how much payload is kept of what."""

import pytest

from capture.agent.hierarchies import trees
from capture.model.events import EventFlag
from tests.kernel.captures import PROGRAMS, PYTHON, Capture, exhume_capture, record, run_programs

pytestmark = pytest.mark.kernel

SIZE = 1024


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    path = folder / "rules.exhume"
    rules = (f"path:{folder}/payload_rules/wanted=300", "port:47050-47060=700", "port:47053=1")
    options = (
        "--only-command",
        "--snaplen",
        "40",
        *(word for rule in rules for word in ("--payload", rule)),
    )
    told = run_programs(path, folder, "payload_rules", options=options)["payload_rules"]
    assert told["code"] == 0, told["err"]
    return Capture(path), told["facts"], rules


@pytest.mark.parametrize(("file", "kept"), [("wanted", 300), ("other", 40)])
def test_a_path_decides_how_much_of_its_files_is_kept(recorded, file, kept):
    capture, facts, _ = recorded
    (call,) = [
        call for call in capture.calls("read", pid=facts["pid"], fd=facts["files"][file]) if call.ret == SIZE
    ]
    assert call.payload == (bytes(range(256)) * 4)[:kept]
    assert call.flags & EventFlag.DATA_TRUNCATED


@pytest.mark.parametrize(("way", "kept"), [("relative", 300), ("through a link", 40)])
def test_a_folder_that_comes_later_is_known_by_the_paths_that_are_given(recorded, way, kept):
    """A relative path changes nothing for a file that is known already; another absolute one does."""
    capture, facts, _ = recorded
    calls = capture.calls("read", pid=facts["pid"], fd=facts["files"][way])
    assert [call.captured for call in calls if call.ret == SIZE] == [kept]


def test_a_port_decides_on_sockets_and_single_messages(recorded):
    capture, facts, _ = recorded
    sent = capture.calls("sendto", pid=facts["pid"], fd=facts["udp"])
    assert [call.captured for call in sent] == [700, 40]
    (message,) = capture.calls("sendmsg", pid=facts["pid"], fd=facts["udp"])
    assert message.captured == 700
    (stream,) = capture.calls("sendto", pid=facts["pid"], fd=facts["client"])
    assert stream.captured == 40


def test_the_rules_are_in_the_file_and_shown(recorded):
    capture, _, rules = recorded
    assert capture.file.section["recorder"]["settings"]["payload"] == list(rules)
    assert f"payload by rule: {' '.join(rules)}" in exhume_capture("info", capture.path).stdout


def test_a_folder_is_known_by_identity_whatever_way_leads_into_it(tmp_path):
    """The program's folder is there before: rules by identity need no path as it was given."""
    (tmp_path / "ready").mkdir()
    (tmp_path / "ready/file").write_bytes(b"x" * SIZE)
    program = f"import os; os.chdir({str(tmp_path / 'ready')!r}); fd = os.open('file', 0); os.read(fd, 1024)"
    path = tmp_path / "identity.exhume"
    options = ("--snaplen", "0", "--payload", f"path:{tmp_path}/ready=77")
    assert record(path, *PYTHON, "-c", program, options=options).returncode == 0
    capture = Capture(path)
    assert [call.captured for call in capture.calls("read", ret=SIZE) if call.payload == b"x" * 77] == [77]


def test_a_container_decides_and_so_does_the_host(tmp_path):
    path = tmp_path / "host.exhume"
    options = ("--only-command", "--payload", "container:nobody=5", "--payload", "container:host=7")
    assert record(path, *PYTHON, PROGRAMS / "payload_rules.py", tmp_path, options=options).returncode == 0
    capture = Capture(path)
    (pid,) = {call.pid for call in capture.calls("read", ret=SIZE)}
    assert {call.captured for call in capture.calls("read", ret=SIZE, pid=pid)} == {7}


def test_a_container_that_shows_in_a_tree_of_v1_alone_decides(tmp_path):
    controller = next((tree.top for tree in trees() if tree.controller), None)
    if controller is None:
        pytest.skip("no hierarchy of v1 is mounted")
    top = controller / "docker" / ("5ea5ca1e" + "0" * 56)
    there = [folder for folder in top.parents if not folder.exists()]
    top.mkdir(parents=True)
    program = (
        "import os; own = str(os.getpid()); fd = os.open('/dev/zero', 0); os.read(fd, 1024)\n"
        f"for folder in ({str(top)!r}, {str(controller)!r}):\n"
        "    open(f'{folder}/cgroup.procs', 'w').write(own); os.read(fd, 1024)\n"
    )
    path = tmp_path / "v1.exhume"
    options = ("--only-command", "--payload", "container:5ea5ca1e=5", "--payload", "container:host=7")
    try:
        assert record(path, *PYTHON, "-c", program, options=options).returncode == 0
    finally:
        for folder in (top, *there):
            folder.rmdir()
    calls = Capture(path).calls("read", ret=SIZE)
    assert [call.captured for call in calls if call.payload and not any(call.payload)] == [7, 5, 7]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("53=512", "is no rule"),
        ("port:=1", "is no rule"),
        ("port:70000=1", "is no port"),
        ("port:9-8=1", "is no port"),
        ("path:etc=1", "a path from / on"),
        (f"path:/{'x' * 128}=1", "shorter than 128 bytes"),
        ("container:a,,b=1", "a name or an id is missing"),
        ("container:web=70000", "a number up to 65536"),
    ],
)
def test_what_is_no_rule_is_refused_in_one_line(tmp_path, rule, said):
    done = exhume_capture("record", "-o", tmp_path / "x.exhume", "--payload", rule)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
