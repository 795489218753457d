"""Shapes that public Falco rules are written in, in words of our own: each names the event it is about.

With EXHUME_FALCO_RULES, a folder of the public files, all of them are loaded and run too.
"""

import json
import os
from pathlib import Path

import pytest

from inspect_app.frames import open_capture
from inspect_app.rules.alerts import findings_of
from inspect_app.rules.entries import parse_entries
from inspect_app.rules.rule_set import RuleSet
from inspect_app.rules.run import State, read_rules, run_rules
from tests.builders.capture import SOCKET, CaptureBuilder, sock, sockaddr

O_WRONLY, O_CREAT = 1, 0o100
PUBLIC = os.environ.get("EXHUME_FALCO_RULES", "")
MACROS = """
- macro: opens
  condition: (evt.type in (open,openat,openat2) and fd.typechar='f' and fd.num>=0)
- macro: fails_to_open
  condition: (evt.type in (open,openat,openat2) and fd.typechar='f' and fd.num=-1 and evt.res startswith E)
- macro: begins
  condition: (evt.type in (execve, execveat) and evt.dir=<)
- macro: nobody_known
  condition: (evt.num=0)
- list: own_networks
  items: ['"10.0.0.0/8"', '"192.168.0.0/16"']
- macro: goes_out
  condition: >
    ((evt.type = connect and evt.dir=<) and (fd.typechar = 4 or fd.typechar = 6) and
     (fd.ip != "0.0.0.0" and fd.net != "127.0.0.0/8" and not fd.snet in (own_networks)) and
     (evt.rawres >= 0 or evt.res = EINPROGRESS))
"""


def story(tmp_path):
    """A capture, and the number of the event that each shape is about."""
    book, at = CaptureBuilder(), {}
    book.tables["users"] = [
        {"uid": uid, "name": name, "gid": uid, "home": "/", "shell": "/bin/sh"}
        for uid, name in ((0, "root"), (65534, "nobody"))
    ]
    book.process(100, comm="httpd", argv=[b"httpd"], exe="/usr/sbin/httpd", cwd="/srv/www")
    at["ordinary"] = book.open(100, "/srv/www/index.html", ino=5)
    at["traversal"] = book.open(100, "../../etc/passwd", ino=6)
    at["refused"] = book.event("openat", pid=100, ret=-13, text=b"/etc/shadow", args=(0, 0, 0, 0))
    at["user"] = book.event("setuid", pid=100, ret=0, args=(65534,))
    at["mode"] = book.event("fchmodat", pid=100, ret=0, text=b"/tmp/x", args=(0, 0, 0o755))
    at["shell"] = book.exec(100, "/usr/bin/sudoedit", "sudoedit", "-s", "a\\")
    at["raw"] = book.event("socket", pid=100, ret=11, args=(17, 3, 0))
    book.event("getcwd", pid=100, ret=9)
    book.event("sethostname", pid=100, ret=0)
    at["removed"] = book.event("unlinkat", pid=100, ret=0, text=b"/root/.ash_history", args=(0, 0, 0))
    book.process(200, comm="sh", argv=[b"sh"], exe="/bin/sh", cwd="/dev/shm")
    at["shared"] = book.exec(200, "./x", "./x")
    at["probe"] = book.event(
        "sendto", pid=100, fd=8, ino=80, mode=SOCKET, sock=sock("0.0.0.0:0", "0.0.0.0:0", kind=2)
    )
    at["out"] = book.event(
        "connect", pid=100, fd=9, ino=90, mode=SOCKET, addr=sockaddr("203.0.113.9:443"),
        sock=sock("10.0.0.5:40000", "203.0.113.9:443"),
    )  # fmt: skip
    return open_capture(book.write(tmp_path / "x.exhume")), at


SHAPES = [
    ("opens and fd.name startswith /srv", "ordinary"),
    ("(opens or fails_to_open) and fd.nameraw contains '../' and fd.nameraw glob '*../*../*'", "traversal"),
    ("fails_to_open and fd.name in (/etc/shadow)", "refused"),
    ("evt.arg.res = EACCES and evt.rawarg.res = -13 and not evt.arg.res in (0, 3)", "refused"),
    ("evt.type=setuid and evt.arg.res = 0", "user"),
    ("evt.type=setuid and evt.dir=> and evt.arg.uid=nobody and not nobody_known", "user"),
    ("evt.type in (chmod, fchmod, fchmodat) and evt.arg.mode contains S_IXUSR and evt.rawres>=0", "mode"),
    ('begins and (proc.args contains "\\ " or proc.args endswith \\)', "shell"),
    ('goes_out and fd.sport="443" and proc.name!="<NA>"', "out"),
    ("evt.type=socket and evt.arg[0] contains AF_PACKET", "raw"),
    ("evt.type in (rmdir, unlink, unlinkat) and evt.arg.name endswith ash_history", "removed"),
    (
        "evt.type in (unlinkat, renameat) and (evt.arg.path = /root/.ash_history or evt.arg.name = x)",
        "removed",
    ),
    ('begins and proc.cwd startswith "/dev/shm/" and proc.exe startswith "./"', "shared"),
    ("begins and proc.cwd = /dev/shm/", "shared"),
    ("begins and proc.cwd contains /shm/ and not proc.cwd in (/, /tmp/)", "shared"),
    ("evt.type = connect and not fd.rport in (0, 53) and fd.rport = 443", "out"),
    ("evt.type = sendto and fd.type in (ipv4, ipv6) and fd.port in (0, 53)", "probe"),
    ("begins and proc.cwd endswith shm/ and proc.cwd != /srv/", "shared"),
]


@pytest.mark.parametrize(("condition", "about"), SHAPES)
def test_a_shape_of_public_rules_holds_for_the_event_it_is_about(tmp_path, condition, about):
    frames, at = story(tmp_path)
    rules = RuleSet()
    rules.add(parse_entries(MACROS.encode(), "macros.yaml"))
    rule = {
        "rule": "R", "desc": "d", "condition": condition, "priority": "NOTICE",
        "output": "x (%fd.name %proc.aname[2] %evt.arg.flags %evt.arg.filename %proc.env fd %container.info)",
    }  # fmt: skip
    rules.add(parse_entries(json.dumps([rule]).encode(), "r.yaml"))
    (one,) = run_rules(rules, frames).outcomes
    assert (one.state, one.reason) == (State.EVALUATED, "")
    assert one.rows.tolist() == [at[about]]


def test_directories_are_shown_with_a_slash_at_their_end(tmp_path):
    frames, at = story(tmp_path)
    rules = RuleSet()
    rule = {"rule": "R", "desc": "d", "condition": "evt.type = execve and proc.cwd = /dev/shm/"}
    rules.add(
        parse_entries(
            json.dumps([{**rule, "priority": "INFO", "output": "in %proc.cwd by %evt.arg.name"}]).encode(), ""
        )
    )
    (finding,) = findings_of(run_rules(rules, frames), frames)
    assert (finding.row, finding.message) == (at["shared"], "in /dev/shm/ by <NA>")


@pytest.mark.parametrize(("told", "state"), [({}, State.NOT_EVALUABLE), ({"tty": 0}, State.EVALUATED)])
def test_a_rule_about_terminals_is_not_evaluable_where_no_process_has_one_told(tmp_path, told, state):
    book = CaptureBuilder()
    book.process(100, comm="sh", argv=[b"sh"], exe="/bin/sh", **told)
    book.event("read", pid=100)
    frames = open_capture(book.write(tmp_path / "y.exhume"))
    rules = RuleSet()
    rule = {"rule": "R", "desc": "d", "condition": "evt.type = read and proc.tty != 0"}
    rules.add(parse_entries(json.dumps([{**rule, "priority": "INFO", "output": "o"}]).encode(), ""))
    (one,) = run_rules(rules, frames).outcomes
    assert one.state is state
    assert ("no process whether it has a terminal" in one.reason) is (state is State.NOT_EVALUABLE)


def test_an_argument_that_one_of_the_types_asked_for_cannot_tell_makes_a_rule_not_evaluable(tmp_path):
    frames, _ = story(tmp_path)
    rules = RuleSet()
    for number, types in enumerate(("unlinkat", "unlinkat, sethostname")):
        rule = {"rule": f"R{number}", "desc": "d", "output": "o", "priority": "INFO"}
        rule["condition"] = f"evt.type in ({types}) and evt.arg.name contains x"
        rules.add(parse_entries(json.dumps([rule]).encode(), "r.yaml"))
    told, untold = run_rules(rules, frames).outcomes
    assert (told.state, untold.state) == (State.EVALUATED, State.NOT_EVALUABLE)
    assert "in sethostname it is bytes" in untold.reason


def test_users_in_arguments_are_shown_by_name(tmp_path):
    frames, at = story(tmp_path)
    rules = RuleSet()
    rule = {"rule": "R", "desc": "d", "condition": "evt.type = setuid", "priority": "INFO"}
    rule["output"] = "to %evt.arg.uid"
    rules.add(parse_entries(json.dumps([rule]).encode(), "r.yaml"))
    (finding,) = findings_of(run_rules(rules, frames), frames)
    assert (finding.row, finding.message) == (at["user"], "to nobody")


def test_rules_about_events_of_plugins_are_told_as_such(tmp_path):
    frames, _ = story(tmp_path)
    rules = RuleSet()
    rules.add(
        parse_entries(
            b"- required_engine_version: 17\n"
            b"- required_plugin_versions:\n  - {name: k8saudit, version: 0.7.0}\n"
            b"- rule: K\n  desc: d\n  condition: ka.verb=get and jevt.value[/x] exists\n"
            b"  output: '%ka.user.name'\n  priority: NOTICE\n  source: k8s_audit\n",
            "k.yaml",
        )
    )
    (one,) = run_rules(rules, frames).outcomes
    assert one.state is State.NOT_EVALUABLE
    assert not rules.problems


@pytest.mark.skipif(not PUBLIC, reason="EXHUME_FALCO_RULES names no folder of public rules")
def test_public_files_load_unmodified_and_none_is_invalid(tmp_path):
    frames, _ = story(tmp_path)
    run = run_rules(read_rules(sorted(Path(PUBLIC).glob("*.yaml"))), frames, chosen=lambda rule: True)
    assert not [str(problem) for problem in run.problems if problem.is_fatal]
    assert not [(one.rule.name, one.reason) for one in run.outcomes if one.state is State.INVALID]
    assert run.outcomes
