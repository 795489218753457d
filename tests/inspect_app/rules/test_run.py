"""Rules over a capture: each holds where its condition does, and none is silent."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.selection import select
from inspect_app.filters.evaluate import evaluate, not_evaluable
from inspect_app.filters.language import parse
from inspect_app.filters.reach import types_of
from inspect_app.rules.alerts import findings_of
from inspect_app.rules.entries import parse_entries
from inspect_app.rules.explanation import explain, explained
from inspect_app.rules.rule import Priority
from inspect_app.rules.rule_set import RuleSet
from inspect_app.rules.run import State, run_rules
from inspect_app.rules.whole import findings_among, findings_by_priority, findings_by_tactic
from tests.inspect_app.filters.plain import holds
from tests.inspect_app.filters.test_law import CONDITIONS, STORY


def rules_of(*conditions, output="%proc.name", **more):
    rules = RuleSet()
    for number, text in enumerate(conditions):
        rule = {"rule": f"R{number}", "desc": "d", "condition": text, "output": output, "priority": "INFO"}
        rules.add(parse_entries(json.dumps([{**rule, **more}]).encode(), "f.yaml"))
    return rules


def rows_of(run):
    return [one.rows.tolist() for one in run.outcomes]


def test_a_rule_finds_the_events_for_which_its_condition_holds(frames):
    conditions = ("evt.type in (open, openat)", "proc.name = nginx and fd.name exists", "evt.num = 0")
    run = run_rules(rules_of(*conditions), frames)
    assert rows_of(run) == [np.flatnonzero(evaluate(parse(one), frames)).tolist() for one in conditions]
    assert [one.state for one in run.outcomes] == [State.EVALUATED] * 3
    opens = int(frames.events["type"].isin(["open", "openat"]).sum())
    assert [one.looked_at for one in run.outcomes] == [opens, len(frames.events), len(frames.events)]
    assert opens


def test_findings_come_by_event_then_by_rule(frames):
    run = run_rules(rules_of("evt.type = openat", "evt.type in (openat, read)"), frames)
    which, rows = run.findings()
    assert len(rows) == sum(map(len, rows_of(run)))
    assert sorted(zip(rows.tolist(), which.tolist(), strict=True)) == [*zip(rows, which, strict=True)]


def test_what_cannot_be_run_is_told_and_says_why(frames):
    rules = rules_of("mesos.task.name = x", "proc.nme = x", "proc.name = (", "evt.type = open")
    rules.add(parse_entries(b"- rule: R3\n  enabled: false\n", "f"))
    rules.add(parse_entries(b"- rule: R0\n  enabled: true\n", "f"))
    states = [(one.state, one.reason) for one in run_rules(rules, frames).outcomes]
    assert [state for state, _ in states] == [
        State.NOT_EVALUABLE,
        State.INVALID,
        State.INVALID,
        State.DISABLED,
    ]
    assert "mesos.task.name: " in states[0][1]
    assert "did you mean proc.name?" in states[1][1]
    assert all(reason for _, reason in states)
    (other,) = run_rules(rules_of("ka.verb = get", source="k8s_audit"), frames).outcomes
    assert (other.state, "k8s_audit" in other.reason) == (State.NOT_EVALUABLE, True)


def test_a_field_that_cannot_be_told_is_found_even_where_the_condition_is_false_before_it(frames):
    (one,) = run_rules(rules_of("evt.num = 0 and mesos.task.name = x"), frames).outcomes
    assert one.state is State.NOT_EVALUABLE


def test_an_output_that_asks_for_no_field_makes_a_rule_invalid(frames):
    (one,) = run_rules(rules_of("evt.type = open", output="%proc.nme %fd.name"), frames).outcomes
    assert (one.state, "proc.nme" in one.reason) == (State.INVALID, True)


def test_only_selected_events_are_looked_at(frames):
    some = select(frames, None, ["proc.name = nginx"])
    (one,) = run_rules(rules_of("evt.type = read"), frames, among=some).outcomes
    wanted = evaluate(parse("evt.type = read and proc.name = nginx"), frames)
    assert one.rows.tolist() == np.flatnonzero(wanted).tolist()
    assert one.looked_at == len(one.rows)


def test_progress_is_told_up_to_the_end_and_can_stop_the_run(frames):
    told = []
    run_rules(rules_of("evt.type = read", "mesos.task.name = x", "fd.num > 0"), frames,
              progress=lambda *counts: told.append(counts))  # fmt: skip
    assert told == [(2, 3), (3, 3)]

    def stop(_done, _total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run_rules(rules_of("evt.type = read"), frames, progress=stop)


@pytest.mark.parametrize(
    ("condition", "types"),
    [
        ("evt.type = open", {"open"}),
        ("evt.type in (open, read) and fd.num = 1", {"open", "read"}),
        ("evt.type in (open, read) and evt.type in (read, write)", {"read"}),
        ("(evt.type = a and fd.num = 1) or evt.type = b", {"a", "b"}),
        ("evt.type = a or fd.num = 1", None),
        ("not evt.type = a", None),
        ("evt.type != a", None),
        ("evt.type startswith a", None),
    ],
)
def test_the_types_that_a_condition_can_hold_for(condition, types):
    assert types_of(parse(condition).root) == types


TYPED = st.lists(
    st.sampled_from(["read", "openat", "connect", "execve", "cred_change"]), min_size=1, max_size=3
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(TYPED, CONDITIONS), min_size=1, max_size=4))
def test_rules_hold_where_reading_each_event_alone_says_so(given_rules):
    conditions = [f"evt.type in ({', '.join(types)}) and ({text})" for types, text in given_rules]
    conditions.append(given_rules[0][1])
    rules = rules_of(*conditions)
    for one in run_rules(rules, STORY).outcomes:
        expression = rules.expression(one.rule)
        if not_evaluable(expression, STORY):
            # What the story does not tell of is said, and not taken for false.
            assert one.state is State.NOT_EVALUABLE
            continue
        assert one.state is State.EVALUATED, one.reason
        root = expression.root
        assert one.rows.tolist() == [row for row in range(len(STORY.events)) if holds(root, STORY, row)]
        for row in one.rows[:2].tolist():
            # What is said to have decided it does hold, each part by itself.
            parts = [
                parse(reason.text).root for reason in explain(root, STORY, row) if "…" not in reason.text
            ]
            assert all(holds(part, STORY, row) for part in parts)


def test_an_alert_reads_as_falco_writes_it(frames):
    output = "*A program ran (cmd=%proc.cmdline uid=%user.uid nothing=%evt.arg.flags at %evt.time). "
    output += "%container.info"
    rules = rules_of("evt.type = execve and proc.name = curl", output=output, tags=["b", "T1", "a"])
    run = run_rules(rules, frames)
    finding = next(findings_of(run, frames))
    row = finding.row
    clock = np.datetime_as_string(np.datetime64(int(frames.events["time"].iloc[row]), "ns"))[11:]
    line = finding.text()
    assert line.startswith(f"{clock}: Informational A program ran (cmd=curl ")
    assert f"nothing=<NA> at {clock}). container_id=" in line
    alert = json.loads(finding.json("node-7"))
    assert list(alert) == sorted(alert)
    assert alert["output"] == line
    assert (alert["rule"], alert["priority"], alert["source"], alert["hostname"], alert["tags"]) == (
        "R0", "Informational", "syscall", "node-7", ["T1", "a", "b"])  # fmt: skip
    fields = alert["output_fields"]
    assert fields["evt.time"] == int(frames.events["time"].iloc[row])
    assert isinstance(fields["user.uid"], int)
    assert fields["evt.arg.flags"] is None
    assert alert["time"] == f"{np.datetime64(fields['evt.time'], 'ns')}Z"


def test_a_dot_after_a_field_is_a_dot_and_transformers_are_followed(frames):
    rules = rules_of("evt.type = execve", output="%proc.name. %toupper(proc.name), %evt.arg[0] 100%")
    finding = next(findings_of(run_rules(rules, frames), frames))
    name = finding.values["proc.name"]
    assert finding.message.startswith(f"{name}. {name.upper()}, ")
    assert finding.message.endswith(" 100%")


def test_why_a_rule_held_names_only_what_decided_it(frames):
    text = "evt.type in (read, execve) and (proc.name = curl or fd.num = 77)"
    text += " and not (proc.name = x and proc.name = y)"
    (one,) = run_rules(rules_of(text), frames).outcomes
    reasons = explain(one.expression.root, frames, int(one.rows[0]))
    assert [(reason.text, reason.values[0][0]) for reason in reasons] == [
        ("evt.type in (read, execve)", "evt.type"),
        ("proc.name = curl", "proc.name"),
        ("not proc.name = x", "proc.name"),
        ("not proc.name = y", "proc.name"),
    ]
    assert reasons[1].values == (("proc.name", "curl"),)


def test_of_a_long_list_what_held_is_named_and_of_several_values_each(frames):
    many = ", ".join(f"a{number}" for number in range(500))
    text = f"proc.aname in ({many}, systemd) and proc.aname contains s and fd.ip = 172.17.0.2"
    (one,) = run_rules(rules_of(text), frames).outcomes
    reasons = explain(one.expression.root, frames, int(one.rows[0]))
    assert [(reason.text, reason.values[0][1]) for reason in reasons] == [
        ("proc.aname in (systemd, … 501 values)", "sh, systemd"),
        ("proc.aname contains s", "sh, systemd"),
        ("fd.ip = 172.17.0.2", "192.168.1.5, 172.17.0.2"),
    ]


def test_of_many_things_that_a_field_is_not_the_first_is_told_and_their_number(frames):
    apart = " and ".join(f"not proc.name startswith x{number}" for number in range(30))
    (one,) = run_rules(rules_of(f"{apart} and proc.name = curl and not user.name = a"), frames).outcomes
    assert explained(one.rule, one.expression.root, frames, int(one.rows[0])) == [
        "not proc.name startswith x0, and 29 more that it is not    [proc.name is curl]",
        "proc.name = curl    [proc.name is curl]",
        "not user.name = a    [user.name is alice]",
    ]


def test_why_reaches_through_macros_lists_and_exceptions(frames):
    rules = RuleSet()
    rules.add(
        parse_entries(
            b"""
- list: inner
  items: [curl, wget]
- list: outer
  items: [inner, nc]
- macro: deep
  condition: (proc.name in (outer) or proc.name = never)
- macro: deeper
  condition: (evt.type = execve and deep)
- rule: R
  desc: d
  condition: deeper
  output: o
  priority: INFO
  exceptions:
    - name: known
      fields: [proc.name, user.name]
      comps: [=, in]
      values: [[curl, [root, www]], [wget, [alice]]]
""",
            "f.yaml",
        )
    )
    (one,) = run_rules(rules, frames).outcomes
    assert [str(reason) for reason in explain(one.expression.root, frames, int(one.rows[0]))] == [
        "evt.type = execve    [evt.type is execve]",
        "proc.name in (curl, wget, nc)    [proc.name is curl]",
        "not user.name in (root, www)    [user.name is alice]",
        "not proc.name = wget    [proc.name is curl]",
    ]


def test_findings_are_counted_by_priority_and_by_tactic(frames):
    rules = rules_of("evt.type = openat", tags=["mitre_execution", "attack.impact"])
    rules.add(
        parse_entries(
            b"- rule: Q\n  desc: d\n  condition: evt.type = read\n  output: o\n  priority: ERROR\n", "f"
        )
    )
    run = run_rules(rules, frames)
    opens, reads = (len(one.rows) for one in run.outcomes)
    assert [*findings_by_priority(run).items()] == [(Priority.ERROR, reads), (Priority.INFORMATIONAL, opens)]
    assert findings_by_tactic(run) == {"execution": {"R0": opens}, "impact": {"R0": opens}, "": {"Q": reads}}
    _which, rows = findings_among(run, select(frames, None, ["proc.name = curl"]), frames)
    assert 0 < len(rows) < opens + reads
    assert set(rows.tolist()) == set(run.findings()[1].tolist()) & set(
        np.flatnonzero(evaluate(parse("proc.name = curl"), frames)).tolist()
    )


def test_a_rule_that_may_ask_for_what_there_is_not_is_left_out_and_told(frames):
    (one,) = run_rules(rules_of("proc.of_tomorrow = x", **{"skip-if-unknown-filter": True}), frames).outcomes
    assert (one.state, "proc.of_tomorrow" in one.reason) == (State.NOT_EVALUABLE, True)
