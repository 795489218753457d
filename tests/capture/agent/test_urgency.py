"""Which records may lie in their lanes for a while, and which somebody waits for."""

import numpy as np
import pytest

from capture.agent.chunks import chunk_of_records
from capture.agent.pace import Pace
from capture.agent.records import HAS_FILE, record_dtype
from capture.agent.settings import LaneSpec
from capture.agent.urgency import Urgency
from capture.model.events import SchedCode

LIFE, EXEC = LaneSpec("life", 160, 80, 64), LaneSpec("exec", 632, 248, 64, programs=True)
OTHER = LaneSpec("other", 0, 0, 64)
SECOND = 1_000_000_000


class Waiting:
    """Records that wait: what is looked at of a Lane."""

    def __init__(self, spec, records):
        self.name, self.waiting, self._records = spec.name, len(records), records

    def glance(self):
        return self._records


def lives(*codes):
    records = np.zeros(len(codes), record_dtype(LIFE.data))
    records["code"] = codes
    return records


def programs(*files):
    """Executed programs: (inode, size, path)."""
    records = np.zeros(len(files), record_dtype(EXEC.data))
    for record, (inode, size, path) in zip(records, files, strict=True):
        record["ino"], record["flags"], record["text_len"] = inode, HAS_FILE, len(path) + 1
        record["data"][8:16] = np.frombuffer(size.to_bytes(8, "little"), np.uint8)
        record["data"][64 : 64 + len(path)] = np.frombuffer(path, np.uint8)
    return records


@pytest.mark.parametrize(("code", "urgent"), [(SchedCode.CGROUP_MKDIR, True), (SchedCode.PROCEXIT, False)])
def test_a_cgroup_that_was_made_is_waited_for(code, urgent):
    assert Urgency().of(Waiting(LIFE, lives(SchedCode.PROCFORK, code, SchedCode.PROCFORK))) is urgent


def test_the_file_of_a_program_is_looked_at_at_once_when_it_is_new():
    urgency, true = Urgency(), (7, 100, b"/bin/true")
    assert urgency.of(Waiting(EXEC, programs(true)))
    urgency.programs_begun(chunk_of_records(programs(true, true), EXEC))
    assert not urgency.of(Waiting(EXEC, programs(true, true)))
    assert urgency.of(Waiting(EXEC, programs(true, (7, 101, b"/bin/true")))), "the same inode, another file"


def test_every_call_of_a_runtime_is_waited_for():
    urgency, runc = Urgency(), (9, 100, b"/usr/sbin/runc")
    urgency.programs_begun(chunk_of_records(programs((7, 1, b"/bin/true"), runc), EXEC))
    assert urgency.of(Waiting(EXEC, programs(runc)))


def test_nobody_waits_for_other_records_or_for_none():
    assert not Urgency().of(Waiting(OTHER, np.zeros(3, record_dtype(0))))
    assert not Urgency().of(Waiting(LIFE, lives()))


def test_records_rest_for_a_quarter_of_a_second():
    pace = Pace(looked=0)
    rests = [pace.looks(at * SECOND // 10, 0.1) for at in range(10)]
    assert rests == [False, True, True, False, True, True, False, True, True, False]
