import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.identity.resolve import identify
from capture.model.program_file import ProgramFile, ProgramFlag, packed_program_file
from tests.builders.capture import START_NS, CaptureBuilder


def told(book):
    """For each event the name, path and arguments of the program that its process was running."""
    found = identify(book.events(), book.tables)
    images, names = found.images, found.paths.names.all
    facts = []
    for image in images.of_event.tolist():
        program, cwd = images.programs[images.program[image]], images.cwd[image]
        facts.append((images.comm[image], program.exepath, program.args, names[cwd] if cwd >= 0 else ""))
    return facts


def test_a_process_of_the_snapshot_runs_what_the_snapshot_says(book):
    book.event("read")
    assert told(book) == [("sh", "/bin/sh", "", "/home/alice")]


def test_an_exec_belongs_to_the_program_that_it_starts(book):
    book.event("read")
    book.exec(100, "/usr/bin/cat", "cat", "a b", "")
    book.event("read")
    assert [comm for comm, *_ in told(book)] == ["sh", "cat", "cat"]
    assert told(book)[1] == ("cat", "/usr/bin/cat", "a b ", "/home/alice")


def test_a_failed_exec_changes_nothing(book):
    book.event("execve", ret=-2, text=b"/usr/bin/nothing")
    assert told(book)[0][0] == "sh"


def test_an_exec_that_was_running_when_the_recording_ended_changes_nothing(book):
    book.event("execve", ret=-1, flags=4, text=b"/usr/bin/nothing")
    assert told(book)[0][0] == "sh"


def test_a_fork_without_exec_runs_its_parents_program_of_that_moment(book):
    book.fork(100, 200, comm=b"sh")
    book.exec(100, "/usr/bin/make")
    book.fork(100, 300, comm=b"make")
    book.event("read", pid=200)
    book.event("read", pid=300)
    assert [path for _, path, *_ in told(book)][-2:] == ["/bin/sh", "/usr/bin/make"]


def test_a_process_that_renames_itself_goes_by_that_name_until_its_next_exec(book):
    named = {"pid": 100, "ret": 0, "text": b"worker", "args": (15,)}
    book.event("prctl", **named)
    book.fork(100, 200)
    book.event("read", pid=200)
    book.event("prctl", **named)
    book.exec(100, "/usr/bin/cat", "cat")
    book.event("prctl", **{**named, "text": b"\xff" * 20})
    assert [comm for comm, *_ in told(book)] == ["worker"] * 4 + ["cat", "\\xff" * 15]
    found = identify(book.events(), book.tables).images
    assert found.event.tolist() == [-1, -1, 4, -1, -1]
    assert [found.programs[at].exepath for at in found.program] == [
        "/bin/sh",
        "/bin/sh",
        "/usr/bin/cat",
        "/bin/sh",
        "/usr/bin/cat",
    ]


@pytest.mark.parametrize("more", [{"tid": 101}, {"ret": -22}, {"args": (16,)}, {"text": 0}, {"name": "read"}])
def test_names_of_other_threads_and_failed_calls_name_no_process(book, more):
    facts = {"name": "prctl", "pid": 100, "ret": 0, "text": b"worker", "args": (15,), **more}
    book.event(facts.pop("name"), **facts)
    assert told(book)[0][0] == "sh"


def test_a_long_chain_of_forks_hands_the_program_down(book):
    for pid in range(100, 400):
        book.fork(pid, pid + 1)
    book.event("read", pid=400)
    assert told(book)[-1] == ("sh", "/bin/sh", "", "/home/alice")


def test_a_fork_tells_what_its_creator_had_renamed_itself_to(book):
    book.fork(100, 200, comm=b"worker-1")
    book.event("read", pid=200)
    assert told(book)[1][:2] == ("worker-1", "/bin/sh")


def test_an_exec_in_a_thread_changes_the_program_of_the_process(book):
    book.fork(100, 101, thread_of=100)
    book.exec(100, "/usr/bin/cat")  # the kernel gives the thread its process' number
    book.event("read")
    found = identify(book.events(), book.tables)
    assert len(set(found.threads.of_event[1:].tolist())) == 1
    assert told(book)[-1][0] == "cat"


def test_a_relative_program_is_named_from_the_working_directory(book):
    book.event("chdir", text=b"../bob")
    book.exec(100, "./tool.sh", "./tool.sh")
    assert told(book)[-1] == ("tool.sh", "/home/bob/tool.sh", "", "/home/bob")


def test_the_kernel_keeps_fifteen_bytes_of_a_name(book):
    book.exec(100, "/opt/a-very-long-program-name")
    assert told(book)[-1][0] == "a-very-long-pro"


def test_a_pid_used_again_does_not_run_what_its_predecessor_ran(book):
    book.fork(100, 200)
    book.exec(200, "/usr/bin/cat")
    book.exit(200)
    book.fork(100, 200)
    book.event("read", pid=200)
    assert told(book)[-1][0] == "sh"


def test_a_process_known_from_the_snapshot_keeps_it_where_its_parent_is_a_stranger():
    book = CaptureBuilder()
    book.fork(777, 200)
    book.process(200, start_ns=START_NS, comm="cat", exe="/usr/bin/cat", cwd="/")
    book.event("read", pid=200)
    assert told(book)[-1][:2] == ("cat", "/usr/bin/cat")


def test_a_stranger_runs_an_unknown_program(book):
    book.event("read", pid=777)
    assert told(book) == [("", "", "", "")]


def test_arguments_that_are_no_utf8_or_cut_off_are_kept_readable(book):
    book.event("execve", text=b"/bin/echo", text2=b"echo\0\xff\0cut of", ino=3)
    assert told(book)[0][2] == "\\xff cut of"


steps = st.lists(st.tuples(st.sampled_from(["fork", "exec", "read"]), st.integers(0, 5)), max_size=25)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_programs_are_what_a_loop_would_find(script):
    book = CaptureBuilder()
    book.process(100, comm="p", exe="/p")
    running, expected = {100: "/p"}, []
    for number, (step, choice) in enumerate(script):
        pid = list(running)[choice % len(running)]
        if step == "fork":
            book.fork(pid, 200 + number)
            expected.append(running[pid])
            running[200 + number] = running[pid]
            continue
        if step == "exec":
            running[pid] = f"/bin/{number}"
            book.exec(pid, running[pid])
        else:
            book.event("read", pid=pid)
        expected.append(running[pid])
    assert [path for _, path, *_ in told(book)] == expected


def test_who_is_named_by_nothing_else_is_named_by_its_end(book):
    book.event("read", pid=300)
    book.exit(300, text=b"gone")
    book.event("read", pid=301)
    found = identify(book.events(), book.tables)
    by_pid = {int(found.processes.pid[process]): found.images.comm[found.images.of_process[process]]
              for process in found.processes.of_event.tolist()}  # fmt: skip
    assert by_pid == {300: "gone", 301: ""}


SCRIPT = packed_program_file(ProgramFile(ProgramFlag.SCRIPT, 1, 100, 1, 1, 0, 0, 0))


@pytest.mark.parametrize(
    ("rows", "digest", "note"),
    [
        ([], "", ""),
        ([("/opt/run", "aa", None)], "aa", ""),
        ([("/opt/run", "aa", "renamed")], "aa", "renamed"),
        ([("/opt/run", "aa", None), ("/opt/run", "aa", None), ("/opt/other", "bb", None)], "aa", ""),
        ([("/opt/run", None, "not hashed: gone"), ("/opt/run", "aa", None)], "aa", ""),
        ([("/opt/run", None, "not hashed: gone")], "", "not hashed: gone"),
        ([("/opt/run", "bb", None), ("/opt/run", "aa", None)], "", "not told apart: one of aa, bb"),
    ],
)
def test_a_script_has_the_digest_of_its_path_unless_several_files_had_that(book, rows, digest, note):
    book.exec(100, "/opt/run", "/bin/sh", "/opt/run", exe=SCRIPT, ino=50)
    book.tables["executables"] = [
        {"path": path, "sha256": sha256, "note": said, "script": True} for path, sha256, said in rows
    ]
    found = identify(book.events(), book.tables)
    program = found.images.programs[found.images.program[found.images.of_event[-1]]]
    assert program.script == "/opt/run"
    assert (program.script_file.sha256, program.script_file.note) == (digest, note)
