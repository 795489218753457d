"""Machines that lack something which other recorders take for granted: the recording starts all the same."""

import json
import subprocess

import pytest

from capture.cli.errors import Exit
from tests.kernel.captures import PYTHON, ROOT, Capture, exhume_capture

pytestmark = pytest.mark.kernel

PROGRAM = (*PYTHON, "-c", "import os; print(os.getpid()); open('/dev/null').close()")

MACHINES = {
    "a root file system and a /tmp that cannot be written": (
        "mount -t tmpfs none {out} && mount -o remount,bind,ro / && ! touch /tmp/x /var/tmp/x 2>/dev/null"
    ),
    # The checkout itself may lie in /tmp: it is put back, as its programs are needed.
    "a /tmp without programs": (
        "cd {root} && mount -t tmpfs -o noexec none /tmp && mkdir -p {root} {out}"
        " && mount --no-canonicalize --bind /proc/self/cwd {root}"
    ),
    "no tracefs and no debugfs": (
        "umount -R /sys/kernel/tracing 2>/dev/null; umount -R /sys/kernel/debug 2>/dev/null; true"
    ),
    "a /proc that hides other users' processes": "mount -t proc -o hidepid=2 none /proc",
    "no user table": "mount -t tmpfs none /etc",
    "no cgroup file systems": "umount -R -l /sys/fs/cgroup",
    "no memory that may be locked": "ulimit -l 0",
}


@pytest.fixture
def out(tmp_path):
    """A folder for the capture; what is mounted there in the namespace is seen through /proc alone."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("machine", MACHINES)
def test_it_records_on_a_machine_with(machine, out):
    set_up = MACHINES[machine].format(out=out, root=ROOT)
    if subprocess.run(
        ["unshare", "--mount", "sh", "-c", set_up], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine cannot be made in a mount namespace here")
    # The capture comes out through standard output: the place it is written to may exist in there alone.
    script = f'{set_up} && "$@" >{out}/pid 2>{out}/err; cat {out}/err >&2; cat {out}/pid; cat {out}/x.exhume'
    prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
    done = exhume_capture("record", "-q", "-o", out / "x.exhume", "--", *PROGRAM, prefix=prefix, text=False)
    assert done.stderr == b""
    pid, _, content = done.stdout.partition(b"\n")
    path = out.parent / "copy.exhume"
    path.write_bytes(content)
    capture = Capture(path)
    assert capture.file.ending is not None
    assert len(capture.calls("openat", pid=int(pid), text=_code(capture, b"/dev/null"))) == 1
    assert len(capture.file.table("processes")) > 1


def _code(capture, text):
    return capture.file.texts.index(text)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0"},
    ],
    ids=["nothing at all", "a C locale without UTF-8", "an unknown locale"],
)
def test_it_records_with_an_environment_of(variables, tmp_path):
    """No HOME, no PATH; a word of the command is no UTF-8."""
    path = tmp_path / "x.exhume"
    environment = {"PYTHONPATH": str(ROOT), **variables}
    word = b"\xff\xe4".decode("utf-8", "surrogateescape")
    done = exhume_capture("record", "-o", path, "--", "/bin/echo", word, env=environment, text=False)
    assert (done.returncode, done.stdout) == (0, b"\xff\xe4\n"), done.stderr
    capture = Capture(path)
    assert capture.file.section["recorder"]["traced_command"] == ["/bin/echo", "\\xff\\xe4"]
    assert [b"/bin/echo", b"\xff\xe4"] in [call.argv for call in capture.calls("execve") if call.ret == 0]
    for command in ("info", "events"):
        told = exhume_capture(command, path, env=environment, text=False)
        assert (told.returncode, told.stderr) == (Exit.FINE, b"")
        assert b"echo" in told.stdout


def test_a_machine_without_proc_is_told_apart_from_one_that_cannot_record(tmp_path):
    prefix = ["unshare", "--mount", "sh", "-c", 'umount -R -l /proc && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace can be made here")
    told = exhume_capture("check", "--json", "-o", tmp_path, prefix=prefix)
    assert "Traceback" not in told.stderr
    assert "another namespace (not readable)" in told.stdout
    done = exhume_capture("record", "-o", tmp_path / "x.exhume", "--", "/bin/true", prefix=prefix)
    assert done.returncode == 0, done.stderr
    notes = [document["text"] for document in Capture(tmp_path / "x.exhume").file.documents["note"]]
    assert any("lacks processes" in note for note in notes)


# A stand-in for a kernel without a tracepoint, which this one is not.
NO_TRACEPOINT = """
from capture.agent import bpf_call
attach = bpf_call.attach
def without(tracepoint, program):
    if tracepoint == "{name}":
        raise FileNotFoundError(2, "No such file or directory")
    return attach(tracepoint, program)
bpf_call.attach = without
"""


def test_a_missing_tracepoint_costs_its_own_feature_and_is_told_in_the_file(tmp_path):
    path = tmp_path / "x.exhume"
    before = NO_TRACEPOINT.format(name="cgroup_mkdir")
    done = exhume_capture("record", "-o", path, "--", *PROGRAM, before=before)
    assert done.returncode == 0, done.stderr
    capture = Capture(path)
    assert capture.calls("execve", pid=int(done.stdout))
    features = capture.file.section["recorder"]["features"]
    assert "No such file or directory" in features["cgroups"]


def test_a_missing_tracepoint_of_system_calls_ends_the_recording_in_one_line(tmp_path):
    before = NO_TRACEPOINT.format(name="sys_exit")
    done = exhume_capture("record", "-o", tmp_path / "x.exhume", "--", "true", before=before)
    assert done.returncode == Exit.FAILED
    (line,) = done.stderr.splitlines()
    assert "could not be loaded into this kernel" in line


# A kernel whose verifier refuses a program: it is one that ends without a result.
REFUSED = """
from capture.agent import bpf_call
load = bpf_call.load_program
def without_a_result(name, instructions):
    return load(name, bytes([0x95, 0, 0, 0, 0, 0, 0, 0]) if name == "{name}" else instructions)
bpf_call.load_program = without_a_result
"""


def test_what_the_verifier_says_of_a_program_is_told_in_the_line(tmp_path):
    before = REFUSED.format(name="on_sys_exit")
    done = exhume_capture("record", "-o", tmp_path / "x.exhume", "--", "true", before=before)
    assert done.returncode == Exit.FAILED
    (line,) = done.stderr.splitlines()
    assert line.endswith("R0 !read_ok")


def test_check_tries_whether_the_kernel_takes_the_probe(tmp_path):
    whole = exhume_capture("check", "-o", tmp_path, "--json")
    refused = exhume_capture("check", "-o", tmp_path, "--json", before=REFUSED.format(name="on_sys_exit"))
    assert (whole.returncode, refused.returncode) == (0, Exit.FAILED)
    rows = [{row["name"]: row for row in json.loads(done.stdout)} for done in (whole, refused)]
    assert [row["probe"]["ok"] for row in rows] == [True, False]
    assert "R0 !read_ok" in rows[1]["probe"]["found"]


def test_check_tells_of_a_feature_that_the_kernel_does_not_take(tmp_path):
    done = exhume_capture("check", "-o", tmp_path, "--json", before=REFUSED.format(name="on_signal_deliver"))
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert (done.returncode, rows["probe"]["ok"], rows["signals"]["ok"]) == (0, True, False)
    assert "R0 !read_ok" in rows["signals"]["found"]


# A stand-in for a kernel whose structs lack members.
NO_MEMBER = """
from capture.agent import btf
offset = btf.KernelTypes.offset
def without(self, struct, path):
    if path in {paths}:
        raise KeyError(path)
    return offset(self, struct, path)
btf.KernelTypes.offset = without
"""


def test_missing_members_cost_what_they_tell_and_nothing_else(tmp_path):
    path = tmp_path / "x.exhume"
    paths = ("min_flt", "se.sum_exec_runtime", "thread_pid", "sk_protocol")
    done = exhume_capture("record", "-o", path, "--", *PROGRAM, before=NO_MEMBER.format(paths=paths))
    assert done.returncode == 0, done.stderr
    capture = Capture(path)
    (end,) = capture.calls("procexit", pid=int(done.stdout))
    assert (end.a3, end.a4) == (0, 0)
    assert end.a2 > 0
    (birth,) = capture.calls("procfork", a0=int(done.stdout))
    assert birth.a4 == 0
    notes = {document["text"] for document in capture.file.documents["note"]}
    assert notes == {
        "not recorded: page faults of threads that end",
        "not recorded: processor time of threads that end",
        "not recorded: thread ids in their own namespaces",
        "not recorded: protocols of sockets",
    }
