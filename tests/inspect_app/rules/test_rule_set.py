"""Lists, macros and rules of several files put together."""

import pytest

from inspect_app.filters.errors import FilterError
from inspect_app.rules.entries import parse_entries
from inspect_app.rules.rule import Priority
from inspect_app.rules.rule_set import MAX_NESTED, RuleSet

RULE = """
- rule: R
  desc: What it is for.
  condition: evt.type = open
  output: "%proc.name"
  priority: WARNING
  tags: [container, mitre_privilege_escalation, T1611]
"""


def rule_set(*texts):
    rules = RuleSet()
    for number, text in enumerate(texts):
        rules.add(parse_entries(text.encode(), f"{number}.yaml"))
    return rules


def only(*texts):
    """The one rule of some files, which have nothing wrong."""
    rules = rule_set(*texts)
    (rule,) = rules.rules()
    assert rules.problems == []
    return rules, rule


def condition(*texts):
    rules, rule = only(*texts)
    return str(rules.expression(rule).text)


def test_a_rule_knows_what_it_is_of():
    _, rule = only(RULE)
    assert (rule.name, rule.priority, rule.is_enabled, rule.source) == (
        "R",
        Priority.WARNING,
        True,
        "syscall",
    )
    assert (rule.tactics, rule.techniques) == (("privilege escalation",), ("T1611",))
    assert (rule.file, rule.line) == ("0.yaml", 2)


def test_lists_hold_lists_and_macros_macros_wherever_they_are_written():
    text = """
- rule: R
  desc: d
  condition: outer and fd.num = 1
  output: o
  priority: INFO
- macro: outer
  condition: inner or proc.name in (shells, "a b", docker_binaries)
- macro: inner
  condition: evt.type=close
- list: shells
  items: [bourne, zsh, '"(x)"']
- list: bourne
  items: [sh, bash]
"""
    assert condition(text) == (
        '(evt.type = close or proc.name in (sh, bash, zsh, "(x)", "a b", docker_binaries)) and fd.num = 1'
    )


def test_quotes_within_quotes_of_a_list_are_what_they_mean():
    text = RULE.replace("evt.type = open", "proc.cmdline in (l)")
    text += """- list: l\n  items: ['"sh -c \\"a (''b'')\\""', '"x"']\n"""
    assert condition(text) == """proc.cmdline in ("sh -c \\"a ('b')\\"", x)"""


def test_what_is_written_again_takes_the_place_of_what_was_there():
    base = RULE.replace("evt.type = open", "m") + "- macro: m\n  condition: evt.type = open\n"
    assert condition(base, "- macro: m\n  condition: evt.type = close\n") == "evt.type = close"
    assert condition(base, RULE) == "evt.type = open"


@pytest.mark.parametrize("how", ["append: true", "override:\n    condition: append"])
def test_conditions_can_be_added_to(how):
    more = f"- rule: R\n  condition: and fd.num > 2\n  {how}\n"
    assert condition(RULE, more) == "evt.type = open and fd.num > 2"


@pytest.mark.parametrize("how", ["append: true", "override:\n    items: append"])
def test_lists_can_be_added_to(how):
    base = RULE.replace("evt.type = open", "proc.name in (l)") + "- list: l\n  items: [a]\n"
    assert condition(base, f"- list: l\n  items: [b]\n  {how}\n") == "proc.name in (a, b)"


def test_single_keys_are_replaced_or_added_to():
    more = """
- rule: R
  desc: Another.
  output: "and %fd.name"
  priority: ERROR
  tags: [more]
  enabled: false
  override: {desc: replace, output: append, priority: replace, tags: append, enabled: replace}
"""
    _, rule = only(RULE, more)
    assert (rule.description, rule.output, rule.priority) == (
        "Another.",
        "%proc.name and %fd.name",
        Priority.ERROR,
    )
    assert rule.tags[-1] == "more"
    assert not rule.is_enabled


def test_a_rule_is_switched_off_by_name_alone():
    _, rule = only(RULE, "- rule: R\n  enabled: false\n")
    assert not rule.is_enabled
    assert rule.condition == "evt.type = open"


EXCEPTIONS = """
  exceptions:
    - name: names
      fields: proc.name
      values: [apt, "a b"]
    - name: pairs
      fields: [proc.name, fd.directory]
      comps: [in, startswith]
      values:
        - [[sh, bash], /etc]
        - [(shells), /usr]
    - name: for others to fill
      fields: [proc.pname]
    - name: one with another comparison
      fields: proc.cmdline
      comps: contains
      values: [x, y]
"""


def test_exceptions_are_what_a_rule_does_not_hold_for():
    lists = "- list: shells\n  items: [zsh, fish]\n"
    assert condition(lists + RULE.rstrip() + EXCEPTIONS) == (
        'evt.type = open and not proc.name in (apt, "a b")'
        " and not (proc.name in (sh, bash) and fd.directory startswith /etc"
        " or proc.name in (zsh, fish) and fd.directory startswith /usr)"
        " and not (proc.cmdline contains x or proc.cmdline contains y)"
    )


def test_values_are_added_to_an_exception_by_its_name():
    more = """
- rule: R
  append: true
  exceptions:
    - name: names
      values: [dpkg]
    - name: for others to fill
      values: [[make]]
"""
    found = condition(RULE.rstrip() + EXCEPTIONS, more)
    assert 'not proc.name in (apt, "a b", dpkg)' in found
    assert "not proc.pname = make" in found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- rule: R\n  desc: d\n  condition: c\n  priority: INFO\n", "this one has no output"),
        (RULE.replace("WARNING", "HIGH"), "there is no priority 'HIGH'"),
        ("- rule: X\n  condition: and a\n  append: true\n", "no rule of that name to add to"),
        ("- macro: X\n  condition: and a\n  append: true\n", "no macro of that name to add to"),
        ("- list: X\n  items: [a]\n  append: true\n", "no list of that name to add to"),
        ("- list: X\n  items: [[a]]\n", "items are texts or numbers"),
        ("- macro: X\n", "condition is a text, and there is none"),
        ("- cat: X\n", "an item has one of list, macro, rule"),
        (RULE.rstrip() + "\n  exceptions:\n    - fields: proc.name\n", "an exception has a name"),
        (RULE.rstrip() + "\n  exceptions: [{name: n, fields: [a, b], comps: [=]}]\n", "2 fields and 1 comps"),
        (RULE.rstrip() + "\n  exceptions: [{name: n, fields: [a, b], values: [[x]]}]\n", "a list of 2"),
        (RULE.rstrip() + "\n  override: {desc: delete}\n", "override says append or replace"),
    ],
)
def test_what_is_wrong_with_an_item_is_told_with_its_place(text, reason):
    rules = rule_set(text)
    rules.rules()
    (problem,) = rules.problems
    assert reason in problem.reason
    assert problem.is_fatal
    assert str(problem).startswith("0.yaml:")


def test_an_unknown_key_and_a_newer_language_are_told_and_harm_nothing():
    rules = rule_set("- required_engine_version: 0.99.0\n" + RULE.rstrip() + "\n  colour: red\n")
    assert len(rules.rules()) == 1
    assert [(problem.is_fatal, problem.line) for problem in rules.problems] == [(False, 1), (False, 9)]
    assert not rule_set("- required_engine_version: 17\n- required_engine_version: 0.31.0\n").problems


def test_a_mistake_in_a_macro_names_the_macro():
    rules = rule_set(RULE.replace("evt.type = open", "m"), "- macro: m\n  condition: proc.nme = x\n")
    (rule,) = rules.rules()
    with pytest.raises(FilterError, match=r"macro m: there is no field 'proc\.nme'") as caught:
        rules.expression(rule)
    assert caught.value.nearest == "proc.name"


@pytest.mark.parametrize("depth", [1, 2, MAX_NESTED + 2, 2_000])
def test_macros_and_lists_that_hold_themselves_or_go_too_deep_are_told(depth):
    macros = "".join(f"- macro: m{n}\n  condition: m{(n + 1) % depth}\n" for n in range(depth))
    rules = rule_set(RULE.replace("evt.type = open", "m0"), macros)
    with pytest.raises(FilterError, match=r"macro m\d+"):
        rules.expression(rules.rules()[0])
    lists = "".join(f"- list: l{n}\n  items: [l{(n + 1) % depth}]\n" for n in range(depth))
    rules = rule_set(RULE.replace("evt.type = open", "proc.name in (l0)"), lists)
    with pytest.raises(FilterError, match=r"list l\d+ holds itself"):
        rules.expression(rules.rules()[0])


def test_lists_that_grow_without_end_are_told():
    lists = "- list: l0\n  items: [a, b]\n" + "".join(
        f"- list: l{n}\n  items: [{', '.join([f'l{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    rules = rule_set(RULE.replace("evt.type = open", "proc.name in (l11)"), lists)
    with pytest.raises(FilterError, match="more than 10,000 items"):
        rules.expression(rules.rules()[0])
