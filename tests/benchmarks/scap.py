"""How quickly a .scap file is converted: a sample's events again and again, later each time.

python -m tests.benchmarks.scap [SAMPLE.scap] [MILLIONS]
"""

import io
import sys
import time
from pathlib import Path

import numpy as np

from capture.format.convert import convert
from capture.format.convert.source import Source
from capture.format.convert.walk import WITH_FLAGS, walk
from capture.format.memory import keep_freed_memory

SAMPLE = "sfcollector-mpm-worker_full_capture.scap"


def repeated(sample: Path, least: int) -> tuple[bytes, int]:
    """A file with at least so many events, and how many it has."""
    with sample.open("rb") as stream:
        data = np.frombuffer(Source(stream).read(1 << 30), np.uint8)
    found = walk(data, final=True)
    first = int(found.starts[0])
    head, events = data[:first].tobytes(), data[first:].copy()
    at = found.starts - first + 10 + np.where(np.isin(found.types, WITH_FLAGS), 4, 0)
    times = np.ndarray((len(events) - 7,), "<i8", events, strides=(1,))
    span = int(times[at].max() - times[at].min()) + 1
    parts = [head]
    for _ in range(-(-least // len(at))):
        parts.append(events.tobytes())
        times[at] += span
    return b"".join(parts), len(at) * (len(parts) - 1)


def main() -> None:
    """Print events and seconds."""
    folder = Path(__file__).parents[3] / "shared/samples"
    sample = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / SAMPLE
    millions = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    if not sample.exists():
        print(f"no sample at {sample}: name a .scap file")
        return
    keep_freed_memory()
    data, count = repeated(sample, int(millions * 1_000_000))
    best = float("inf")
    for _ in range(3):
        output = io.BytesIO()
        began = time.process_time()
        convert(io.BytesIO(data), output)
        best = min(best, time.process_time() - began)
    print(
        f"{sample.name}: {count:,} events of {len(data) / count:.0f} bytes converted in {best:.2f} s of one"
    )
    print(f"processor: {count / best / 1e6:.2f} million a second")


if __name__ == "__main__":
    main()
