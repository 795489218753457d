"""The hand-made capture that tests of the rooms above `frames` share."""

import pytest

from tests.builders.frames import build_frames


@pytest.fixture(scope="session")
def frames():
    """One node and three containers in two seconds; nobody changes it."""
    return build_frames()
