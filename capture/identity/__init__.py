"""Who did it, running what, where, and to which thing: joins over the columns of a capture.

Everything here is a pure function of arrays and of the snapshot's tables. Time inside this room is
an event's row number: events are sorted, so rows order them, also where two share a nanosecond.
"""

from capture.identity.containers import Containers
from capture.identity.descriptors import Descriptors
from capture.identity.events import EventColumns
from capture.identity.images import Images
from capture.identity.paths import Paths
from capture.identity.processes import Processes, Threads
from capture.identity.resolve import Identities, identify

__all__ = [
    "Containers",
    "Descriptors",
    "EventColumns",
    "Identities",
    "Images",
    "Paths",
    "Processes",
    "Threads",
    "identify",
]
