"""Fixtures for tests about containers."""

import pytest

from tests.builders.runtime_disks import Disk


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)
