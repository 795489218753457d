"""How long a report of a large capture takes, and how much memory.

    python -m tests.benchmarks.report [FILE] [--events 10000000] [--notes 10000] [--template technical]
        [--rows 200]

Without FILE a capture is generated first. It is opened once before, so that its side index is there; then a
process of its own opens it, adds notes on events spread over it, builds the report and writes each form.
Nothing is asserted. docs/benchmarks.md says how to read it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from inspect_app.frames import open_capture
from inspect_app.reports.material import Given
from inspect_app.reports.noted import Noted
from inspect_app.reports.options import ROWS_SHOWN, ReportOptions, Template
from inspect_app.reports.report import build_report
from inspect_app.reports.writing import FORMS, document_of
from tests.benchmarks.generated import generate

_LOOK_S = 0.02


def own_memory():
    """MiB that are this process's own; pages of mapped files can be dropped and do not count."""
    told = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("RssAnon")) / 1024


class Peak(threading.Thread):
    """Looks at the memory again and again."""

    def __init__(self):
        super().__init__(daemon=True)
        self.highest = 0.0
        self.start()

    def run(self):
        while True:
            self.highest = max(self.highest, own_memory())
            time.sleep(_LOOK_S)

    def taken(self):
        """The highest since it was asked last."""
        highest, self.highest = self.highest, 0.0
        return max(highest, own_memory())


def measured(path, notes, template, rows_shown):
    """Rows of what was done, seconds, seconds of the processor, and MiB."""
    peak, rows = Peak(), []

    def step(name, work):
        began, busy = time.perf_counter(), time.process_time()
        peak.taken()
        result = work()
        rows.append((name, time.perf_counter() - began, time.process_time() - busy, peak.taken()))
        return result

    frames = step("open", lambda: open_capture(path))
    times = frames.events["time"].to_numpy()
    every = max(1, len(times) // max(notes, 1))
    given = Given(notes=[Noted(f"note {at}", int(times[at * every]), row=at * every) for at in range(notes)])
    options = ReportOptions(template=Template(template), made_ns=0, rows=rows_shown)
    report = step("build", lambda: build_report(frames, options, given))
    for form in FORMS:
        step(form, lambda form=form: document_of(report, form))
    return len(frames.events), rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--template", choices=list(Template), default=Template.TECHNICAL)
    parser.add_argument("--rows", type=int, default=ROWS_SHOWN)
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        print(json.dumps(measured(options.file, options.notes, options.template, options.rows)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "generated.exhume"
        if options.file is None:
            generate(path, options.events)
        again = [sys.executable, "-m", "tests.benchmarks.report", str(path), "--inner"]
        again += ["--notes", str(options.notes), "--template", options.template, "--rows", str(options.rows)]
        subprocess.run([sys.executable, "-c", OPEN, str(path)], check=True)
        events, rows = json.loads(subprocess.run(again, check=True, capture_output=True, text=True).stdout)
    print(f"{events:,} events, {options.notes:,} notes, template {options.template}\n")
    print("| step | seconds | of the processor | own memory, MiB |\n|---|--:|--:|--:|")
    for name, seconds, busy, memory in rows:
        print(f"| {name} | {seconds:.1f} | {busy:.1f} | {memory:,.0f} |")


OPEN = "import sys; from inspect_app.frames import open_capture; open_capture(sys.argv[1])"

if __name__ == "__main__":
    main()
