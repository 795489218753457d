"""Filters that a stranger wrote over captures that a stranger wrote: an answer or an error, soon, in little memory."""

# ruff: noqa: E501 - one case a line, however long

import dataclasses
import time
import tracemalloc
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters import operands
from inspect_app.filters.completion import complete
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import MAX_DEPTH, MAX_LIST, FilterError, parse
from tests.builders.frames import build_frames

STORY = build_frames()
SOON = 10
"""Seconds: thirty times what the slowest needs on a slow machine."""


def with_texts(table, column, texts):
    changed = getattr(STORY, table).copy()
    changed[column] = pd.Series([texts[at % len(texts)] for at in range(len(changed))], dtype=object)
    return dataclasses.replace(STORY, **{table: changed})


BLOWS_UP = ["a" * 30_000 + "!", "/" * 30_000, "ab" * 20_000]

COSTLY = {
    "nested repetitions": "fd.name regex '(a+)+$' or fd.name regex '(a|aa)+$' or fd.name regex '(.*a){20}'",
    "a glob of stars": "fd.name glob '*" + "a*" * 500 + "b'",
    "path patterns of stars": "fd.name pmatch (" + ", ".join(["/*" * 50] * 50) + ")",
    "as many list values as may be": f"fd.name in ({', '.join(['a' * 5] * MAX_LIST)})",
    "as many quantified texts as may be": f"fd.name contains allof ({', '.join(['a'] * 2_000)})",
    "as deep as may be": "not " * (MAX_DEPTH - 2) + "fd.name contains ab",
    "as deep transformers as may be": "tolower(" * (MAX_DEPTH - 2)
    + "fd.name"
    + ")" * (MAX_DEPTH - 2)
    + " = a",
    "a thousand payload conditions": " or ".join(f"evt.buffer contains x{at}" for at in range(1_000)),
    "nested payload": "not (" * 40 + "evt.buffer contains e and proc.pid > 1" + ")" * 40,
    "a payload pattern": "evt.buffer regex '(.*)(.*)(.*)(.*)(.*)[^x]$'",
    "names put together": f"concat({', '.join(['fd.name'] * 50)}) contains ba",
    "thousands of networks": f"fd.rip in ({', '.join(f'10.{at // 250}.{at % 250}.0/24' for at in range(3_000))})",
}


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY.keys())
def test_a_costly_filter_is_answered_or_refused_soon(text):
    frames = with_texts("descriptors", "name", BLOWS_UP)
    began = time.process_time()
    with suppress(FilterError):
        assert len(evaluate(parse(text), frames)) == len(frames.events)
    assert time.process_time() - began < SOON


def test_texts_put_together_are_refused_before_they_fill_the_memory(monkeypatch):
    frames = with_texts("descriptors", "name", ["x" * 100_000 + str(at) for at in range(30)])
    monkeypatch.setattr(operands, "MAX_JOINED", 1 << 20)
    expression = parse(f"concat({', '.join(['fd.name'] * 50)}) = a")
    tracemalloc.start()
    with pytest.raises(FilterError, match="more than 1 MiB"):
        evaluate(expression, frames)
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("call", ["concat({})", "join('', {})"])
def test_more_fields_than_make_sense_are_not_put_together(call):
    fields = ", ".join(["proc.name"] * 51)
    with pytest.raises(FilterError, match="at most 50 fields"):
        parse(f"{call.format(fields)} = a")


LABELS = ["[" * 100_000, "{" * 100_000, '{"a": ' * 5_000, "null", '["x"]', '{"a": 1}', "{" + "x" * 100_000]


@pytest.mark.parametrize("field", ["container.labels", "k8s.pod.labels", "container.mounts", "k8s.app.name",
                                   "k8s.deployment.name", "container.mount[0]", "container.label.app"])  # fmt: skip
def test_broken_documents_of_containers_are_no_labels_and_no_mounts(field):
    frames = STORY
    for column in ("labels", "pod_labels", "mounts"):
        changed = frames.containers.copy()
        changed[column] = pd.Series([LABELS[at % len(LABELS)] for at in range(len(changed))], dtype=object)
        frames = dataclasses.replace(frames, containers=changed)
    assert not evaluate(parse(f"{field} contains zzz"), frames).any()


def test_lives_that_made_each_other_do_no_harm():
    processes = STORY.processes.copy()
    processes["parent"] = np.roll(np.arange(len(processes), dtype=np.int32), 1)
    frames = dataclasses.replace(STORY, processes=processes)
    for text in (
        "proc.pgid = 1",
        "group.gid = 0",
        "proc.stdin.type = char",
        "proc.nchilds > 0",
        "proc.aname = x",
    ):
        assert len(evaluate(parse(text), frames)) == len(frames.events)


PIECES = st.sampled_from(
    ["proc.name", "proc.pid", "evt.buffer", "evt.around[1]", "fd.types[0]", "proc.args[0]", "and", "or", "not ", "(", ")", ",",
     "=", "!=", "in", "contains", "regex", "exists", "anyof (", "val(", "len(", "join(", "tolower(", "a", "'b c'", '"', "1", "]"]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=14).map(" ".join))
def test_whatever_parses_is_evaluated_or_refused(text):
    with suppress(FilterError):
        assert len(evaluate(parse(text), STORY)) == len(STORY.events)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=8).map(" ".join) | st.text(max_size=20))
def test_completion_offers_only_what_the_parser_would_take_next(text):
    for offered in complete(text, len(text), STORY)[:20]:
        assert offered.start <= len(text)
        assert "\n" not in offered.detail
