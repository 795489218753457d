"""How containers ended, and how often they began."""

from capture.identity.resolve import identify

ID = "0123456789ab" + "c" * 52
PATH = f"/machine.slice/libpod-{ID}.scope"
KILLED, FAILED = 9, 3 << 8


def ends(book):
    return identify(book.events(), book.tables).ends


def begin(book, number=7, hierarchy=0):
    book.event("cgroup_mkdir", cgroup=1, text=PATH.encode(), args=(number, hierarchy))


def end(book, number=7, hierarchy=0):
    book.event("cgroup_rmdir", cgroup=1, text=PATH.encode(), args=(number, hierarchy))


def start_first(book, pid, *, parent=100, inner=1, cgroup=7):
    """A runtime makes the first process of a container, and moves it there."""
    time = book.rows[-1]["time"] + 1 if book.rows else 0
    book.event("procfork", pid=parent, cgroup=1, args=(pid, pid, time, parent, inner))
    book.event("read", pid=pid, cgroup=cgroup)


def test_the_exit_code_of_a_container_is_that_of_its_first_process(book):
    begin(book)
    start_first(book, 200)
    book.event("procfork", pid=200, cgroup=7, args=(201, 201, 0, 200, 2))
    book.exit(201, status=5 << 8, cgroup=7)
    book.exit(200, status=FAILED, cgroup=7)
    end(book)
    found = ends(book)
    assert found.exit_code.tolist() == [-1, 3]


def test_a_container_that_was_killed_tells_the_signal_as_runtimes_do(book):
    begin(book)
    start_first(book, 200)
    book.exit(200, status=KILLED, cgroup=7)
    assert ends(book).exit_code[1] == 137


def test_a_container_that_lives_has_no_exit_code(book):
    begin(book)
    start_first(book, 200)
    assert ends(book).exit_code[1] == -1


def test_the_first_process_of_a_namespace_made_inside_is_not_the_containers(book):
    begin(book)
    start_first(book, 200)
    start_first(book, 300, parent=200)
    book.exit(300, status=FAILED, cgroup=7)
    assert ends(book).exit_code[1] == -1


def test_the_runtimes_own_processes_in_the_containers_cgroup_do_not_hide_its_first_process(book):
    begin(book)
    book.event("procfork", pid=100, cgroup=1, args=(150, 150, 0, 100, 150))
    book.event("read", pid=150, cgroup=7)
    start_first(book, 200, parent=150)
    book.exit(150, cgroup=7)
    book.exit(200, status=FAILED, cgroup=7)
    assert ends(book).exit_code[1] == 3


def test_with_the_hosts_pids_the_runtimes_word_counts(book):
    begin(book)
    facts = {"init_pid": 200, "host_namespaces": ["pid"]}
    book.tables["containers"] = [{"full_id": ID, "cgroup": PATH, **facts}]
    start_first(book, 200, inner=200)
    start_first(book, 201, parent=200)
    book.exit(201, status=5 << 8, cgroup=7)
    book.exit(200, status=FAILED, cgroup=7)
    assert ends(book).exit_code[1] == 3


def test_a_pid_that_the_runtime_named_is_not_believed_outside_of_its_container(book):
    begin(book)
    book.tables["containers"] = [{"full_id": ID, "cgroup": PATH, "init_pid": 300}]
    book.event("procfork", pid=100, cgroup=1, args=(300, 300, 0, 100, 300))
    book.exit(300, status=FAILED, cgroup=1)
    assert ends(book).exit_code[1] == -1


def test_a_container_of_the_snapshot_tells_its_first_process_by_its_inner_pid(book):
    book.tables["cgroups"].append({"id": 7, "path": PATH, "hierarchy": 0})
    book.process(200, cgroup=PATH, nspid=1)
    book.process(201, cgroup=PATH, nspid=2, ppid=200)
    book.exit(201, status=5 << 8, cgroup=7)
    book.exit(200, status=FAILED, cgroup=7)
    found = identify(book.events(), book.tables)
    assert found.ends.exit_code[1] == 3
    assert (found.containers.birth[1], found.containers.starts[1]) == (-1, 0)


def test_a_container_that_is_started_again_ends_as_its_last_life(book):
    for pid, status, number in ((200, FAILED, 7), (300, 0, 8)):
        begin(book, number)
        start_first(book, pid, cgroup=number)
        book.exit(pid, status=status, cgroup=number)
        end(book, number)
    found = identify(book.events(), book.tables)
    assert found.ends.exit_code[1] == 0
    assert found.containers.starts[1] == 2
    assert found.containers.birth[1] == book.rows[0]["time"]
    assert found.containers.death[1] == book.rows[-1]["time"]


def test_a_container_with_a_cgroup_in_each_hierarchy_was_started_once(book):
    for number, hierarchy in ((7, 0), (9, 4), (9, 5)):
        begin(book, number, hierarchy)
    for number, hierarchy in ((9, 4), (7, 0), (9, 5)):
        end(book, number, hierarchy)
    found = identify(book.events(), book.tables).containers
    assert (found.starts[1], found.death[1]) == (1, book.rows[-1]["time"])


def test_a_container_that_was_there_before_existed_also_when_it_is_started_again(book):
    book.tables["cgroups"].append({"id": 6, "path": PATH, "hierarchy": 0})
    end(book, 6)
    begin(book, 8)
    found = identify(book.events(), book.tables).containers
    assert (found.birth[1], found.starts[1], found.death[1]) == (-1, 1, -1)


def test_a_cgroup_that_the_snapshot_saw_after_it_was_made_did_not_exist_before(book):
    book.tables["cgroups"].append({"id": 7, "path": PATH, "hierarchy": 0})
    begin(book)
    found = identify(book.events(), book.tables).containers
    assert (found.birth[1], found.starts[1]) == (book.rows[0]["time"], 1)


def test_a_container_counts_those_of_its_processes_that_were_killed_for_want_of_memory(book):
    book.tables["cgroups"].append({"id": 1, "path": "/", "hierarchy": 0})
    begin(book)
    start_first(book, 200)
    book.event("oom_kill", pid=200, cgroup=7, args=(200,))
    book.event("oom_kill", pid=100, cgroup=1, args=(100,))
    book.event("oom_kill", pid=100, cgroup=1, args=(4242,))
    book.exit(200, status=KILLED, cgroup=7)
    assert ends(book).oom_kills.tolist() == [1, 1]


def test_a_container_that_exists_in_other_hierarchies_alone_is_known_from_the_snapshot(book):
    book.tables["cgroups"] += [
        {"id": 1, "path": "/", "hierarchy": 0},
        {"id": 7, "path": PATH, "hierarchy": 4},
    ]
    book.process(300, cgroup="/", cgroups=["0::/", f"4:memory:{PATH}"])
    book.event("read", pid=300, cgroup=1)
    found = identify(book.events(), book.tables).containers
    assert [record["id"] for record in found.records] == ["host", ID[:12]]
