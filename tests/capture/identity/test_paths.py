import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.identity.name_codes import LONGEST, Names, join
from capture.identity.resolve import identify
from capture.model.events import EventFlag
from tests.builders.capture import AT_FDCWD, DIRECTORY, CaptureBuilder


def paths(book, which="first"):
    found = identify(book.events(), book.tables).paths
    return [found.names.all[code] if code >= 0 else None for code in getattr(found, which).tolist()]


@pytest.mark.parametrize(
    ("base", "name", "expected"),
    [
        ("/a", "b", "/a/b"),
        ("/", "b", "/b"),
        ("/a", "/b", "/b"),
        ("/a/b", "../c", "/a/c"),
        ("/a", "../../..", "/"),
        ("/a", ".", "/a"),
        ("/a", "", "/a"),
        ("/a", "b//c/./d/", "/a/b/c/d"),
        ("/a", ".hidden", "/a/.hidden"),
        ("/a", "..hidden", "/a/..hidden"),
        ("", "b/../c", "c"),
        ("", "../c", "../c"),
        ("", "../../c", "../../c"),
        ("", "a/..", "."),
        ("", "./c", "c"),
        ("b", "../../c", "../c"),
        ("/a", "//", "/"),
    ],
)
def test_names_are_joined_as_the_kernel_would_without_links(base, name, expected):
    assert join(base, name) == expected


def test_a_relative_name_starts_at_the_working_directory(book):
    book.event("unlink", text=b"notes")
    assert paths(book) == ["/home/alice/notes"]


def test_chdir_and_fchdir_move_the_working_directory_from_then_on(book):
    book.event("unlink", text=b"a")
    book.event("chdir", text=b"docs")
    book.event("unlink", text=b"a")
    book.event("chdir", text=b"nowhere", ret=-2)
    book.open(100, "/srv", ino=7, fd=5, mode=DIRECTORY)
    book.event("fchdir", fd=5, ino=7, mode=DIRECTORY, args=(5,))
    book.event("unlink", text=b"a")
    assert [paths(book)[at] for at in (0, 2, 6)] == ["/home/alice/a", "/home/alice/docs/a", "/srv/a"]


def test_a_child_starts_where_its_parent_was_and_moves_alone(book):
    book.event("chdir", text=b"/one")
    book.fork(100, 200)
    book.event("chdir", text=b"/two")
    book.event("unlink", pid=200, text=b"a")
    book.event("chdir", pid=200, text=b"three")
    book.event("unlink", pid=200, text=b"a")
    book.event("unlink", pid=100, text=b"a")
    assert [paths(book)[at] for at in (3, 5, 6)] == ["/one/a", "/one/three/a", "/two/a"]


def test_a_name_may_start_at_an_open_directory(book):
    book.open(100, "/var", ino=7, fd=5, mode=DIRECTORY)
    book.open(100, "log", ino=8, fd=6, mode=DIRECTORY, args=(5, 0, 0))
    book.event("newfstatat", text=b"syslog", args=(6,))
    book.event("unlinkat", text=b"/abs", args=(6,))
    assert paths(book) == ["/var", "/var/log", "/var/log/syslog", "/abs"]


def test_a_duplicate_of_a_directorys_descriptor_leads_to_the_same_place(book):
    book.open(100, "/var", ino=7, fd=5, mode=DIRECTORY)
    book.event("fcntl", fd=9, ino=7, mode=DIRECTORY, ret=9, args=(5, 1030))
    book.event("unlinkat", text=b"a", args=(9,))
    assert paths(book)[-1] == "/var/a"


def test_a_directorys_descriptor_may_be_inherited_or_come_from_the_snapshot(book):
    book.descriptor(100, 4, "/snap", ino=9, mode=DIRECTORY)
    book.open(100, "/var", ino=7, fd=5, mode=DIRECTORY)
    book.fork(100, 200)
    book.fork(200, 300)
    book.event("unlinkat", pid=300, text=b"a", args=(5,))
    book.event("unlinkat", pid=100, text=b"a", args=(4,))
    book.event("unlinkat", pid=200, text=b"a", args=(4,))
    assert paths(book)[-3:] == ["/var/a", "/snap/a", "/snap/a"]


def test_a_descriptor_number_used_again_is_the_later_directory(book):
    book.open(100, "/one", ino=7, fd=5, mode=DIRECTORY)
    book.event("unlinkat", text=b"a", args=(5,))
    book.event("close", fd=5, ino=7, mode=DIRECTORY)
    book.open(100, "/two", ino=8, fd=5, mode=DIRECTORY)
    book.event("unlinkat", text=b"a", args=(5,))
    assert [paths(book)[at] for at in (1, 4)] == ["/one/a", "/two/a"]


def test_an_empty_name_beside_a_descriptor_is_the_file_that_it_leads_to(book):
    """The number was a directory's before, and closing and opening again tells nothing of that."""
    book.open(100, "/srv", ino=7, fd=5, mode=DIRECTORY)
    book.open(100, "/etc/passwd", ino=8, fd=5)
    book.event("newfstatat", text=b"", fd=5, ino=8, args=(5, 0, 0, 0x1000))
    book.event("newfstatat", text=b"", args=(AT_FDCWD, 0, 0, 0x1000))
    assert paths(book)[-2:] == ["/etc/passwd", "/home/alice"]


def test_a_name_of_which_the_start_is_unknown_stays_as_it_was_given(book):
    book.event("unlinkat", text=b"./a", args=(77,))
    book.event("unlink", pid=777, text=b"b")
    book.event("chdir", pid=777, text=b"c")
    book.event("unlink", pid=777, text=b"d")
    assert paths(book) == ["a", "b", "c", "c/d"]


def test_both_names_of_a_rename_are_resolved_each_from_its_own_directory(book):
    book.open(100, "/var", ino=7, fd=5, mode=DIRECTORY)
    book.event("renameat", text=b"a", text2=b"b", args=(AT_FDCWD, 0, 5, 0))
    assert paths(book)[1] == "/home/alice/a"
    assert paths(book, "second")[1] == "/var/b"


def test_a_links_target_and_a_mounts_source_stay_as_given(book):
    book.event("symlink", text=b"../x", text2=b"y")
    book.event("mount", text=b"proc", text2=b"mnt")
    assert paths(book) == ["../x", "proc"]
    assert paths(book, "second") == ["/home/alice/y", "/home/alice/mnt"]


def test_names_of_processes_and_cgroups_are_no_paths(book):
    book.fork(100, 200, comm=b"sh")
    book.event("cgroup_mkdir", text=b"/docker/x", args=(5, 0))
    assert paths(book) == [None, None]


def test_names_with_a_nul_or_no_utf8_are_survived(book):
    book.event("unlink", text=b"/a\0b")
    book.event("unlink", text=b"/\xff")
    assert paths(book) == ["/a\0b", "/\\xff"]


def test_very_deep_chains_of_directories_are_resolved(book):
    for depth in range(600):
        book.event("chdir", text=b"d%d" % (depth % 3))
    book.event("unlink", text=b"../x")
    assert paths(book)[-1].count("/") == 2 + 600


names = st.sampled_from(["a", "b/c", "..", "/", "/x/y", ".", "../z"])
steps = st.lists(
    st.tuples(st.sampled_from(["chdir", "fork", "open", "at", "unlink"]), st.integers(0, 9), names),
    max_size=25,
)


@given(steps)
@settings(max_examples=100, deadline=None)
def test_names_are_what_a_loop_would_find(script):
    """Processes with working directories and a directory each on descriptor 5, walked one by one."""
    book = CaptureBuilder()
    book.process(100, cwd="/start")
    cwd, opened, expected = {100: "/start"}, {100: None}, []
    for number, (step, choice, name) in enumerate(script):
        pid = list(cwd)[choice % len(cwd)]
        text = name.encode()
        here = join(cwd[pid], name)
        if step == "chdir":
            book.event("chdir", pid=pid, text=text)
            cwd[pid] = here
        elif step == "fork":
            book.fork(pid, 200 + number)
            cwd[200 + number], opened[200 + number] = cwd[pid], opened[pid]
            here = None
        elif step == "open":
            book.open(pid, name, ino=1000 + number, fd=5, mode=DIRECTORY)
            opened[pid] = here
        elif step == "at":
            book.event("unlinkat", pid=pid, text=text, args=(5,))
            here = join(opened[pid] or "", name)
        else:
            book.event("unlink", pid=pid, text=text)
        expected.append(here)
    assert paths(book) == expected if script else True


def test_a_call_may_tell_itself_which_directory_its_descriptor_is(book):
    book.process(200, cwd="/")
    book.open(100, "/var", ino=7, fd=5, mode=DIRECTORY)
    book.event("unlinkat", pid=200, fd=9, ino=7, mode=DIRECTORY, text=b"a", args=(9,))
    assert paths(book)[-1] == "/var/a"


def test_a_directory_opened_from_itself_is_no_ring(book):
    book.open(100, "/var", ino=7, fd=5, mode=DIRECTORY)
    book.open(100, ".", ino=7, fd=6, mode=DIRECTORY, args=(5, 0, 0))
    book.open(100, "log", ino=8, fd=7, mode=DIRECTORY, args=(6, 0, 0))
    assert paths(book) == ["/var", "/var", "/var/log"]


def test_a_renamed_directory_takes_along_who_is_in_it_and_what_is_open_in_it(book):
    book.event("chdir", text=b"/srv/app")
    book.open(100, ".", ino=7, fd=5, mode=DIRECTORY)
    book.open(100, "logs", ino=8, fd=6, mode=DIRECTORY)
    book.event("rename", text=b"/srv/app", text2=b"/srv/app.old")
    book.fork(100, 200)
    book.event("unlink", text=b"x")
    book.event("unlink", pid=200, text=b"x")
    book.event("unlinkat", text=b"x", args=(5,))
    book.event("unlinkat", text=b"x", args=(6,))
    assert paths(book)[5:] == ["/srv/app.old/x"] * 3 + ["/srv/app.old/logs/x"]


def test_a_directory_renamed_again_and_made_anew_is_told_apart(book):
    book.process(200, cwd="/srv/a")
    book.event("chdir", text=b"/srv/a")
    book.event("rename", pid=200, text=b"/srv/a", text2=b"/srv/b")
    book.event("rename", pid=200, text=b"/srv/b", text2=b"/srv/c")
    book.event("chdir", pid=200, text=b"/srv/a")
    book.event("unlink", pid=200, text=b"x")
    book.event("unlink", text=b"x")
    book.event("rename", pid=200, text=b"/srv/a", text2=b"/srv/d")
    book.event("unlink", pid=200, text=b"x")
    book.event("unlink", text=b"x")
    assert [paths(book)[at] for at in (4, 5, 7, 8)] == ["/srv/a/x", "/srv/c/x", "/srv/d/x", "/srv/c/x"]


def test_a_directory_renamed_from_within_moves_the_later_names(book):
    book.event("chdir", text=b"/srv")
    book.event("rename", text=b"../srv", text2=b"../old")
    book.event("rename", text=b"a", text2=b"b")
    assert paths(book)[1:] == ["/srv", "/old/a"]
    assert paths(book, "second")[1:] == ["/old", "/old/b"]


def test_who_enters_a_mount_namespace_is_at_its_root(book):
    book.event("setns", args=(5, 0x40000000))
    book.event("unlink", text=b"x")
    book.event("setns", args=(5, 0x20000))
    book.event("unlink", text=b"x")
    assert paths(book)[1::2] == ["/home/alice/x", "/x"]


def test_a_32_bit_call_has_its_directory_where_its_own_table_says(book):
    book.open(100, "/var", ino=7, fd=5, mode=DIRECTORY)
    # fanotify_mark takes a mask of two registers there.
    book.event(339, flags=EventFlag.COMPAT, text=b"log", args=(3, 1, 2, 0, 5))
    book.event("fanotify_mark", text=b"log", args=(3, 1, 2, 5))
    assert paths(book)[1:] == ["/var/log", "/var/log"]


def test_names_that_only_grow_are_cut_and_take_bounded_memory(monkeypatch):
    names = Names()
    path = "/start"
    for _ in range(100):
        path = names.joined(path, "d" * 1000)
    assert path == "…" + ("/" + "d" * 1000)[-LONGEST:] or len(path) == LONGEST + 1
    monkeypatch.setattr(names, "_room", 10)
    assert names.joined("/a", "b") == "/a/b"
    assert names.joined("/some", "longer/name") == "/some/longer/name"
    assert names.joined("/some", "longer/name") == "…/name", "there is no room left"
