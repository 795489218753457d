"""Every input that fuzzing began with or found is read, or refused with one kind of error."""

import pytest

from tests.fuzz.seeds import CORPUS
from tests.fuzz.targets import TARGETS

INPUTS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def test_each_target_has_inputs():
    assert {path.parent.name for path in INPUTS} == set(TARGETS)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_is_read_or_refused(path):
    TARGETS[path.parent.name](path.read_bytes())
