"""Samples of processes, taken from the /proc of this machine."""

import os
import subprocess
import sys
import time

from capture.agent.samples import Sampler, read_samples
from capture.format import SAMPLE_COLUMNS

BUSY = """
import time
x = bytearray(30 << 20)
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
print(flush=True)
time.sleep(60)
"""


def test_a_process_is_told_with_its_time_memory_faults_and_threads():
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        start, cpu, rss, vms, minflt, _, threads = read_samples()[child.pid]
        child.kill()
    assert 0 < start <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert 250_000_000 <= cpu < 5_000_000_000
    assert 30 << 20 <= rss <= vms
    assert minflt >= (30 << 20) // os.sysconf("SC_PAGE_SIZE") // 512  # huge pages fault once
    assert threads == 1


def test_the_sampler_is_in_no_sample_and_names_that_look_like_fields_do_not_mislead():
    name = b") R 1 2 3"
    program = f"import ctypes, time; ctypes.CDLL(None).prctl(15, {name!r}); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        samples = read_samples()
        child.kill()
    assert os.getpid() not in samples
    assert samples[child.pid][-1] == 1


def test_a_round_tells_of_those_that_did_something_since_the_one_before():
    rounds = []
    sampler = Sampler(rounds.append, 1_000)
    sampler.take()
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        sampler.take()
        time.sleep(0.05)
        sampler.take()
        child.kill()
    assert all(set(columns) == set(SAMPLE_COLUMNS) for columns in rounds)
    assert all(len(values) == len(columns["time"]) for columns in rounds for values in columns.values())
    assert child.pid not in rounds[0]["pid"]
    assert child.pid in rounds[1]["pid"]
    assert sum(child.pid in columns["pid"] for columns in rounds) == 1
    (place,) = (rounds[1]["pid"] == child.pid).nonzero()[0]
    assert rounds[1]["start"][place] < rounds[1]["time"][place]


def test_a_sampler_that_ends_takes_a_last_round():
    rounds = []
    sampler = Sampler(rounds.append, 0)
    sampler.start()
    sampler.finish()
    assert len(rounds) == 1
