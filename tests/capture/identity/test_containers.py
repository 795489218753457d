import pytest

from capture.identity.resolve import identify
from tests.builders.capture import START_NS

ID = "0123456789ab" + "c" * 52
OTHER = "ba9876543210" + "d" * 52
PATH = f"/machine.slice/libpod-{ID}.scope"


def told(book):
    found = identify(book.events(), book.tables)
    records = found.containers.records
    return [records[row]["id"] if row >= 0 else None for row in found.containers.of_event.tolist()]


def cgroup(book, number, path, hierarchy=0):
    book.tables["cgroups"].append({"id": number, "path": path, "hierarchy": hierarchy})


def test_a_cgroup_tells_host_and_container_apart(book):
    cgroup(book, 1, "/")
    cgroup(book, 7, PATH)
    book.event("read", cgroup=1)
    book.event("read", cgroup=7)
    assert told(book) == ["host", ID[:12]]


def test_an_unknown_cgroup_is_not_taken_for_the_host(book):
    cgroup(book, 1, "/")
    book.event("read", cgroup=99)
    assert told(book) == [None]


def test_what_was_recorded_of_a_container_stands_in_its_row(book):
    cgroup(book, 7, PATH)
    first = {
        "id": ID[:12],
        "full_id": ID,
        "name": "web",
        "image": None,
        "metadata": "recorded",
        "cgroup": PATH,
    }
    book.tables["containers"] = [first, {"id": ID[:12], "full_id": ID, "image": "nginx", "name": None}]
    book.event("read", cgroup=7)
    records = identify(book.events(), book.tables).containers.records
    assert len(records) == 2
    assert (records[1]["name"], records[1]["image"]) == ("web", "nginx")


def test_containers_that_go_by_names_are_not_mixed_up_by_the_beginnings_of_these(book):
    names = ["worker-of-the-shop-1", "worker-of-the-shop-2"]
    book.tables["containers"] = [{"full_id": name, "cgroups": [f"/a/{name}", f"/b/{name}"]} for name in names]
    for number, name in enumerate(names):
        cgroup(book, 7 + number, f"/b/{name}/below")
        book.event("read", cgroup=7 + number)
    assert told(book) == names


def test_two_containers_whose_ids_begin_alike_are_two(book):
    """Who may make cgroups chooses what they are called; a shortened id is still the one that it was of."""
    twin = ID[:-1] + "e"
    book.tables["containers"] = [{"id": ID[:12], "name": "web"}]
    cgroup(book, 7, PATH)
    cgroup(book, 8, f"/machine.slice/libpod-{twin}.scope")
    book.event("read", cgroup=7)
    book.event("read", cgroup=8)
    found = identify(book.events(), book.tables).containers
    first, second = (found.records[row] for row in found.of_event.tolist())
    assert (first["full_id"], first["name"]) == (ID, "web")
    assert second["full_id"] == twin and "name" not in second


def test_a_container_without_metadata_has_its_id_and_says_so(book):
    cgroup(book, 7, PATH)
    book.event("read", cgroup=7)
    record = identify(book.events(), book.tables).containers.records[1]
    assert record["full_id"] == ID
    assert record["runtime"] == "podman"
    assert record["metadata"] == "not recorded"
    assert "name" not in record


def test_a_container_lives_from_mkdir_to_rmdir_though_it_is_gone_before_the_end(book):
    book.event("cgroup_mkdir", cgroup=1, text=PATH.encode(), args=(7, 0))
    book.event("cgroup_mkdir", cgroup=1, text=PATH.encode() + b"/container", args=(8, 0))
    book.event("read", cgroup=8)
    book.event("cgroup_rmdir", cgroup=1, text=PATH.encode() + b"/container", args=(8, 0))
    book.event("cgroup_rmdir", cgroup=1, text=PATH.encode(), args=(7, 0))
    book.event("read", cgroup=1)
    found = identify(book.events(), book.tables).containers
    assert told(book)[2] == ID[:12]
    assert found.birth[1] == book.rows[0]["time"]
    assert found.death[1] == book.rows[4]["time"]


def test_with_cgroup_v1_a_container_lives_from_its_first_cgroup_in_any_hierarchy_to_its_last(book):
    cgroup(book, 1, "/")
    book.event("cgroup_mkdir", cgroup=1, text=PATH.encode(), args=(9, 4))
    book.event("cgroup_attach_task", cgroup=1, text=PATH.encode(), args=(9, 4, 100))
    book.event("read", cgroup=1)
    book.event("cgroup_mkdir", cgroup=1, text=PATH.encode(), args=(7, 0))
    book.event("read", cgroup=7)
    book.event("cgroup_rmdir", cgroup=1, text=PATH.encode(), args=(7, 0))
    book.event("cgroup_rmdir", cgroup=1, text=PATH.encode(), args=(9, 4))
    book.event("read", pid=300, cgroup=1)
    found = identify(book.events(), book.tables).containers
    assert told(book)[2] == ID[:12]
    assert found.birth[1] == book.rows[0]["time"]
    assert found.death[1] == book.rows[6]["time"]


def test_a_container_that_is_started_again_is_alive(book):
    book.event("cgroup_mkdir", cgroup=1, text=PATH.encode(), args=(7, 0))
    book.event("cgroup_rmdir", cgroup=1, text=PATH.encode(), args=(7, 0))
    book.event("cgroup_mkdir", cgroup=1, text=PATH.encode(), args=(8, 0))
    book.event("read", cgroup=8)
    found = identify(book.events(), book.tables).containers
    assert (found.birth[1], found.death[1]) == (book.rows[0]["time"], -1)


def test_a_container_whose_removal_was_not_seen_dies_with_its_last_process(book):
    cgroup(book, 7, PATH)
    book.fork(100, 200)
    book.event("read", pid=200, cgroup=7)
    book.exit(200, cgroup=7)
    book.event("read")
    found = identify(book.events(), book.tables).containers
    assert found.birth[1] == -1
    assert found.death[1] == book.rows[2]["time"]


def test_a_container_with_a_living_process_is_alive(book):
    cgroup(book, 7, PATH)
    book.fork(100, 200)
    book.fork(100, 201)
    book.event("read", pid=200, cgroup=7)
    book.event("read", pid=201, cgroup=7)
    book.exit(200, cgroup=7)
    book.event("read")
    assert identify(book.events(), book.tables).containers.death[1] == -1


def test_ids_of_other_hierarchies_are_other_cgroups(book):
    cgroup(book, 7, PATH, hierarchy=4)
    book.event(
        "cgroup_mkdir", cgroup=1, text=b"/machine.slice/libpod-" + OTHER.encode() + b".scope", args=(7, 4)
    )
    book.event("read", cgroup=7)
    assert told(book)[-1] is None


def test_a_cgroup_that_only_metadata_knows_belongs_to_its_container(book):
    book.tables["containers"] = [{"id": "mine", "full_id": "mine", "cgroup": "/odd/place", "name": "odd"}]
    cgroup(book, 7, "/odd/place/below")
    cgroup(book, 8, "/odd/placement")
    book.event("read", cgroup=7)
    book.event("read", cgroup=8)
    assert told(book) == ["mine", "host"]


def test_a_process_belongs_where_it_was_last_seen_or_where_it_came_from(book):
    cgroup(book, 1, "/")
    cgroup(book, 7, PATH)
    book.fork(100, 200, cgroup=1)
    book.event("read", pid=200, cgroup=1)
    book.event("read", pid=200, cgroup=7)
    book.fork(200, 300, cgroup=7)
    found = identify(book.events(), book.tables)
    by_pid = {pid: row for row, pid in enumerate(found.processes.pid.tolist())}
    assert [found.container_of_process[by_pid[pid]] for pid in (100, 200, 300)] == [0, 1, 1]


@pytest.mark.parametrize(
    "row", [{}, {"id": "x"}, {"id": 1 << 70}, {"full_id": 3}, {"full_id": "host"}, {"cgroup": 9}]
)
def test_rows_that_make_no_sense_do_no_harm(book, row):
    book.tables["containers"].append(row)
    book.tables["cgroups"].append(row)
    book.event("read", time=START_NS)
    assert told(book) == [None]


def test_a_container_that_only_cgroup_v1_knows_is_told_by_where_its_processes_are(book):
    cgroup(book, 1, "/")
    book.process(300, cgroup=f"/docker/{ID}")
    book.event("read", pid=300, cgroup=1)
    book.fork(300, 301, cgroup=1)
    book.event("read", pid=301, cgroup=1)
    book.event("read", pid=100, cgroup=1)
    assert told(book) == [ID[:12]] * 3 + ["host"]


def test_a_process_moved_into_a_v1_cgroup_is_in_its_container_from_then_on(book):
    cgroup(book, 1, "/")
    book.event("read", cgroup=1)
    book.event("cgroup_attach_task", cgroup=1, text=f"/docker/{ID}".encode(), args=(7, 4, 100))
    book.event("read", cgroup=1)
    book.fork(100, 200, cgroup=1)
    book.event("read", pid=200, cgroup=1)
    assert told(book) == ["host"] + [ID[:12]] * 4


def test_an_event_without_a_cgroup_is_where_its_process_was_last_seen(book):
    cgroup(book, 7, PATH)
    book.event("read", cgroup=7)
    book.event("read", pid=400, cgroup=0)
    book.event("futex", cgroup=0, flags=4)
    assert told(book) == [ID[:12], None, ID[:12]]


def test_a_process_of_the_snapshot_is_in_the_container_that_any_of_its_hierarchies_shows(book):
    cgroup(book, 1, "/")
    lines = ["4:memory:/some/slice", f"3:pids:/docker/{ID}", "0::/"]
    book.process(300, cgroup="/some/slice", cgroups=lines)
    book.event("read", pid=300, cgroup=1)
    assert told(book) == [ID[:12]]


def test_on_a_machine_of_v1_alone_host_and_container_are_told_by_where_processes_are(book):
    book.process(300, cgroup="/", cgroups=["4:memory:/", "3:pids:/"])
    book.process(400, cgroup=f"/docker/{ID}", cgroups=[f"4:memory:/docker/{ID}", f"3:pids:/docker/{ID}"])
    book.event("read", pid=300, cgroup=1)
    book.event("read", pid=400, cgroup=1)
    book.fork(400, 401, cgroup=1)
    book.event("read", pid=401, cgroup=1)
    book.event("read", pid=999, cgroup=1)
    assert told(book) == ["host", ID[:12], ID[:12], ID[:12], None]


def test_a_process_in_an_unknown_cgroup_is_not_on_the_host_though_it_was(book):
    cgroup(book, 1, "/")
    book.process(300, cgroup="/", cgroups=["0::/"])
    book.process(400, cgroup=f"/docker/{ID}", cgroups=[f"4:memory:/docker/{ID}", "0::/"])
    book.event("read", pid=300, cgroup=1)
    book.event("read", pid=300, cgroup=99)
    assert told(book) == ["host", None]
