"""The law of Sigma rules: a rule finds the events for which reading each alone finds that it holds."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.rules.entries import parse_entries
from inspect_app.rules.rule_set import RuleSet
from inspect_app.rules.run import State, run_rules
from inspect_app.rules.sigma.categories import CATEGORIES
from tests.builders.privileges import build_privileged_frames
from tests.inspect_app.rules.plain_sigma import events_of, selection_holds, values_at

STORY = build_privileged_frames()
EVENTS = {name: events_of(name, STORY) for name in CATEGORIES}
SEEN = {
    (category, name): sorted(
        {str(v) for event in EVENTS[category] for v in values_at(category, name, STORY, event)}
    )
    for category, one in CATEGORIES.items()
    for name in one.fields
}
NUMBERS = {
    "ProcessId",
    "ParentProcessId",
    "LogonId",
    "TerminalSessionId",
    "DestinationPort",
    "SourcePort",
    "dst_port",
    "src_port",
}
CLOSED = {"Initiated", "DestinationIsIpv6", "SourceIsIpv6"}
ADDRESSES = {"DestinationIp", "SourceIp", "dst_ip", "src_ip"}
TEXT_WAYS = (
    "", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq", "|contains|all"
)  # fmt: skip


@st.composite
def texts(draw, category, name):
    """A text such as the field has: whole, a piece, in capitals, with wildcards and backslashes."""
    seen = SEEN[category, name] or ["x"]
    text = draw(st.sampled_from(seen))
    begin = draw(st.integers(0, len(text)))
    piece = draw(st.sampled_from([text, text[begin:], text[:begin]]))
    if piece and draw(st.booleans()):
        at = draw(st.integers(0, len(piece)))
        piece = piece[:at] + draw(st.sampled_from(["*", "?", "\\", "\\*", "\\\\", "[", "**"])) + piece[at:]
    return draw(st.sampled_from([piece, piece.upper(), piece.swapcase()]))


@st.composite
def items(draw, category):
    """A field with modifiers, and its value."""
    name = draw(st.sampled_from(sorted(CATEGORIES[category].fields)))
    if name in CLOSED:
        return name, draw(st.sampled_from(["true", "false", True]).map(lambda one: str(one).lower()))
    if draw(st.integers(0, 9)) == 0:
        return f"{name}|exists", draw(st.booleans())
    if draw(st.integers(0, 9)) == 0:
        return name, None
    if name in NUMBERS:
        way = draw(st.sampled_from(["", "|lt", "|lte", "|gt", "|gte", "|neq"]))
        return name + way, draw(st.sampled_from([0, 1, 80, 443, *map(int, SEEN[category, name])]))
    if name in ADDRESSES:
        return f"{name}|startswith", draw(st.sampled_from(["1", "172.", "192.168.1.5", "::"]))
    if draw(st.integers(0, 9)) == 0:
        other = draw(st.sampled_from(["Image", "ParentImage", "CommandLine", "User"]))
        return f"{name}|fieldref{draw(st.sampled_from(['', '|contains', '|startswith', '|endswith']))}", other
    if draw(st.integers(0, 9)) == 0:
        way = draw(st.sampled_from(["|re", "|re|i"]))
        return name + way, draw(st.sampled_from(["^/usr", "sh$", "[a-z]+/C", "x|bin", "."]))
    way = draw(st.sampled_from(TEXT_WAYS))
    values = draw(st.lists(texts(category, name), min_size=1, max_size=3))
    return name + way, values if len(values) > 1 or "all" in way else values[0]


@st.composite
def rules(draw):
    """A category, selections and a condition over them, as text and as a function of what each is."""
    category = draw(st.sampled_from(sorted(CATEGORIES)))
    mapping = st.lists(items(category), min_size=1, max_size=3).map(dict)
    selection = mapping | st.lists(mapping, min_size=1, max_size=2)
    chosen = {
        name: draw(selection)
        for name in draw(st.sampled_from([("a",), ("sel_a", "sel_b"), ("sel_a", "sel_b", "not_x")]))
    }
    names = list(chosen)
    leaf = st.sampled_from(
        [
            *((name, lambda held, name=name: held[name]) for name in names),
            ("1 of them", lambda held: any(held.values())),
            ("all of them", lambda held: all(held.values())),
            *([("1 of sel_*", lambda held: held["sel_a"] or held["sel_b"])] if len(names) > 1 else []),
            *([("all of sel*", lambda held: held["sel_a"] and held["sel_b"])] if len(names) > 1 else []),
        ]
    )
    condition = st.recursive(
        leaf,
        lambda inner: (
            st.tuples(inner, inner).map(
                lambda two: (f"({two[0][0]} and {two[1][0]})", lambda h: two[0][1](h) and two[1][1](h))
            )
            | st.tuples(inner, inner).map(
                lambda two: (f"({two[0][0]} or {two[1][0]})", lambda h: two[0][1](h) or two[1][1](h))
            )
            | inner.map(lambda one: (f"not {one[0]}", lambda h: not one[1](h)))
        ),
        max_leaves=4,
    )
    return category, chosen, *draw(condition)


@given(rules())
@settings(max_examples=150)
def test_a_sigma_rule_finds_what_reading_each_event_alone_finds(rule):
    category, selections, text, meaning = rule
    document = {
        "title": "t",
        "logsource": {"product": "linux", "category": category},
        "detection": {**selections, "condition": text},
    }
    read = RuleSet()
    read.add(parse_entries(json.dumps(document).encode(), "f.yml"))
    run = run_rules(read, STORY)
    assert not run.problems
    (one,) = run.outcomes
    assert one.state is State.EVALUATED, one.reason
    expected = [
        event
        for event in EVENTS[category]
        if meaning({name: selection_holds(s, category, STORY, event) for name, s in selections.items()})
    ]
    assert one.rows.tolist() == expected, one.rule.condition
