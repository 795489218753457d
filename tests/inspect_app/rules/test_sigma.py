"""Sigma rules: what each modifier becomes, what cannot be answered, and what a hostile file costs."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.rules.alerts import findings_of
from inspect_app.rules.correlation import Correlation, correlated
from inspect_app.rules.entries import RuleFileError, parse_entries
from inspect_app.rules.rule import Priority
from inspect_app.rules.rule_set import NEEDS_SIGMA, RuleSet
from inspect_app.rules.run import State, run_rules

BEGINS = "evt.type in (execve, execveat) and evt.failed = false and "


def document(selection=None, *, category="process_creation", condition="selection", **more):
    detection = {"selection": {"Image": "*"} if selection is None else selection, "condition": condition}
    source = {"product": "linux", "category": category}
    return {"title": "T", "logsource": source, "detection": detection, **more}


def read(*documents, more=()):
    rules = RuleSet()
    for one in more:
        rules.add(parse_entries(one, "lists.yaml"))
    text = "\n---\n".join(one if isinstance(one, str) else json.dumps(one) for one in documents)
    rules.add(parse_entries(text.encode(), "f.yml"))
    return rules


def condition_of(selection, **more):
    rules = read(document(selection, **more))
    (rule,) = rules.rules()
    assert not rules.problems
    assert not rule.obstacle
    return rule.condition.removeprefix(BEGINS)


@pytest.mark.parametrize(
    ("selection", "condition"),
    [
        ({"Image": "/bin/Sh"}, "(tolower(proc.exepath) = /bin/sh)"),
        ({"Image|cased": "/bin/Sh"}, "(proc.exepath = /bin/Sh)"),
        ({"Image": ["/a", "/b"]}, "(tolower(proc.exepath) in (/a, /b))"),
        ({"CommandLine|contains": "-C"}, "(proc.exeline icontains -C)"),
        ({"CommandLine|contains": ["a", "b"]}, "(proc.exeline icontains anyof (a, b))"),
        ({"CommandLine|contains|all": ["a", "b"]}, "(proc.exeline icontains allof (a, b))"),
        ({"Image|startswith": "/TMP/"}, "(tolower(proc.exepath) startswith /tmp/)"),
        ({"Image|endswith": "/Sh"}, "(tolower(proc.exepath) endswith /sh)"),
        ({"Image": "*/x*y?"}, '(tolower(proc.exepath) glob "*/x*y?")'),
        ({"Image": r"a\*b"}, '(tolower(proc.exepath) = "a*b")'),
        ({"Image": r"*[\*b*c"}, '(tolower(proc.exepath) glob "*[[][*]b*c")'),
        ({"Image": "*"}, "(proc.exepath exists)"),
        ({"Image|re": "^/a.c$"}, '(proc.exepath regex "^/a.c$")'),
        ({"Image|re|i": "^/a"}, '(proc.exepath regex "(?i)^/a")'),
        ({"Image|exists": True}, "(proc.exepath exists)"),
        ({"Image": None}, "(not (proc.exepath exists))"),
        ({"ProcessId|gt": 5}, "(proc.pid > 5)"),
        ({"ProcessId|lte": 5}, "(proc.pid <= 5)"),
        ({"ProcessId": "1*"}, "(tolower(concat(proc.pid)) startswith 1)"),
        ({"ParentImage|fieldref": "Image"}, "(tolower(proc.pexepath) = tolower(proc.exepath))"),
        ({"CommandLine|fieldref|contains": "User"}, "(tolower(proc.exeline) contains tolower(user.name))"),
        ({"CommandLine|contains": [4444, 1337]}, "(proc.exeline icontains anyof (4444, 1337))"),
        ({"Image|neq": "/a"}, "(not (tolower(proc.exepath) = /a))"),
        ({"CommandLine|base64|contains": "bash"}, '(proc.exeline icontains "YmFzaA==")'),
        (
            {"CommandLine|base64offset|contains": "bash"},
            "(proc.exeline icontains anyof (YmFza, Jhc2, iYXNo))",
        ),
        ({"CommandLine|wide|contains": "ab"}, r'(proc.exeline icontains "a\x00b\x00")'),
        (
            {"CommandLine|windash|contains": " -a"},
            '(proc.exeline icontains anyof (" -a", " /a", " –a", " —a", " ―a"))',
        ),
    ],
)
def test_a_modifier_is_what_it_says(selection, condition):
    assert condition_of(selection) == condition


def test_a_field_of_a_closed_list_of_values_is_what_they_mean_here():
    asked = condition_of(
        {"Initiated": "true", "DestinationIp|cidr": "10.0.0.0/8"}, category="network_connection"
    )
    assert asked.endswith("(fd.role = client and fd.sip = 10.0.0.0/8)")


def test_a_text_without_a_field_is_looked_for_in_all_texts_of_the_event(frames):
    run = run_rules(read(document(["JOB.PY"], category="file_event")), frames)
    names = frames.events["type"].iloc[run.outcomes[0].rows].tolist()
    assert names
    assert set(names) <= {"openat", "rename"}


def test_a_time_frame_is_no_selection():
    found = document({"User": "a"}, condition="all of them")
    found["detection"]["timeframe"] = "60s"
    (rule,) = read(found).rules()
    assert rule.condition == BEGINS + "(tolower(user.name) = a)"


def test_a_placeholder_stands_for_a_list_of_that_name():
    lists = b"- list: shells\n  items: [/bin/Sh, /bin/bash]\n"
    rules = read(document({"Image|expand": "%shells%"}), more=[lists])
    assert rules.rules()[0].condition.endswith("(tolower(proc.exepath) in (/bin/sh, /bin/bash))")
    (rule,) = read(document({"Image|expand": "%shells%"})).rules()
    assert rule.obstacle == "no list is called shells, which %shells% asks for"


def test_a_value_that_is_called_like_a_list_is_itself(frames):
    lists = b"- list: alice\n  items: [root]\n"
    (one,) = run_rules(read(document({"User": ["alice", "x"]}), more=[lists]), frames).outcomes
    assert len(one.rows)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"selection": {"OriginalFileName": "x"}}, "OriginalFileName is a property of Windows programs"),
        ({"selection": {"Foo": "x", "Md5": "y"}}, "Foo has no counterpart in process_creation events; Md5 "),
        ({"logsource": {"product": "windows", "category": "process_creation"}}, "events of windows"),
        ({"logsource": {"product": "linux", "service": "auditd"}}, "the log of auditd"),
        ({"logsource": {"category": "proxy"}}, "events of the category proxy"),
    ],
)  # fmt: skip
def test_what_a_capture_cannot_answer_is_told_by_name(frames, more, reason):
    selection = more.pop("selection", None)
    (one,) = run_rules(read(document(selection, **more)), frames).outcomes
    assert one.state is State.NOT_EVALUABLE
    assert reason in one.reason


def test_what_a_rule_tells_beside_its_condition_is_kept():
    told = {
        "level": "high",
        "tags": ["attack.privilege-escalation", "attack.t1548.001", "attack.s0002", "cve.2021-4034"],
        "author": "A", "references": ["https://example.org"], "falsepositives": ["Backups"], "status": "test",
        "description": "Two\nlines",
    }  # fmt: skip
    (rule,) = read(document(**told)).rules()
    assert rule.priority is Priority.ERROR
    assert (rule.tactics, rule.techniques) == (("privilege escalation",), ("T1548.001",))
    assert rule.description == "Two lines"
    assert rule.background.lines() == [
        "author: A",
        "status: test",
        "may be ordinary: Backups",
        "reference: https://example.org",
    ]


def test_a_finding_is_an_alert_as_those_of_other_rules(frames):
    run = run_rules(read(document({"Image|endswith": "/curl"}, level="low")), frames)
    (finding, *_) = findings_of(run, frames)
    assert "Notice T (Image=/usr/bin/curl CommandLine=curl " in finding.text()
    assert json.loads(finding.json("h"))["output_fields"]["proc.exepath"] == "/usr/bin/curl"


def test_falco_and_sigma_stand_in_one_run(frames):
    falco = b"- rule: F\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n"
    run = run_rules(read(document(), more=[falco]), frames)
    assert [one.rule.name for one in run.outcomes] == ["F", "T"]
    assert run.outcomes[0].rows.tolist() == run.outcomes[1].rows.tolist()


def test_a_filter_narrows_the_rules_it_names():
    rule = document({"Image|endswith": "/curl"}, name="fetch")
    narrow = {
        "title": "not alice",
        "logsource": {"product": "linux", "category": "process_creation"},
        "filter": {"rules": ["fetch"], "selection": {"User": "alice"}, "condition": "not selection"},
    }
    (found,) = read(rule, narrow).rules()
    assert found.condition.endswith(
        "(tolower(proc.exepath) endswith /curl and not (tolower(user.name) = alice))"
    )


def test_without_pysigma_one_line_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sigma"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith("inspect_app.rules.sigma.")]:
        monkeypatch.delitem(sys.modules, name)
    rules = read(document())
    assert not rules.rules()
    assert [str(one) for one in rules.problems] == [f"f.yml:1: {NEEDS_SIGMA}"]
    assert "pip install 'exhume[sigma]'" in NEEDS_SIGMA


OFFLINE = """
import json, socket, sys
def refuse(*_args, **_more):
    raise AssertionError("the network was asked")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from inspect_app.rules.rule_set import RuleSet
from inspect_app.rules.entries import parse_entries
rules = RuleSet()
rules.add(parse_entries(sys.stdin.buffer.read(), "f.yml"))
(rule,) = rules.rules()
assert not rules.problems
assert rule.techniques == ("T1059",), rule
fetchers = ("requests", "urllib3", "sigma.plugins", "sigma.data.mitre_attack", "sigma.data.mitre_d3fend")
print([name for name in fetchers if name in sys.modules])
"""


def test_reading_a_rule_never_asks_the_network():
    told = document(tags=["attack.t1059", "attack.execution", "d3fend.d3-pa"])
    asked = [sys.executable, "-c", OFFLINE]
    ran = subprocess.run(asked, input=json.dumps(told).encode(), capture_output=True, check=True)
    assert ran.stdout.strip() == b"[]"


NESTED = "{}".format("[" * 15 + "a" + "]" * 15)
ALIASES = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
)


def hostile(selection, condition="selection"):
    return (
        "title: T\nlogsource: {product: linux, category: process_creation}\n"
        f"detection:\n  selection: {selection}\n  condition: {condition}\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (hostile("{'Image|" + "|".join(["wide"] * 40) + "': x}"), "at most 6 modifiers"),
        (hostile("{'Image|wide|wide': x}"), "each once"),
        (hostile("{'Image|wide|utf16|base64': x}"), "more than two ways to encode"),
        (
            hostile("{'Image|windash|base64offset': [" + ", ".join(["-a"] * 50) + "]}"),
            "more than 10,000 values",
        ),
        (hostile("{Image: [" + ", ".join(["a"] * 10_001) + "]}"), "more than 10,000 values"),
        (hostile("{Image: [a, b, c]}", " and ".join(["selection"] * 400)), "characters"),
        (
            hostile("{Image: [" + ", ".join(["a"] * 999) + "]}", " or ".join(["selection"] * 99)),
            "comparisons",
        ),
        (hostile(f"{{Image: {'x' * 9_000}}}"), "more than 8,192"),
        (hostile("{Image: x}", "not " * 1_000 + "selection"), "cannot read it"),
        (hostile("{'Image|re': '(?<=a)b'}"), "the pattern is not understood"),
        (hostile("{'Image|re': '((a{1,100}){1,100}){1,100}'}"), "the pattern is not understood"),
        (hostile("{'Image|nothing': a}"), "Unknown modifier"),
        (hostile("{Image: a}", "selection | count() > 5"), "pipe"),
        (hostile("{Image: a}", "1 of other*"), "other*"),
        (hostile("{'Image|gt': 3}"), "> compares numbers"),
        (hostile("{ProcessId: abc}"), "proc.pid"),
        (hostile("[]"), "Null value"),
        (hostile("{Image: a}") + "level: dreadful\n", "there is no level 'dreadful'"),
        (hostile("{Image: a}").replace("title: T\n", "title: 5\n"), "has a title"),
        (hostile("{Image: " + NESTED + "}"), "levels"),
        ("title: T\naction: global\n", "detections"),
    ],
)
def test_a_rule_that_is_too_much_or_none_is_told_with_its_place(text, reason):
    rules = read(text)
    assert not rules.rules()
    (problem,) = rules.problems
    assert problem.file == "f.yml"
    assert problem.line == 1
    assert reason in problem.reason


def test_a_rule_of_aliases_upon_aliases_is_refused_at_once():
    rules = read(ALIASES + hostile("{Image: *i}"))
    assert not rules.rules()
    assert "more than 10,000 values" in rules.problems[0].reason


def test_a_file_of_too_many_rules_is_refused():
    with pytest.raises(RuleFileError, match="documents"):
        parse_entries(b"---\ndetection: x\n" * 2_001, "f.yml")


KEYS = ["Image|re", "User|contains", "|all", "x|fieldref", "condition", "rules", "type", "group-by"]
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 70_000)
    | st.text("aZ0%*?| é", max_size=5)
    | st.sampled_from(["T", "selection", "%x%", "event_count"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
TOP = ["title", "logsource", "detection", "correlation", "filter", "level", "tags", "id", "name"]


@given(
    st.dictionaries(st.sampled_from(TOP), PLAIN),
    PLAIN,
    st.booleans(),
)
def test_any_document_is_a_rule_or_a_problem(content, selection, is_like_one):
    text = json.dumps(content | document(selection) if is_like_one else content | {"detection": selection})
    rules = RuleSet()
    rules.add(parse_entries(text.encode(), "f.yml"))
    told = len(rules.rules()) + len(rules.problems)
    # A filter that is one is neither.
    assert told == 1 or (told == 0 and "filter" in content)


COUNTED = {
    "title": "C",
    "correlation": {
        "type": "event_count",
        "rules": ["r"],
        "group-by": ["User"],
        "timespan": "1m",
        "condition": {"gte": 2},
    },
}


def test_a_correlation_tells_what_it_counts_and_its_rules_are_silent(frames):
    run = run_rules(read(COUNTED, document({"Image": "*"}, name="r")), frames)
    rule, correlation = run.outcomes
    assert (rule.state, correlation.state) == (State.EVALUATED, State.EVALUATED)
    assert len(rule.rows) > len(correlation.rows) > 0
    assert {one.outcome.rule.name for one in findings_of(run, frames)} == {"C"}
    generating = {**COUNTED, "correlation": {**COUNTED["correlation"], "generate": True}}
    run = run_rules(read(generating, document({"Image": "*"}, name="r")), frames)
    assert {one.outcome.rule.name for one in findings_of(run, frames)} == {"C", "T"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "value_sum", "condition": {"gte": 1, "field": "User"}}, "kind value_sum"),
        ({"condition": {"lt": 2}}, "less often"),
        ({"group-by": ["Foo"]}, "Foo has no counterpart"),
        ({"type": "temporal", "condition": "r and not r"}, "conditions over rules"),
    ],
)
def test_a_correlation_that_is_not_evaluated_says_why_and_hides_nothing(frames, change, reason):
    changed = {**COUNTED, "correlation": {**COUNTED["correlation"], **change}}
    run = run_rules(read(document({"Image": "*"}, name="r"), changed), frames)
    rule, correlation = run.outcomes
    assert (correlation.state, reason in correlation.reason) == (State.NOT_EVALUABLE, True)
    assert {one.outcome.rule.name for one in findings_of(run, frames)} == {"T"}
    assert len(rule.rows)


def test_a_correlation_of_rules_that_are_not_there_is_told():
    rules = read(COUNTED)
    assert not rules.rules()
    assert rules.problems[0].reason == "no rule is called r"


def naive(correlation, parts, frames):
    """Every finding with all before it that are not too old, one by one."""
    times = frames.events["time"].to_numpy()
    users = frames.processes["pid"].to_numpy()[frames.events["process"].to_numpy()]
    found = sorted(
        ((int(times[row]), int(row), part) for part, rows in enumerate(parts) for row in rows),
    )
    rows, held = [], {}
    for at, (time, row, _) in enumerate(found):
        group = users[row]
        window = [
            (one, part)
            for when, one, part in found[: at + 1]
            if users[one] == group and when >= time - correlation.span_ns
        ]
        if correlation.kind == "event_count":
            count = len(window)
        elif correlation.kind == "value_count":
            count = len({frames.events["type"].iloc[one] for one, _ in window})
        elif correlation.kind == "temporal":
            count = len({part for _, part in window})
        else:
            count = 0
            for _, part in window:
                count += part == count
        holds = {
            ">=": count >= correlation.count,
            ">": count > correlation.count,
            "==": count == correlation.count,
        }
        if holds[correlation.operator] and not held.get(group):
            rows.append(row)
        held[group] = holds[correlation.operator]
    return sorted(set(rows))


@given(st.data())
def test_a_correlation_holds_where_reading_each_finding_with_those_before_says(frames, data):
    several = data.draw(st.integers(1, 3))
    known = np.flatnonzero(frames.events["process"].to_numpy() >= 0)
    rows = st.lists(st.sampled_from(known.tolist()), max_size=12, unique=True)
    parts = [np.array(sorted(data.draw(rows)), np.int64) for _ in range(several)]
    kind = data.draw(st.sampled_from(["event_count", "value_count", "temporal", "temporal_ordered"]))
    asked = Correlation(
        kind, (("f", 1),) * several, ("r",) * several,
        data.draw(st.sampled_from([0, 10**6, 10**8, 10**12])),
        data.draw(st.sampled_from([">=", ">", "=="])),
        data.draw(st.integers(1, 3)),
        (("p", ("proc.pid",) * several),),
        ("evt.type",) * several if kind == "value_count" else (),
    )  # fmt: skip
    found, looked_at = correlated(asked, parts, frames)
    assert looked_at == sum(map(len, parts))
    assert found.tolist() == naive(asked, parts, frames)


def test_the_example_of_the_documentation_is_what_it_says_there():
    page = Path(__file__).parents[3].joinpath("docs", "rules.md").read_text("utf-8")
    section = page[page.index("## Sigma") :]
    example = section.split("```yaml\n")[1].split("```")[0]
    rules = read(example)
    fetch, counted = rules.rules()
    assert not rules.problems
    shown = " ".join(section.split("the first of these\n\n")[1].split("\n\n")[0].split())
    assert fetch.condition == shown
    assert fetch.told_by == counted.name
