"""Recordings made by the real recorder, and questions to ask of them.

    with Recording(path, "--snaplen", "0") as recording:
        ...
    capture = Capture(path)
    capture.calls("read", pid=1234)[0].payload

A machine is never quiet: every question names a process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from capture.format import EVENT_COLUMNS, TEXT_COLUMNS, CaptureFile
from capture.model.catalogue import CATALOGUE, spec_named, types_of
from inspect_app.frames.opening import open_capture

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "programs"
PYTHON = (sys.executable, "-E", "-S", "-s", "-B")
"""An interpreter that reads nothing but the program and its own library."""
_MAIN = "from capture.cli import main; main()"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
_PATIENCE_S = 240
_TYPES = types_of("x86_64")


def command_line(*arguments, before="", interpreter=sys.executable):
    """Exhume-capture with arguments, as any environment can run it; `before` is Python to run first."""
    return [interpreter, "-c", before + _MAIN, *map(str, arguments)]


def exhume_capture(
    *arguments, before="", prefix=(), timeout=_PATIENCE_S, interpreter=sys.executable, **options
):
    """Run exhume-capture to its end; texts out and err unless `options` say otherwise."""
    options = {"capture_output": True, "text": True, "env": ENVIRONMENT, **options}
    return subprocess.run(
        [*prefix, *command_line(*arguments, before=before, interpreter=interpreter)],
        check=False,
        timeout=timeout,
        **options,
    )


def record(path, *command, options=()):
    """Record while a command runs.

    The recorder itself must have been content; the command's own code is the caller's to judge.
    """
    done = exhume_capture("record", "-o", path, *options, "--", *command)
    assert path.exists(), done.stderr
    return done


def run_programs(path, folder, *names, options=()):
    """Record programs of this folder, one after another; what each found out about itself, by name."""
    driver = (*PYTHON, PROGRAMS / "run_programs.py", folder, *names)
    done = record(path, *driver, options=options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Recording:
    """A recorder running beside the test, ended by a signal."""

    def __init__(self, path, *arguments, ends_by=signal.SIGINT, before=""):
        self.path = Path(path)
        self._command = command_line("record", "-o", path, *arguments, before=before)
        self._ends_by = ends_by
        self.err = b""

    def __enter__(self):
        self.process = subprocess.Popen(
            self._command,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        # The first block is written once the probe is attached.
        try:
            wait_until(lambda: self.process.poll() is not None or _size(self.path) > 0)
        except BaseException:
            self.process.kill()
            raise
        assert self.process.poll() is None, self.process.stderr.read()
        return self

    def wait_for_snapshot(self):
        """Wait until the tables of the snapshot lie in the file."""
        wait_until(lambda: self._has_table("interfaces"))

    def end(self):
        """Send the signal; the recorder's exit code."""
        if self.process.poll() is None:
            self.process.send_signal(self._ends_by)
        _, self.err = self.process.communicate(timeout=_PATIENCE_S)
        return self.process.returncode

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()

    def _has_table(self, name):
        with CaptureFile.open(self.path) as capture:
            return bool(capture.table(name))


def wait_until(true, seconds=60.0):
    """Wait for something that comes in its own time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class Capture:
    """A capture's raw columns, and its frames where they are asked for."""

    def __init__(self, path):
        self.path = path
        self.file = CaptureFile.open(path)
        self.columns = self.file.read_columns()

    @cached_property
    def frames(self):
        frames = open_capture(self.path)
        # A row number means the same event here and there.
        assert np.array_equal(frames.events["time"], self.columns["time"])
        return frames

    def rows(self, *names, **columns):
        """Row numbers of events of some names (any, if none is given) with these values in columns."""
        keep = np.ones(len(self.columns["time"]), bool)
        if names:
            keep &= np.isin(self.columns["code"], [spec_named(name).x86_64 for name in names])
        for name, value in columns.items():
            keep &= self.columns[name] == value
        return np.flatnonzero(keep)

    def calls(self, *names, **columns):
        """The same as objects, in order of time."""
        return [Call(self, row) for row in self.rows(*names, **columns).tolist()]

    def container(self, **known):
        """The one container of which that is known, `name="web"`: its number and its row."""
        ((column, value),) = known.items()
        containers = self.frames.containers
        (number,) = containers.index[containers[column] == value]
        return number, containers.loc[number]

    def who_opened(self, path):
        """The containers that opened a path: a number for each time."""
        calls = [call for call in self.calls("openat", "open") if call.text == path]
        of_event = self.frames.events["container"].to_numpy()
        return [int(of_event[call.row]) for call in calls]

    def lost(self):
        """Events lost, by lane, as the end block tells."""
        return self.file.ending["lost"]


@dataclass(frozen=True)
class Call:
    """One event. Columns are attributes: `ret`, `latency`, `fd`, …; texts are bytes."""

    capture: Capture
    row: int

    def __getattr__(self, name):
        if name not in EVENT_COLUMNS:
            raise AttributeError(name)
        value = int(self.capture.columns[name][self.row])
        return self.capture.file.texts[value] if name in TEXT_COLUMNS else value

    @property
    def name(self):
        at = _TYPES[self.code]
        return CATALOGUE[at].name if at >= 0 else f"syscall_{self.code}"

    @property
    def args(self):
        return [self.__getattr__(f"a{index}") for index in range(6)]

    @property
    def payload(self):
        return self.capture.file.payload(self.row)

    @property
    def identity(self):
        return (self.dev, self.ino)

    @property
    def start(self):
        return self.time - self.latency

    @property
    def argv(self):
        """The arguments; the last one is unfinished where the list was cut."""
        return self.text2.removesuffix(b"\0").split(b"\0")

    # What the frames make of it.

    @property
    def descriptor(self):
        """The row of the frame of descriptors as a series, None where there is none."""
        return self._of("descriptors", "descriptor")

    @property
    def process(self):
        return self._of("processes", "process")

    @property
    def container(self):
        return self._of("containers", "container")

    @property
    def image(self):
        return self._of("images", "image")

    @property
    def path(self):
        return self._path("path")

    @property
    def path2(self):
        return self._path("path2")

    def _of(self, table, column):
        frames = self.capture.frames
        at = int(frames.events[column].to_numpy()[self.row])
        return getattr(frames, table).iloc[at] if at >= 0 else None

    def _path(self, column):
        frames = self.capture.frames
        at = int(frames.events[column].to_numpy()[self.row])
        return frames.paths[at] if at >= 0 else None


def kernel_device(st_dev):
    """A device as the kernel numbers it (and captures hold it), from what stat tells."""
    return os.major(st_dev) << 20 | os.minor(st_dev)


def _size(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
