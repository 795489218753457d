"""The law of filters, over all fields and operators: what holds is what reading each event alone finds."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.expression import FieldOperand, quote
from inspect_app.filters.field import Argument, FieldType
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.filters.operators import NUMBERS
from tests.builders.privileges import build_privileged_frames
from tests.inspect_app.filters.plain import holds, values_of

STORY = build_privileged_frames()
ARGUMENTS = {
    "evt.arg": ("flags", "fd", "path", "change"),
    "evt.rawarg": ("flags", "0"),
    "evt.type.is": ("read",),
    "evt.around": ("1700000000060000000",),
    "fd.types": ("0", "1"),
    "evt.argname": ("uid", "gid"),
    "proc.env": ("", "HOME"),
    "proc.aenv": ("HOME",),
    "container.label": ("app",),
    "k8s.pod.label": ("tier",),
    "thread.cgroup": ("memory",),
}


def operands():
    """Every field with its arguments, as the language writes them, and the operand it means."""
    for field in FIELDS.values():
        if field.compute is None:
            continue
        without = [""] if field.argument is not Argument.NAME and field.name != "fd.types" else []
        numbered = field.argument is Argument.INDEX or field.name.startswith("container.mount")
        indexed = ["1"] if numbered and field.argument is not Argument.NONE else []
        for argument in {*without, *ARGUMENTS.get(field.name, indexed)}:
            yield FieldOperand(field, argument, field.type_with(argument))


OPERANDS = {str(operand): operand for operand in operands()}
SEEN = {
    name: sorted({value for event in range(len(STORY.events)) for value in values_of(operand, STORY, event)})
    for name, operand in OPERANDS.items()
}
OF_TYPE = {
    kind: [name for name, operand in OPERANDS.items() if operand.type in types]
    for kind, types in {
        "text": {FieldType.TEXT},
        "number": NUMBERS,
        "truth": {FieldType.TRUTH},
        "address": {FieldType.ADDRESS},
        "bytes": {FieldType.BYTES},
    }.items()
}
COMPARES = ("=", "!=")
ORDERS = ("<", "<=", ">", ">=")
MATCHES = ("contains", "icontains", "startswith", "endswith")
LISTS = ("in", "intersects")
PATTERNS = ("glob", "iglob", "regex")
MODIFIERS = ("", "anyof", "allof", "oneof")


def written(operator, values, modifier=""):
    if operator in ("in", "intersects", "pmatch") or modifier:
        return f"{operator} {modifier} ({', '.join(values)})"
    return f"{operator} {values[0]}"


@st.composite
def of_text(draw, kind="text"):
    name = draw(st.sampled_from(OF_TYPE[kind]))
    some = st.sampled_from(SEEN[name] or [""])
    parts = st.builds(
        lambda text, at, length: text[at : at + length], some, st.integers(0, 20), st.integers(0, 8)
    )
    texts = draw(st.lists(st.one_of(some, parts, st.just("x")), min_size=1, max_size=3))
    operator = draw(
        st.sampled_from(
            (
                *COMPARES,
                *MATCHES,
                "in",
                "intersects",
                "bcontains",
                "bstartswith",
                "glob",
                "iglob",
                "regex",
                "pmatch",
            )
        )
    )
    modifier = draw(st.sampled_from(MODIFIERS)) if operator not in (*LISTS, "pmatch") else ""
    if operator in ("bcontains", "bstartswith"):
        texts = [text.encode("utf-8", "surrogatepass").hex() for text in texts]
    if operator in ("glob", "iglob"):
        texts = [re.sub(r"[\[\]]", "?", text[:3]) + "*" for text in texts]
    if operator == "regex":
        texts = [f"^{re.escape(text[:3])}" for text in texts if text.isascii()] or ["^a"]
    if operator == "pmatch":
        texts = [text for text in texts if not set(text) & set("*?[]")] or ["/etc"]
    left = draw(st.sampled_from([name, name, f"tolower({name})", f"toupper({name})", f"basename({name})"]))
    return f"{left} {written(operator, [quote(text) for text in texts], modifier)}"


@st.composite
def of_number(draw):
    name = draw(st.sampled_from(OF_TYPE["number"]))
    some = st.sampled_from(SEEN[name] or [0]) | st.integers(-(2**64) + 1, 2**64 - 1) | st.integers(-2, 9)
    numbers = [str(number) for number in draw(st.lists(some, min_size=1, max_size=3))]
    operator = draw(st.sampled_from((*COMPARES, *ORDERS, "in")))
    if operator == "=" and name.startswith("evt.around"):
        operator = "<"
    return (
        f"{name} {written(operator, numbers, draw(st.sampled_from(MODIFIERS)) if operator != 'in' else '')}"
    )


@st.composite
def of_the_rest(draw):
    truth, address = (draw(st.sampled_from(OF_TYPE[kind])) for kind in ("truth", "address"))
    networks = ["10.0.0.0/8", "192.168.1.0/24", "172.17.0.2", "::1", "0.0.0.0/0", "::/0"]
    some = draw(st.lists(st.sampled_from(networks), min_size=1, max_size=3))
    operator = draw(st.sampled_from(("=", "!=", "in")))
    modifier = draw(st.sampled_from(MODIFIERS)) if operator != "in" else ""
    piece = draw(st.sampled_from(["HTTP", "root", "e", "0", "retry\n", "GET "]))
    return draw(
        st.sampled_from(
            [
                f"{truth} = {draw(st.sampled_from(['true', 'false']))}",
                f"{address} {written(operator, some, modifier)}",
                f"{draw(st.sampled_from(list(OPERANDS)))} exists",
                f"evt.buffer {draw(st.sampled_from(MATCHES))} {quote(piece)}",
                f"len(evt.buffer) > {len(piece)}",
                f"len({draw(st.sampled_from(OF_TYPE['text']))}) >= {len(some)}",
                "proc.name = val(proc.exe)",
                "thread.tid <= val(proc.pid)",
                "fd.lport != val(fd.rport)",
                "concat(proc.name, evt.cpu) contains 1",
                'join(":", user.name, proc.name) startswith anyof (root, al)',
                "b64(proc.name) exists",
            ]
        )
    )


CONDITIONS = st.recursive(
    st.one_of(of_text(), of_number(), of_the_rest()),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: " and ".join(f"({one})" for one in parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: " or ".join(f"({one})" for one in parts)),
    ),
    max_leaves=5,
)


def test_the_law_is_tried_on_every_field_that_a_capture_can_tell():
    assert {operand.field.name for operand in OPERANDS.values()} == {
        field.name for field in FIELDS.values() if field.compute
    }
    assert sum(bool(values) for values in SEEN.values()) > 250


@settings(max_examples=60, deadline=None)
@given(CONDITIONS)
def test_a_filter_holds_where_reading_each_event_alone_says_so(text):
    expression = parse(text)
    expected = [row for row in range(len(STORY.events)) if holds(expression.root, STORY, row)]
    assert np.flatnonzero(evaluate(expression, STORY)).tolist() == expected
