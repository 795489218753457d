"""What a filter holds for: by example on the story, and by law against reading event by event."""

# ruff: noqa: E501 - one case a line, however long

import dataclasses
import gc
import weakref

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters.evaluate import evaluate, not_evaluable
from inspect_app.filters.expression import quote
from inspect_app.filters.language import FilterError, parse
from tests.builders.frames import START_NS, build_frames

STORY = build_frames()


def rows(text, frames=STORY):
    return np.flatnonzero(evaluate(parse(text), frames)).tolist()


def where(column, holds):
    """Rows by a test on one column of events."""
    return [at for at, value in enumerate(STORY.events[column].tolist()) if holds(value)]


SAME = [
    # two filters that mean the same
    ("proc.name = curl", "proc.name in (curl)"),
    ("proc.name != curl", "not proc.name = curl and proc.name exists"),
    ("proc.pid in (201, 400)", "proc.pid = 201 or proc.pid = 400"),
    ("proc.name startswith anyof (cu, ng)", "proc.name startswith cu or proc.name startswith ng"),
    ("proc.name contains allof (c, r)", "proc.name contains c and proc.name contains r"),
    ("proc.name contains oneof (c, r)", "(proc.name contains c or proc.name contains r) and not proc.name contains allof (c, r)"),
    ("fd.name glob '/etc/*'", "fd.name startswith /etc/"),
    ("fd.name iglob '/ETC/*'", "fd.name startswith /etc/"),
    ("fd.name icontains PASS", "fd.name contains pass"),
    ("fd.name regex '^/etc/.*s$'", "fd.name startswith /etc/ and fd.name endswith s"),
    ("fd.name bcontains 2f657463", "fd.name contains /etc"),
    ("fd.name bstartswith 2f657463", "fd.name startswith /etc"),
    ("fd.name pmatch (/etc)", "fd.name = /etc or fd.name startswith /etc/"),
    ("fd.name pmatch (/usr/*/nginx)", "fd.name startswith /usr/share/nginx/"),
    ("fd.directory = /etc", "fd.name glob '/etc/*'"),
    ("fd.filename = passwd", "basename(fd.name) = passwd"),
    ("tolower(user.name) = root", "user.uid = 0"),
    ("toupper(proc.name) = CURL", "proc.name = curl"),
    ("len(proc.name) = 4", "proc.name in (curl, sshd)"),
    ("len(proc.name) intersects (4, 5)", "len(proc.name) >= 4 and len(proc.name) <= 5"),
    ("concat(proc.name, user.name) = curlalice", "proc.name = curl and user.name = alice"),
    ("join(':', proc.name, proc.pid) = curl:201", "proc.name = curl and proc.pid = 201"),
    ("fd.ip = 192.168.1.0/24", "fd.lip in (192.168.1.0/24) or fd.rip in (192.168.1.0/24)"),
    ("fd.rip = ::1", "fd.rip startswith ::1"),
    ("fd.port = 80", "fd.lport = 80 or fd.rport = 80"),
    ("fd.sport = 80", "fd.is_server = true and fd.lport = 80 or fd.is_server = false and fd.rport = 80"),
    ("fd.sip = 172.17.0.2", "fd.name contains 172.17.0.2"),
    ("fd.sip.name = example.org", "fd.sip = 172.17.0.2"),
    ("fd.rip.name endswith .org", "fd.rip = 172.17.0.2"),
    ("fd.lip.name = example.org", "fd.lip = 172.17.0.2"),
    ("fd.cip = 192.168.1.5", "fd.name contains 192.168.1.5"),
    ("fd.sproto = http", "fd.sport = 80"),
    ("fd.typechar = 4", "fd.type = ipv4"),
    ("fd.typechar = f", "fd.type in (file, char)"),
    ("fd.dev.major = 0", "fd.dev < 1048576"),
    ("fd.sockfamily = ip", "fd.type in (ipv4, ipv6)"),
    ("container.id = host", "container.name = host"),
    ("container.image.tag = 1.25", "container.name = web"),
    ("container.image.repository = docker.io/library/nginx", "container.name = web"),
    ("container.privileged = true", "container.name = batch"),
    ("container.label[app] = shop", "container.name = web"),
    ("container.labels contains 'tier:front'", "k8s.pod.name = web-7d4b9"),
    ("k8s.pod.label[tier] = front", "container.name = web"),
    ("k8s.pod.labels = 'tier:front'", "container.name = web"),
    ("k8s.pod.uid startswith 4c1f2a3b", "container.name = web"),
    ("k8s.pod.sandbox_id = 555555555555", "container.name = web"),
    ("k8s.pod.full_sandbox_id startswith 5555555555555", "container.name = web"),
    ("k8s.pod.ip = 10.1.2.3", "container.name = web"),
    ("container.ip exists", "container.name = web"),
    ("container.image.id startswith 99", "container.name = web"),
    ("container.image.digest startswith sha256:dd", "container.name = web"),
    ("container.host_network = true", "container.name = web"),
    ("container.host_pid = true", "container.name = batch"),
    ("container.host_pid = false", "container.name = web"),
    ("container.host_ipc exists", "container.name in (web, batch)"),
    ("container.caps.added = NET_ADMIN", "container.name = web"),
    ("container.seccomp = unconfined", "container.name = batch"),
    ("container.env contains TOKEN", "container.name = web"),
    ("container.memory_limit = 536870912", "container.name = web"),
    ("container.cpu_limit > 1000", "container.name = web"),
    ("container.pids_limit = 0", "container.name = web"),
    ("container.exit_code = 1", "container.name = batch"),
    ("container.oom_kills > 0", "container.name = batch"),
    ("container.mounts.sensitive contains /etc", "container.name = web"),
    ("container.mounts contains '/srv/data:/data:rbind,ro:false:rprivate'", "container.name = web"),
    ("container.mount[0] startswith /srv/data:", "container.name = web"),
    ("container.mount.dest[/srv/*] = /data", "container.name = web"),
    ("container.mount.dest[/*] = /host/etc", "container.name = web"),
    ("container.mount.source[/host/etc] = /etc", "container.name = web"),
    ("container.mount.rdwr[/etc] = true", "container.name = web"),
    ("container.mount.rdwr[/srv/data] = false", "container.name = web"),
    ("container.mount.mode[1] = 'rbind,rw'", "container.name = web"),
    ("container.mount.propagation[/srv/data] = rprivate", "container.name = web"),
    ("k8s.ns.name exists", "container.name = web"),
    ("evt.res = SUCCESS", "evt.failed = false"),
    ("evt.res = ENOENT", "evt.rawres = -2"),
    ("evt.failed = true", "evt.rawres < 0"),
    ("evt.is_io = true", "evt.io_dir in (r, w)"),
    ("evt.category = io-read", "evt.is_io_read = true"),
    ("evt.is_open_write = true", "evt.arg.flags contains O_WRONLY or evt.arg.flags contains O_RDWR"),
    ("evt.is_open_create = true", "fs.path.name = /app/out.tmp and evt.type = openat"),
    ("evt.arg.fd = 3", "evt.rawarg.fd = 3"),
    ("evt.arg.path = /etc/passwd", "fs.path.name = /etc/passwd"),
    ("evt.arg.filename = /etc/passwd", "evt.arg.path = /etc/passwd"),
    ("evt.arg.mode contains S_IRUSR", "evt.is_open_create = true"),
    ("evt.arg.newpath = /app/out.csv", "fs.path.target = /app/out.csv"),
    ("evt.abspath.src = /app/out.tmp", "fs.path.source = /app/out.tmp or fs.path.name = /app/out.tmp"),
    ("evt.buflen > 0", "evt.buflen.in > 0 or evt.buflen.out > 0"),
    ("evt.buflen.net > 0", "evt.buflen > 0 and fd.sockfamily = ip"),
    ("evt.dir = <", "evt.num > 0"),
    ("evt.dir = >", "evt.num < 0"),
    ("evt.reltime < 1s", "evt.reltime.s = 0"),
    ("evt.rawtime >= 2023-11-14T22:13:21Z", "evt.time >= 22:13:21"),
    ("evt.type.is.read = 1", "evt.type = read"),
    ("evt.count.error = 1", "evt.failed = true"),
    ("proc.pname = sh", "proc.name in (curl, cat) or proc.pid = 201 and proc.name = sh"),
    ("proc.aname = python3", "proc.apid = 400"),
    ("proc.aname[1] = sh", "proc.pname = sh"),
    ("proc.aname[2] = systemd", "proc.apid[2] = 1"),
    ("proc.aname[0] = sh", "proc.name = sh"),
    ("proc.apid[1] = 100", "proc.ppid = 100"),
    ("proc.sname = sh", "proc.sid in (100, 500)"),
    ("proc.is_sid_leader = true", "proc.sid = val(proc.pid)"),
    ("proc.loginshellid = 100", "proc.sid = 100"),
    ("proc.name = val(proc.exe)", "proc.name = curl and proc.exe = curl or proc.name = python3 and proc.exe = python3 "
     "or proc.name = sh and proc.exe = sh or proc.name = cat and proc.exe = cat"),
    ("proc.cmdline startswith val(proc.name)", "proc.name exists and proc.cmdline exists"),
    ("thread.ismain = false", "thread.tid = 401"),
    ("thread.tid = val(proc.pid)", "thread.ismain = true"),
    ("user.loginname = alice", "user.loginuid = 1000"),
    ("user.shell = /bin/sh", "user.name = alice"),
    ("not proc.name exists", "proc.pid = 777"),
    ("evt.args contains 'flags=O_RDONLY'", "evt.arg.flags startswith O_RDONLY"),
    ("evt.args regex '(^| )fd=3( |$)'", "evt.arg.fd = 3"),
    ("evt.info = val(evt.args)", "evt.args exists"),
    ("evt.around[1700000000060000000] = 1", "evt.rawtime >= 1700000000059000000 and evt.rawtime <= 1700000000061000000"),
    ("evt.around[1700000000060000000] < 2", "evt.around[1700000000060000000] = 1"),
    ("evt.latency.quantized >= 30", "evt.latency >= 1ms"),
    ("fd.connected = true", "fd.rport > 0 and not evt.res = ECONNREFUSED"),
    ("fd.uid = 400:3", "thread.tid = 400 and fd.num = 3"),
    ("fs.path.nameraw = notes.txt", "fs.path.name = /home/alice/notes.txt"),
    ("fs.path.targetraw = /app/out.csv", "fs.path.target = /app/out.csv"),
    ("fs.path.sourceraw exists", "fs.path.source exists"),
    ("thread.nametid = 'python3(401)'", "thread.tid = 401"),
    ("k8s.app.name = shop", "container.name = web and container.label.app = shop"),
    ("proc.stdout.type = char", "proc.stdout.name startswith /dev/"),
    ("group.name = alice", "group.gid = 1000"),
    ("thread.cap_permitted contains CAP_NET_BIND_SERVICE and not thread.cap_permitted contains CAP_KILL", "proc.pid = 300"),
    ("proc.vpid = 7", "proc.pid = 301"),
    ("proc.args[0] = -s", "proc.args startswith -s"),
    ("proc.cmdnargs = 2 and evt.type = execve", "proc.args[1] exists and not proc.args[2] exists and evt.type = execve"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_filters_that_mean_the_same_hold_for_the_same_events(one, other):
    assert rows(one) == rows(other)


OF_ALL_OR_NONE = ("evt.dir = >", "evt.dir = <", "evt.info = val(evt.args)")


@pytest.mark.parametrize("one", [one for one, _ in SAME if one not in OF_ALL_OR_NONE])
def test_each_of_them_holds_for_some_events_and_not_for_all(one):
    assert 0 < len(rows(one)) < len(STORY.events)


def test_columns_of_events_are_filtered_as_they_are():
    assert rows("evt.cpu = 2") == where("cpu", lambda cpu: cpu == 2)
    assert rows("evt.latency > 10ms") == where("latency", lambda latency: latency > 10_000_000)
    assert rows("fd.num exists") == where("fd", lambda fd: fd >= 0)
    assert rows(f"evt.rawtime < {START_NS + 100_000_000}") == where(
        "time", lambda t: t < START_NS + 100_000_000
    )
    assert rows("evt.num <= 3") == [0, 1, 2]


def test_a_missing_value_meets_no_comparison():
    unknown = rows("not proc.name exists")
    assert unknown
    for operator in ("=", "!=", "contains", "startswith", "glob", "regex", "in", "pmatch"):
        value = "(x)" if operator in ("in", "pmatch") else "x"
        assert not set(rows(f"proc.name {operator} {value}")) & set(unknown)
        assert set(unknown) <= set(rows(f"not proc.name {operator} {value}"))
    for operator in ("=", "!=", "<", ">="):
        assert not set(rows(f"evt.latency {operator} 5")) & set(rows("not evt.latency exists"))


def test_an_empty_value_is_there():
    assert rows("proc.args = ''") == rows("proc.args exists and len(proc.args) = 0")
    assert rows("proc.args = '' and proc.name = nginx")
    assert not rows("proc.args exists and proc.pid = 777")


def test_an_exit_has_no_result():
    assert rows("evt.type = exit_group")
    assert not rows("evt.type in (exit_group, procexit) and evt.res exists")
    assert not rows("evt.type in (exit_group, procexit) and evt.failed exists")


def test_a_pid_that_was_used_again_is_another_process():
    curl, cat = rows("proc.pid = 201 and proc.name = curl"), rows("proc.pid = 201 and proc.name = cat")
    assert curl and cat and max(curl) < min(cat)
    assert rows(f"proc.pid = 201 and proc.pid.ts = {START_NS + 50_000_000}") == rows(
        "proc.pid = 201 and proc.pid.ts < 2023-11-14T22:13:21Z"
    )


def test_what_a_capture_cannot_tell_is_said_and_not_false():
    expression = parse("proc.name = curl or thread.exectime > 1s or not proc.fdlimit = 1")
    reasons = not_evaluable(expression, STORY)
    assert [reason.partition(":")[0] for reason in reasons] == ["thread.exectime", "proc.fdlimit"]
    with pytest.raises(FilterError, match="switches between threads are not recorded"):
        evaluate(expression, STORY)
    assert not_evaluable(parse("proc.name = curl"), STORY) == []


@pytest.mark.parametrize("first", ["proc.name = nothing-of-that-name", "evt.num = 1"])
def test_what_a_capture_cannot_tell_is_said_where_the_rest_leaves_no_event(first):
    with pytest.raises(FilterError, match="switches between threads are not recorded"):
        rows(f"{first} and (proc.pid = -5 and thread.exectime > 1s)")


def test_text_that_stays_in_the_file_is_not_evaluable():
    assert "in read it is bytes" in not_evaluable(parse("evt.arg[1] contains 1"), STORY)[0]
    with pytest.raises(FilterError, match="ask it of other calls"):
        rows("evt.arg[1] contains 1")


def test_arguments_that_only_the_fields_rules_know_are_what_they_mean():
    assert rows("evt.arg.exe = curl") == rows("evt.type = execve and proc.exe = curl") != []
    assert rows("evt.arg.args exists") == rows("evt.type = execve and proc.args exists") != []
    assert rows("evt.type = connect and evt.arg.addr exists and fd.type in (ipv4, ipv6)") != []
    connected = rows("evt.type in (connect, accept, accept4) and fd.name exists")
    assert rows("evt.type in (connect, accept, accept4) and evt.arg.tuple exists") == connected != []
    assert rows("evt.type = read and evt.arg.tuple exists") == []
    assert parse("evt.arg.data contains a or evt.arg.buf exists").text == (
        "evt.buffer contains a or evt.buffer exists"
    )
    assert rows("evt.arg.size >= 0") != []


def test_any_ancestor_is_not_compared_with_a_field():
    with pytest.raises(FilterError, match="index"):
        rows("proc.name = val(proc.aname)")
    with pytest.raises(FilterError, match="pattern"):
        rows("proc.name glob val(proc.exe)")


def test_networks_are_found_however_many_there_are():
    many = ", ".join(f"10.{high}.{low}.0/24" for high in range(40) for low in range(0, 250, 6))
    assert rows(f"fd.rip in ({many}, 172.17.0.0/16)") == rows("fd.rip = 172.17.0.2")


def test_an_address_inside_ipv6_is_the_ipv4_address():
    frames = with_column(
        STORY, "descriptors", "raddr", lambda text: f"::ffff:{text}" if "." in text else text
    )
    assert rows("fd.rip = 172.17.0.0/16", frames) == rows("fd.rip = 172.17.0.0/16")
    assert rows("fd.rip = ::ffff:172.17.0.2") == rows("fd.rip = 172.17.0.2")


def test_numbers_beyond_the_column_are_compared_exactly():
    assert rows("evt.cpu < 18446744073709551615") == rows("evt.cpu exists")
    assert not rows("evt.cpu in (65536, -1, 18446744073709551615)")
    assert not rows("user.uid = -1")


def test_hostile_text_of_a_capture_is_only_text():
    nasty = "x\x00\u202e\"')\n or proc.pid = 1 \ud800"
    frames = with_column(STORY, "images", "comm", lambda text: nasty if text == "curl" else text)
    assert rows(f"proc.name = {quote(nasty)}", frames) == rows("proc.name = curl")
    assert rows("proc.name regex '^x'", frames) == rows("proc.name = curl")
    assert rows("proc.name bcontains 780000", frames) == []


def test_a_pattern_that_would_blow_up_elsewhere_is_quick():
    frames = with_column(STORY, "descriptors", "name", lambda text: "a" * 50_000 + text + "!")
    assert rows("fd.name regex '(a+)+$'", frames) == []
    assert rows("fd.name glob '*a*a*a*a*a*a*a*a*a*b'", frames) == []


def test_parents_that_are_their_own_parents_do_no_harm():
    for parents in ([1, 0, 0], [0, 1, 2], [2, 0, 1]):
        processes = STORY.processes.copy()
        processes.loc[processes.index[:3], "parent"] = np.array(parents, np.int32)
        frames = dataclasses.replace(STORY, processes=processes)
        assert isinstance(rows("proc.aname = nobody or proc.apid = 1 or proc.aname[60] = sh", frames), list)
        assert isinstance(rows("proc.loginshellid = 1", frames), list)


def test_nothing_is_kept_once_the_frames_are_gone():
    frames = build_frames()
    evaluate(parse("proc.name = curl"), frames)
    gone = weakref.ref(frames)
    del frames
    gc.collect()
    assert gone() is None


def test_a_capture_without_events_is_filtered_too():
    empty = build_frames(0)
    for one, other in SAME:
        assert rows(one, empty) == rows(other, empty) == []


def with_column(frames, table, column, change):
    changed = getattr(frames, table).copy()
    changed[column] = pd.Series([change(text) for text in changed[column]], dtype=object)
    return dataclasses.replace(frames, **{table: changed})


# The law: a filter holds for an event exactly if reading that event alone says so.


def plain_values(frames):
    """For every event, what fields are, worked out one by one in the plainest way."""
    found = []
    for event in frames.events.to_dict("records"):
        process = frames.processes.iloc[event["process"]]
        image = frames.images.iloc[event["image"]]
        thing = frames.descriptors.iloc[event["descriptor"]] if event["descriptor"] >= 0 else None
        container = frames.containers.iloc[event["container"]]
        user = frames.users[frames.users["uid"] == event["uid"]]
        found.append({
            "evt.type": event["type"],
            "evt.cpu": event["cpu"],
            "evt.latency": event["latency"] if event["latency"] >= 0 else None,
            "proc.pid": process["pid"],
            "proc.tty": process["tty"] if process["tty"] >= 0 else None,
            "proc.name": image["comm"] or None,
            "proc.aname": ancestor_names(frames, event["process"], image["since"]),
            "fd.num": event["fd"] if event["fd"] >= 0 else None,
            "fd.name": (thing["name"] or None) if thing is not None else None,
            "fd.rport": thing["rport"] if thing is not None and thing["rport"] >= 0 else None,
            "fd.port": [] if thing is None else [port for port in (thing["lport"], thing["rport"]) if port >= 0],
            "container.image": container["image"] or None,
            "user.name": user["name"].iloc[0] if len(user) else None,
            "fs.path.target": frames.paths[event["path2"]] if event["path2"] >= 0 else None,
        })  # fmt: skip
    return found


def ancestor_names(frames, process, moment):
    names = []
    parent = frames.processes["parent"].iloc[process]
    while parent >= 0:
        ran = frames.images[frames.images["process"] == parent]
        earlier = ran[ran["since"] <= moment]
        chosen = earlier.iloc[-1] if len(earlier) else ran.iloc[0]
        if chosen["comm"]:
            names.append(chosen["comm"])
        moment, parent = chosen["since"], frames.processes["parent"].iloc[parent]
    return names


PLAIN = plain_values(STORY)
TEXT_FIELDS = [
    "evt.type",
    "proc.name",
    "proc.aname",
    "fd.name",
    "container.image",
    "user.name",
    "fs.path.target",
]
NUMBER_FIELDS = ["evt.cpu", "evt.latency", "proc.pid", "proc.tty", "fd.num", "fd.rport", "fd.port"]
TEXT_TESTS = {
    "=": lambda value, text: value == text,
    "!=": lambda value, text: value != text,
    "contains": lambda value, text: text in value,
    "icontains": lambda value, text: text.lower() in value.lower(),
    "startswith": lambda value, text: value.startswith(text),
    "endswith": lambda value, text: value.endswith(text),
}
NUMBER_TESTS = {
    "=": lambda value, number: value == number,
    "!=": lambda value, number: value != number,
    "<": lambda value, number: value < number,
    "<=": lambda value, number: value <= number,
    ">": lambda value, number: value > number,
    ">=": lambda value, number: value >= number,
}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def seen(field):
    return sorted({value for event in PLAIN for value in as_list(event[field])})


@st.composite
def text_conditions(draw):
    field = draw(st.sampled_from(TEXT_FIELDS))
    operator = draw(st.sampled_from(sorted(TEXT_TESTS)))
    whole = draw(st.sampled_from(seen(field)) | st.text(max_size=4))
    text = draw(st.sampled_from([whole, whole[:3], whole[-3:], whole.upper()]))
    test = TEXT_TESTS[operator]
    return f"{field} {operator} {quote(text)}", lambda event: any(
        test(value, text) for value in as_list(event[field])
    )


@st.composite
def list_conditions(draw):
    field = draw(st.sampled_from(TEXT_FIELDS))
    texts = draw(st.lists(st.sampled_from(seen(field)), max_size=4))
    written = ", ".join(map(quote, texts))
    return f"{field} in ({written})", lambda event: any(value in texts for value in as_list(event[field]))


@st.composite
def number_conditions(draw):
    field = draw(st.sampled_from(NUMBER_FIELDS))
    operator = draw(st.sampled_from(sorted(NUMBER_TESTS)))
    number = draw(st.sampled_from(seen(field)) | st.integers(-(2**64) + 1, 2**64 - 1))
    test = NUMBER_TESTS[operator]
    return f"{field} {operator} {number}", lambda event: any(
        test(value, number) for value in as_list(event[field])
    )


@st.composite
def presence_conditions(draw):
    field = draw(st.sampled_from(TEXT_FIELDS + NUMBER_FIELDS))
    return f"{field} exists", lambda event: bool(as_list(event[field]))


def negated(condition):
    text, holds = condition
    return f"not ({text})", lambda event: not holds(event)


def joined(parts, word, combine):
    text = f" {word} ".join(f"({part[0]})" for part in parts)
    return text, lambda event: combine(holds(event) for _, holds in parts)


FILTERS = st.recursive(
    st.one_of(text_conditions(), list_conditions(), number_conditions(), presence_conditions()),
    lambda inner: st.one_of(
        inner.map(negated),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: joined(parts, "and", all)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: joined(parts, "or", any)),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(FILTERS)
def test_a_filter_holds_exactly_where_reading_each_event_alone_says_so(condition):
    text, holds = condition
    assert evaluate(parse(text), STORY).tolist() == [holds(event) for event in PLAIN]
