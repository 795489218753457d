"""Rules as the public ones ask, in words of our own, over the demo's incident and real .scap files.

Each is tried on the event that it is about: in the demo by what was done, in samples by the time that sysdig
prints for it. The conditions' numbers of matches in samples are sysdig's too.
"""

# ruff: noqa: E501 - one case a line, however long

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from inspect_app.filters.entities import event_array
from inspect_app.frames import open_capture
from inspect_app.rules.entries import parse_entries
from inspect_app.rules.output import operand_of, values_of
from inspect_app.rules.rule_set import RuleSet
from inspect_app.rules.run import State, run_rules
from tests.builders.scap_samples import NO_SAMPLES, samples

INCIDENT = Path(__file__).parents[3] / "resources/samples/incident.exhume"
MACROS = """
- macro: writes
  condition: (evt.type in (open, openat, openat2) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0)
- macro: reads
  condition: (evt.type in (open, openat, openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0)
- macro: begins
  condition: (evt.type in (execve, execveat) and evt.dir=<)
- macro: inside
  condition: (container.id != host)
- macro: starts_container
  condition: ((evt.type = container or (begins and proc.vpid=1)) and container.image.repository != incomplete)
- macro: sets_up
  condition: (proc.cmdline startswith "runc:[2:INIT]")
- list: shells
  items: [ash, bash, dash, sh]
- list: servers
  items: [httpd, nginx, php-fpm]
- macro: below_server
  condition: (proc.pname in (servers) or proc.aname[2] in (servers) or proc.aname[3] in (servers))
- macro: comes_in
  condition: >
    (((evt.type in (accept, accept4, listen) and evt.dir=<) or (evt.type in (recvfrom, recvmsg) and evt.dir=< and
     fd.l4proto != tcp and fd.connected=false and fd.name_changed=true)) and (fd.typechar = 4 or fd.typechar = 6) and
     (fd.ip != "0.0.0.0" and fd.net != "127.0.0.0/8") and (evt.rawres >= 0 or evt.res = EINPROGRESS))
"""
IN_THE_DEMO = [
    ("reads and fd.name startswith /etc and fd.name in (/etc/shadow) and not proc.name in (login, sshd, su)",
     {"evt.type": "openat", "fd.name": "/etc/shadow", "proc.name": "cat"}),
    ("begins and proc.name in (shells) and proc.pname exists and proc.aname in (servers) and not proc.pname in (shells)",
     {"evt.type": "execve", "proc.name": "sh", "proc.args": "/tmp/.setup.sh"}),
    ("begins and below_server and proc.name in (curl, wget)",
     {"evt.type": "execve", "proc.name": "wget"}),
    ("begins and inside and proc.name in (nc, ncat, netcat, socat)",
     {"evt.type": "execve", "proc.name": "nc"}),
    ("begins and inside and (proc.name = wget or proc.name = curl and proc.cmdline contains ' -o ')",
     {"evt.type": "execve", "proc.name": "wget"}),
    ("writes and (fd.directory in (/var/log, /dev/log)) and evt.arg.flags contains O_TRUNC",
     {"evt.type": "openat", "fd.name": "/var/log/shop.log"}),
    ("evt.type in (dup, dup2, dup3) and inside and evt.rawres in (0, 1, 2) and fd.type in (ipv4, ipv6)"
     " and not proc.name in (shells)",
     {"evt.type": "dup2", "fd.sockfamily": "ip", "proc.name": "httpd"}),
    ("begins and inside and proc.vpid=1 and user.uid=0 and proc.name in (servers)",
     {"evt.type": "execve", "proc.name": "httpd"}),
    ("((evt.type in (mkdir, mkdirat) and evt.arg.path contains '/.') or (writes and evt.arg.flags contains O_CREAT"
     " and fd.name contains '/.')) and inside and not sets_up and fd.name startswith /tmp",
     {"evt.type": "openat", "fd.name": "/tmp/.setup.sh"}),
    ("evt.type in (chmod, fchmod, fchmodat) and evt.dir=< and inside and evt.rawres>=0 and evt.arg.mode contains"
     " S_IXUSR and not sets_up",
     {"proc.name": "chmod"}),
]  # fmt: skip
IN_SAMPLES = [
    ("falco-privileged.scap", "starts_container and inside and container.privileged=true",
     1, 1562621733350505660),
    ("sfcollector-mpm-worker_full_capture.scap", "begins and inside and proc.vpid=1 and user.uid=0",
     2, 1555011254328051944),
    ("sfcollector-mpm-worker_full_capture.scap",
     'writes and inside and (fd.name=/proc/self/exe or fd.name startswith /proc/self/fd/) and not proc.name in (runc) and'
     ' not proc.cmdline = "runc:[1:CHILD] init" and proc.name = httpd',
     4, 1555011254420834080),
    ("sfcollector-mpm-worker_full_capture.scap",
     "comes_in and not ((fd.cip in (\"127.0.0.1\")) or (fd.cnet in (\"10.0.0.0/8\")) or (fd.cip.name in (example.com)))",
     25, None),
    ("libs-e2e-single_ipv6_conn.scap", "comes_in and not fd.cnet in (\"10.0.0.0/8\")", 2, None),
    ("sfcollector-namespaces_setns.scap", "evt.type=setns and evt.dir=< and proc.name = nsenter", 1, 1554493624367827008),
    ("sfcollector-files_files.scap", "evt.type in (mkdir, mkdirat) and evt.arg.path startswith /tmp/",
     1, 1554914834718229740),
    ("sfcollector-files_files.scap", "evt.type in (link, linkat) and evt.dir=< and evt.arg.oldpath = /tmp/tested_file.txt",
     1, 1554914834719299158),
    ("sfcollector-rename_rename.scap", "evt.type in (rename, renameat) and evt.arg.oldpath = /tmp/test1",
     1, 1672952362849908988),
]  # fmt: skip


@cache
def opened(path: Path):
    return open_capture(path)


def found(condition, frames) -> np.ndarray:
    """Rows of the events that a rule of that condition finds."""
    rules = RuleSet()
    rules.add(parse_entries(MACROS.encode(), "macros.yaml"))
    rule = {"rule": "R", "desc": "d", "condition": condition, "priority": "NOTICE", "output": "%evt.type"}
    rules.add(parse_entries(json.dumps([rule]).encode(), "r.yaml"))
    (one,) = run_rules(rules, frames).outcomes
    assert (one.state, one.reason) == (State.EVALUATED, "")
    return one.rows


@pytest.mark.parametrize(("condition", "about"), IN_THE_DEMO)
def test_a_public_rules_shape_finds_what_the_demos_attacker_did(condition, about):
    frames = opened(INCIDENT)
    rows = found(condition, frames)
    assert len(rows)
    for field, value in about.items():
        assert value in values_of(operand_of(field), frames, rows), field


@pytest.mark.skipif(samples() is None, reason=NO_SAMPLES)
@pytest.mark.parametrize(("name", "condition", "count", "time"), IN_SAMPLES)
def test_a_public_rules_shape_finds_in_a_sample_what_sysdig_finds(name, condition, count, time):
    frames = opened(samples() / name)
    rows = found(condition, frames)
    assert len(rows) == count
    if time is not None:
        assert time in event_array(frames, "time")[rows]


def test_nothing_of_the_demo_is_found_by_shapes_that_it_does_not_have():
    frames = opened(INCIDENT)
    assert not len(found("starts_container and inside and container.privileged=true", frames))
    assert not len(found("begins and inside and proc.name = nc and proc.args contains '-e '", frames))
