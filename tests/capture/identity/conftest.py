import pytest

from tests.builders.capture import CaptureBuilder


@pytest.fixture
def book():
    """A capture in which a shell (pid 100) runs in /home/alice since before the recording."""
    builder = CaptureBuilder()
    builder.process(
        100, comm="sh", exe="/bin/sh", argv=[b"-sh"], cwd="/home/alice", uid=1000, sid=100, tty=34816
    )
    return builder
