"""Names out of what the kernel told and what programs asked for."""

import dataclasses

import numpy as np
import pytest

from capture.identity.told_paths import told_names
from capture.model.catalogue import spec_named, types_of

OPEN, TOLD = (spec_named(name).x86_64 for name in ("openat", "opened_path"))


@dataclasses.dataclass
class Events:
    """The columns that names need, of events (name, thread)."""

    rows: list

    @property
    def kind(self):
        return types_of("x86_64")[[code for code, *_ in self.rows]]

    @property
    def tid(self):
        return np.array([tid for _, tid, *_ in self.rows])


@pytest.mark.parametrize(
    ("events", "names"),
    [
        ([], []),
        # code, thread, file, name asked for or told, container
        ([(OPEN, 1, 0, 10, 0)], [10]),
        ([(OPEN, 1, 0, 10, 0), (TOLD, 1, 0, 20, 0)], [20, 20]),
        # Told once, it holds for the same name later, and for others of the same file.
        ([(OPEN, 1, 0, 10, 0), (TOLD, 1, 0, 20, 0), (OPEN, 2, 0, 10, 0), (OPEN, 2, 0, 11, 0)], [20] * 4),
        # Another file has names of its own.
        ([(OPEN, 1, 0, 10, 0), (TOLD, 1, 0, 20, 0), (OPEN, 1, 1, 10, 0)], [20, 20, 10]),
        # Of two ways to a file each name asked for keeps its own.
        (
            [
                (OPEN, 1, 0, 10, 0),
                (TOLD, 1, 0, 20, 0),
                (OPEN, 1, 0, 11, 0),
                (TOLD, 1, 0, 21, 0),
                (OPEN, 1, 0, 10, 0),
                (OPEN, 1, 0, 11, 0),
            ],
            [20, 20, 21, 21, 20, 21],
        ),
        # What was told in the same container is better than what was told elsewhere.
        (
            [
                (OPEN, 1, 0, 10, 1),
                (TOLD, 1, 0, 20, 1),
                (OPEN, 2, 0, 12, 2),
                (TOLD, 2, 0, 22, 2),
                (OPEN, 3, 0, 13, 1),
                (OPEN, 3, 0, 13, 3),
            ],
            [20, 20, 22, 22, 20, 22],
        ),
        # A folder was renamed between: told anew.
        (
            [(OPEN, 1, 0, 10, 0), (TOLD, 1, 0, 20, 0), (OPEN, 1, 0, 10, 0), (TOLD, 1, 0, 21, 0)],
            [20, 20, 21, 21],
        ),
        # The open was lost: what is told holds from then on.
        ([(OPEN, 2, 0, 9, 0), (TOLD, 1, 0, 20, 0), (OPEN, 2, 0, 9, 0)], [9, 20, 20]),
    ],
)
def test_opens_have_the_name_that_the_kernel_told(events, names):
    columns = np.array(events, np.int64).reshape(-1, 5)
    found = told_names(Events(events), np.arange(len(events)), columns[:, 2], columns[:, 3], columns[:, 4])
    assert found.tolist() == names
