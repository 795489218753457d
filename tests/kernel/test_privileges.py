"""Recording without root: which capabilities do, what each is for, and what the recorder gives up."""

import functools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import zstandard

from capture.agent.privileges import CAPABILITIES
from capture.cli.errors import Exit
from tests.kernel.captures import PYTHON, ROOT, Capture, exhume_capture

pytestmark = pytest.mark.kernel

SOMEBODY = 23_457
LIBRARIES = [str(Path(zstandard.__file__).parents[1])]
NAMES = [row.name.removeprefix("CAP_").lower() for row in CAPABILITIES]
BITS = {name: row.bit for name, row in zip(NAMES, CAPABILITIES, strict=True)}
STATUS = "import re; print(*re.findall(r'(?:CapEff|CapPrm|NoNewPrivs):\\s*(\\w+)', open({}).read()))"


@functools.cache
def cache():
    """Where that user keeps the compiled probe: compiled once for all tests here, gone at their end."""
    made = tempfile.TemporaryDirectory(prefix="exhume-cache-")
    os.chown(made.name, SOMEBODY, SOMEBODY)
    return made


def as_somebody(*capabilities):
    """Run the recorder as an ordinary user with no capabilities but these: options of `exhume_capture`.

    It runs on the distribution's interpreter: another one may lie where only root can read it.
    """
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed")
    wanted = ",".join(f"+{name}" for name in capabilities) or "-all"
    caps = [f"--inh-caps={wanted}", f"--ambient-caps={wanted}"]
    options = {
        "prefix": ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", *caps],
        "interpreter": "/usr/bin/python3",
        "env": {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *LIBRARIES]),
            "CACHE_DIRECTORY": cache().name,
        },
    }
    works = [*options["prefix"], "/usr/bin/python3", "-c", "import bcc, capture.cli"]
    tried = subprocess.run(works, capture_output=True, text=True, check=False, env=options["env"])
    if tried.returncode:
        pytest.skip(f"an ordinary user cannot run the recorder here: {tried.stderr.splitlines()[-1]}")
    return options


@pytest.fixture
def folder():
    """A folder that belongs to the ordinary user; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="exhume-somebody-") as made:
        os.chown(made, SOMEBODY, SOMEBODY)
        yield Path(made)


def all_but(name):
    """The capabilities without one."""
    return [other for other in NAMES if f"CAP_{other.upper()}" != name]


def test_an_ordinary_user_records_with_four_capabilities(folder):
    path = folder / "node.exhume"
    program = ["/usr/bin/python3", "-c", "import os; print(os.getpid()); open('/dev/null').close()"]
    done = exhume_capture("record", "-o", path, "--", *program, **as_somebody(*NAMES))
    assert done.returncode == 0, done.stderr
    assert path.stat().st_uid == SOMEBODY
    capture = Capture(path)
    pid = int(done.stdout)
    assert [call.text for call in capture.calls("openat", pid=pid)].count(b"/dev/null") == 1
    assert capture.calls("execve", pid=pid)[0].uid == SOMEBODY
    assert "note" not in capture.file.documents
    # What was there before is known as well as to root: this very process, which is root's.
    (ours,) = [row for row in capture.file.table("processes") if row["pid"] == os.getpid()]
    assert ours["unreadable"] == []
    assert ours["exe"] == str(Path("/proc/self/exe").readlink())
    assert ours["ino"] == Path("/proc/self/exe").stat().st_ino
    assert any(row["pid"] == os.getpid() for row in capture.file.table("descriptors"))


@pytest.mark.parametrize("name", [row.name for row in CAPABILITIES if row.needed])
def test_without_what_is_needed_one_line_says_what_is_missing(folder, name):
    path = folder / "none.exhume"
    done = exhume_capture("record", "-o", path, "--", "true", **as_somebody(*all_but(name)))
    assert done.returncode == Exit.FAILED
    (line,) = done.stderr.splitlines()
    assert f"load: {name} missing: run as root, or give" in line
    assert all(row.name in line for row in CAPABILITIES)
    assert not path.exists()
    told = exhume_capture("check", "--json", "-o", folder, **as_somebody(*all_but(name)))
    assert told.returncode == Exit.FAILED
    (answer,) = [row for row in json.loads(told.stdout) if row["needed"] and not row["ok"]]
    assert (answer["name"], answer["found"]) == ("privileges", f"user {SOMEBODY}: {name} missing")


@pytest.mark.parametrize("name", [row.name for row in CAPABILITIES if not row.needed])
def test_without_the_others_the_file_says_what_it_lacks(folder, name):
    path = folder / "less.exhume"
    done = exhume_capture("record", "-o", path, "--", "true", **as_somebody(*all_but(name)))
    assert done.returncode == 0, done.stderr
    notes = [document["text"] for document in Capture(path).file.documents["note"]]
    assert [note for note in notes if note.startswith(f"recorded without {name}, so not recorded: ")]
    told = exhume_capture("check", "--json", "-o", folder, **as_somebody(*all_but(name)))
    assert told.returncode == Exit.FINE
    assert [row["ok"] for row in json.loads(told.stdout) if row["name"] == name] == [False]


def test_the_recorder_gives_up_what_it_needs_no_more_and_its_command_keeps_all(tmp_path):
    """Every thread of the recorder, seen from its command."""
    mine = subprocess.run(
        [*PYTHON, "-c", STATUS.format("'/proc/self/status'")], capture_output=True, text=True, check=True
    ).stdout
    theirs = STATUS.format("f'/proc/{parent}/task/{tid}/status'")
    program = (
        "import os, time; time.sleep(0.5); parent = os.getppid()\n"
        f"{STATUS.format(repr('/proc/self/status'))}\n"
        f"for tid in os.listdir(f'/proc/{{parent}}/task'): {theirs}"
    )
    done = exhume_capture("record", "-o", tmp_path / "less.exhume", "--", *PYTHON, "-c", program)
    command, *threads = done.stdout.splitlines()
    assert command == mine.strip(), "the command has the caller's own privileges"
    assert len(threads) >= 3
    kept = sum(1 << BITS[name] for name in ("bpf", "sys_ptrace", "dac_read_search")) | 1 << 5  # CAP_KILL
    assert {line.split()[2] for line in threads} == {"1"}, "no new privileges"
    held = {int(bits, 16) for line in threads for bits in line.split()[:2]}
    assert all(bits & ~kept == 0 for bits in held)
    assert Capture(tmp_path / "less.exhume").file.ending is not None


def test_root_of_a_user_namespace_is_told_that_it_does_not_count(tmp_path):
    prefix = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespace can be made here")
    done = exhume_capture("record", "-o", tmp_path / "none.exhume", "--", "true", prefix=prefix)
    assert done.returncode == Exit.FAILED
    (line,) = done.stderr.splitlines()
    assert "capabilities of a user namespace do not count" in line
