"""What a test looks at: a conversion, opened again and joined."""

import io
from collections import Counter

from capture.format import CaptureFile
from capture.format.convert import convert
from capture.identity import identify
from capture.identity.reading import event_columns, tables_of
from capture.model.catalogue import CATALOGUE


class Converted:
    """A .scap file as a capture."""

    def __init__(self, data: bytes) -> None:
        output = io.BytesIO()
        self.result = convert(io.BytesIO(data), output)
        self.capture = CaptureFile(output)
        self.capture.grow()
        self.events, self.columns = event_columns(
            self.capture, ("latency", "captured", "cpu", *(f"a{at}" for at in range(6)))
        )
        self.found = identify(self.events, tables_of(self.capture))

    @property
    def names(self) -> list[str]:
        """What each event is called."""
        return [CATALOGUE[kind].name if kind >= 0 else "?" for kind in self.events.kind.tolist()]

    def row(self, name, nth=0) -> int:
        """The row of the nth event of that name."""
        return [at for at, own in enumerate(self.names) if own == name][nth]

    def value(self, column, name, nth=0) -> int:
        """A column of an event."""
        return int(self.columns[column][self.row(name, nth)])

    def text(self, column, name, nth=0) -> bytes | None:
        """A text of an event."""
        code = self.value(column, name, nth)
        return self.capture.texts[code] if code else None

    def thing(self, row) -> tuple[str, str]:
        """Type and name of what an event worked on."""
        at = int(self.found.descriptors.of_event[row])
        known = self.found.descriptors
        return (known.type[at], known.name[at]) if at >= 0 else ("", "")

    def container(self, row) -> str:
        """Id of the container of an event; empty where it is not known."""
        at = int(self.found.containers.of_event[row])
        return self.found.containers.records[at]["id"] if at >= 0 else ""

    def process(self, row) -> str:
        """Pid and name of who did it."""
        process = int(self.found.processes.of_event[row])
        image = int(self.found.images.of_event[row])
        return f"{self.found.processes.pid[process]} {self.found.images.comm[image]}"

    def counts(self) -> Counter:
        """Events by name."""
        return Counter(self.names)
