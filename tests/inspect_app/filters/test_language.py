"""Texts become expressions or errors that help; nothing else happens."""

# ruff: noqa: E501 - one case a line, however long

import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspect_app.filters.expression import And, Compare, Exists, Not, Or, quote
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import MAX_DEPTH, MAX_LIST, MAX_TEXT, FilterError, parse

NORMAL = [
    # what is written, its normal form
    ("proc.name=bash", "proc.name = bash"),
    ("proc.name == bash", "proc.name = bash"),
    ("proc.name = 'a b'", 'proc.name = "a b"'),
    ("evt.dir = <", 'evt.dir = "<"'),
    ("evt.dir=>", 'evt.dir = ">"'),
    ("evt.num>=10", "evt.num >= 10"),
    ("proc.name = and and proc.name = not", "proc.name = and and proc.name = not"),
    ("proc.name in(a,b , 'c')", "proc.name in (a, b, c)"),
    ("proc.name in ()", "proc.name in ()"),
    ("not(proc.name exists)", "not proc.name exists"),
    ("not not proc.name = a", "not not proc.name = a"),
    ("proc.name = a or proc.name = b and proc.name = c", "proc.name = a or proc.name = b and proc.name = c"),
    (
        "(proc.name = a or proc.name = b) and proc.pid = 1",
        "(proc.name = a or proc.name = b) and proc.pid = 1",
    ),
    (
        "((proc.name = a and proc.pid = 1)) and proc.pid = 2",
        "proc.name = a and proc.pid = 1 and proc.pid = 2",
    ),
    ("not (proc.name = a and proc.pid = 1)", "not (proc.name = a and proc.pid = 1)"),
    ("proc.aname[2] = sh", "proc.aname[2] = sh"),
    ("evt.arg[flags] contains O_CREAT", "evt.arg.flags contains O_CREAT"),
    ("evt.arg[1] = x", "evt.arg[1] = x"),
    ("evt.type.is.open = 1", "evt.type.is.open = 1"),
    ("container.label[app.kubernetes.io/name] = web", "container.label[app.kubernetes.io/name] = web"),
    ('container.label["a ]b"] = web', 'container.label["a ]b"] = web'),
    ("proc.name startswith anyof (a, b)", "proc.name startswith anyof (a, b)"),
    ("proc.name contains anyof", "proc.name contains anyof"),
    ("proc.name = anyof (a, b)", "proc.name = anyof (a, b)"),
    ("proc.name == allof(a)", "proc.name = allof (a)"),
    ("proc.pid != allof (1, 0x2)", "proc.pid != allof (1, 0x2)"),
    ("fd.rip = oneof (10.0.0.0/8, ::1)", "fd.rip = oneof (10.0.0.0/8, ::1)"),
    ("evt.around[1404996934793590564] = 1000", "evt.around[1404996934793590564] <= 1000"),
    ("fd.types[0] in (ipv4)", "fd.types[0] in (ipv4)"),
    ("evt.buffer contains 'a b'", 'evt.buffer contains "a b"'),
    ("tolower( toupper(proc.name)) = a", "tolower(toupper(proc.name)) = a"),
    ("len(proc.name) > 3", "len(proc.name) > 3"),
    ("concat(proc.name, user.name) = ab", "concat(proc.name, user.name) = ab"),
    ("join(', ', (proc.name, proc.pid)) = ab", 'join(", ", proc.name, proc.pid) = ab'),
    ("proc.name = val(proc.pname)", "proc.name = val(proc.pname)"),
    ("proc.name = tolower(proc.pname)", "proc.name = tolower(proc.pname)"),
    ("fd.rip in (10.0.0.0/8, ::1)", "fd.rip in (10.0.0.0/8, ::1)"),
    ("proc.cmdline\n contains\t'\\x41\\n\\\"' ", 'proc.cmdline contains "A\\n\\""'),
    (r"proc.cmdline regex '^\d+\.$'", r'proc.cmdline regex "^\\d+\\.$"'),
]

ERRORS = [
    # text, column, a part of the message, nearest
    ("", 1, "empty", ""),
    ("   ", 1, "empty", ""),
    ("proc.nam = x", 1, "no field 'proc.nam'", "proc.name"),
    ("procname = x", 1, "no field 'procname'", "proc.name"),
    ("evt.typ in (open)", 1, "no field", "evt.type"),
    ("proc.name", 10, "not compared", ""),
    ("spawned_process", 1, "no condition 'spawned_process'", ""),
    ("proc.name =", 12, "ends too early", ""),
    ("proc.name = a b", 15, "found 'b'", ""),
    ("proc.name contain a", 11, "found 'contain'", "contains"),
    ("proc.pid = abc", 12, "'abc' is no value for proc.pid, which is integer", ""),
    ("proc.pid contains 4", 10, "does not fit", ""),
    ("proc.pid = 99999999999999999999", 12, "more than 64 bits for proc.pid", ""),
    ("proc.pid = " + "9" * 10_000, 12, "more than 64 bits", ""),
    ("proc.pid = 0x" + "f" * 10_000, 12, "more than 64 bits", ""),
    ("evt.latency > 10parsecs", 15, "no value for evt.latency", ""),
    ("fd.rip = 10.0.0.0/99", 10, "no value for fd.rip, which is address", ""),
    ("evt.failed = perhaps", 14, "no value for evt.failed", ""),
    ("proc.name regex '('", 11, "not understood", ""),
    ("proc.name bcontains xyz", 11, "not bytes in hex", ""),
    ("proc.name = 'open", 13, "not closed", ""),
    ("(proc.name = a", 15, "ends too early", ""),
    ("proc.name = a)", 14, "found ')'", ""),
    ("proc.name[1] = a", 10, "takes no argument", ""),
    ("evt.around[x] = 1", 1, "takes a moment", ""),
    ("evt.around[99999999999999999999] = 1", 1, "takes a moment", ""),
    ("proc.name contains anyof ()", 11, "at least one value", ""),
    ("evt.buffer glob a", 12, "does not fit", ""),
    ("proc.aname[x] = a", 11, "takes a small number", ""),
    ("container.label = a", 1, "needs an argument", ""),
    ("evt.arg.flagss = a", 1, "no call has an argument 'flagss'", "evt.arg.flags"),
    ("proc.name in a", 14, "is no list", ""),
    ("proc.name = val(proc.pid)", 17, "integer", ""),
    ("tolower(proc.pid) = a", 1, "takes text", ""),
    ("tolower(proc.name, proc.exe) = a", 1, "takes one field", ""),
    ("proc.name = a && proc.pid = 1", 15, "found '&'", "and"),
    ("proc.name = a || proc.pid = 1", 15, "found '|'", "or"),
    ("!proc.name = a", 1, "found '!'", "not"),
    ("proc.name not in (a)", 11, "found 'not'", "not FIELD in (…)"),
    ("proc.aname[2 = a", 11, "not closed by ]", ""),
    ("PROC.Name = a", 1, "no field 'PROC.Name'", "proc.name"),
    ("concat(proc.name, 'x') = a", 19, "found \"'x'\"", ""),
]


@pytest.mark.parametrize(("text", "normal"), NORMAL)
def test_a_filter_has_one_normal_form(text, normal):
    assert parse(text).text == normal
    assert parse(normal) == parse(text)


@pytest.mark.parametrize(("text", "column", "message", "nearest"), ERRORS)
def test_an_error_says_where_and_what(text, column, message, nearest):
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert caught.value.column == column
    assert message in caught.value.message
    assert caught.value.nearest == nearest
    assert str(caught.value).startswith(f"column {column}: ")


def test_an_error_says_what_was_expected():
    with pytest.raises(FilterError) as caught:
        parse("proc.name = a proc.pid")
    assert caught.value.expected == ("and", "or", "the end")
    with pytest.raises(FilterError) as caught:
        parse("proc.pid contains 1")
    assert "in" in caught.value.expected
    assert "glob" not in caught.value.expected


def test_precedence_is_not_then_and_then_or():
    root = parse("not proc.name = a and proc.pid = 1 or proc.exe exists").root
    assert isinstance(root, Or)
    assert isinstance(root.parts[0], And)
    assert isinstance(root.parts[0].parts[0], Not)
    assert isinstance(root.parts[1], Exists)


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("proc.pid", "42", 42),
        ("proc.pid", "-1", -1),
        ("proc.pid", "0x2A", 42),
        ("proc.pid", "4k", 4_000),
        ("proc.pid", "1.5M", 1_500_000),
        ("proc.pid", "1e3", 1_000),
        ("evt.buflen", "4Ki", 4_096),
        ("evt.buflen", "2G", 2_000_000_000),
        ("evt.latency", "1500", 1_500),
        ("evt.latency", "1.5ms", 1_500_000),
        ("evt.latency", "2s", 2_000_000_000),
        ("evt.latency", "3us", 3_000),
        ("evt.rawtime", "2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("evt.rawtime", "'2023-11-14 23:13:20.000000001+01:00'", 1_700_000_000_000_000_001),
        ("evt.rawtime", "1700000000000000000", 1_700_000_000_000_000_000),
        ("evt.time", "00:01:02.5", 62_500_000_000),
        ("evt.failed", "true", True),
        ("evt.failed", "0", False),
    ],
)
def test_a_literal_is_read_by_the_type_of_its_field(field, written, meant):
    root = parse(f"{field} = {written}").root
    assert isinstance(root, Compare)
    assert root.values[0].constant == meant


def test_a_macro_stands_for_a_condition_and_a_list_for_its_values():
    open_write = parse("evt.type in (open, openat) or evt.is_open_write = true")
    found = parse(
        "open_write and proc.name in (shells, 'shells', vi) and proc.exe in shells",
        macros={"open_write": open_write},
        lists={"shells": ["bash", "z sh"]},
    )
    assert found.text == (
        "(evt.type in (open, openat) or evt.is_open_write = true) "
        'and proc.name in (bash, "z sh", shells, vi) and proc.exe in (bash, "z sh")'
    )


def test_macros_that_double_each_other_are_refused():
    macros = {"m0": parse("proc.pid = 1")}
    with pytest.raises(FilterError, match="more than"):
        for level in range(64):
            macros[f"m{level + 1}"] = parse(f"m{level} and m{level}", macros=macros)


@given(st.text())
def test_a_quoted_value_means_exactly_that_value(value):
    root = parse(f"proc.name = {quote(value)}").root
    assert isinstance(root, Compare)
    assert root.values[0].constant == value


@given(st.text(st.characters(codec=None, categories=["Cs", "Cf", "Cc", "Lo"])))
def test_a_quoted_value_shows_no_hidden_character(value):
    assert quote(value).isprintable()


PIECES = [
    "proc.name", "proc.pid", "fd.rip", "evt.latency", "evt.arg.flags", "proc.aname[1]", "nothing.there", "and", "or",
    "not", "(", ")", ",", "=", "!=", ">=", "in", "contains", "regex", "exists", "anyof", "val(", "len(", "join(", "a",
    "'b c'", '"', "'", "10.0.0.0/8", "0x10", "1e999", "-", "[", "]", "\\", "\x00", "\u202e", "[[", "(a+)+$", " ", "\n",
]  # fmt: skip


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(PIECES)).map(" ".join),
        st.lists(st.sampled_from(PIECES)).map("".join),
    )
)
@example("proc.pid = 1e99")
@example("evt.rawtime = 2024-02-31")
@example("evt.rawtime = 0001-01-01T00:00+23:59")
@example("proc.name = '\\U00110000'")
@example("proc.name pmatch ('[')")
@example("proc.name glob [!]")
@example("fd.rip = ::ffff:1.2.3.4/100")
def test_any_text_is_an_expression_or_an_error(text):
    with suppress(FilterError):
        found = parse(text)
        assert parse(found.text) == found


def deep(count):
    return "(" * count + "proc.pid = 1" + ")" * count


HOSTILE = {
    "deep parentheses": deep(30_000),
    "deep parentheses, not closed": "(" * 60_000,
    "many nots": "not " * 16_000 + "proc.pid = 1",
    "deep transformers": "tolower(" * 8_000 + "proc.name" + ")" * 8_000 + " = a",
    "megabytes": "proc.name = " + "a" * (4 << 20),
    "a long list": f"proc.name in ({','.join(['a'] * (MAX_LIST + 1))})",
    "a huge number": "proc.pid = " + "9" * 60_000,
    "a huge exponent": "proc.pid = 1e99999999",
    "a quote never closed": "proc.name = '" + "\\'" * 30_000,
    "quotes never closed": "proc.name in (" + "'a\\" * 20_000,
    "brackets": "proc.aname" + "[" * 60_000,
    "a repetition of repetitions": "proc.name regex '((a{1000}){1000}){1000}'",
    "a long pattern": f"proc.name regex '{'a?' * 20_000}'",
    "an unknown field, long": "a" * 60_000 + " = 1",
    "nothing but NUL": "\x00" * 60_000,
    "right-to-left": "\u202eproc.name = \u2066a",
    "a long argument": f"container.label['{'x' * 60_000}'] = a",
    "a long index": f"proc.aname[{'1' * 60_000}] = a",
    "a long operand": f"concat({','.join(['proc.name'] * 6_000)}) > 1",
    "half a surrogate": "proc.name = \ud800 and",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_filter_is_refused_soon(text):
    began = time.process_time()
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert time.process_time() - began < 5
    assert len(caught.value.message) < 300


def test_limits_are_met_exactly():
    assert parse(deep(MAX_DEPTH - 1)).text == "proc.pid = 1"
    with pytest.raises(FilterError, match="nested"):
        parse(deep(MAX_DEPTH))
    assert parse("proc.name = " + "a" * (MAX_TEXT - 12))
    assert parse(f"proc.name in ({','.join(['a'] * MAX_LIST)})")
    wide = " or ".join(["proc.pid = 1"] * 4_000)
    assert parse(wide).text == wide


def test_conditions_of_public_rules_are_understood():
    for condition in PUBLIC:
        parse(condition)


PUBLIC = [
    "(evt.type in (open,openat,openat2) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0)",
    "evt.type in (execve, execveat) and evt.dir=< and not proc.pname in (sshd, cron)",
    "(fd.sip != 0.0.0.0 and fd.snet != 127.0.0.0/8 and not fd.snet in (10.0.0.0/8, 172.16.0.0/12))",
    "evt.type=ptrace and evt.dir=> and evt.arg.request contains PTRACE_ATTACH",
    "proc.aname[2]=exe or user.loginuid=-1 or container.id != host",
    'evt.arg.mode contains "S_ISUID" or proc.args contains "-c \'x"',
    "container.image.repository in (docker.io/falcosecurity/falco) and container.privileged=true",
    "fd.name startswith anyof (/etc, /root) and proc.tty != 0 and proc.cmdline glob '*curl * | sh'",
    "evt.rawres>=0 and (fd.l4proto=tcp or fd.typechar=4) and fd.name pmatch (/proc, /sys)",
    "thread.cap_permitted contains CAP_SYS_ADMIN and proc.is_exe_upper_layer=true",
]


def test_every_field_can_be_written():
    for field in FIELDS.values():
        written = {"none": "", "index": "", "optional name": "", "name": ".flags"}[field.argument]
        written = {"evt.around": "[1700000000000000000]", "evt.argname": ".uid"}.get(field.name, written)
        assert parse(f"{field.name}{written} exists").fields()[0].field is field


def test_words_of_the_language_are_told_from_what_is_said_of_them():
    with pytest.raises(FilterError, match="expected 'and', 'or' or the end"):
        parse("proc.pid = 1 proc.name = a")
    with pytest.raises(
        FilterError, match=r"'x' is no value for proc.pid, which is integer; expected a whole number such as"
    ):
        parse("proc.pid = x")
