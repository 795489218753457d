"""Signals of all kinds: handled, ignored, deadly, faults, from timers."""

import json
import os
import signal
import subprocess
import sys
import time

PYTHON = [sys.executable, "-E", "-S", "-s", "-B", "-c"]
facts = {"pid": os.getpid()}

got = []
signal.signal(signal.SIGUSR1, lambda number, frame: got.append(number))
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR2)
signal.signal(signal.SIGALRM, lambda number, frame: got.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.05)
facts["got"] = got


def sleeper(number):
    """A process that dies of a signal; its pid."""
    child = subprocess.Popen(
        [*PYTHON, "import time; print(flush=True); time.sleep(60)"], stdout=subprocess.PIPE
    )
    child.stdout.readline()
    child.send_signal(number)
    child.wait()
    return child.pid


facts["killed"] = sleeper(signal.SIGKILL)
facts["terminated"] = sleeper(signal.SIGTERM)
facts["faulty"] = child = os.fork()
if not child:
    import ctypes
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(8)
os.waitpid(child, 0)
# Threads of a process that calls exit are ended by a signal that nobody sent.
threads = "import threading, time, os; threading.Thread(target=time.sleep, args=(60,)).start(); os._exit(3)"
quitter = subprocess.Popen([*PYTHON, threads])
quitter.wait()
facts["quitter"] = quitter.pid
print(json.dumps(facts))
