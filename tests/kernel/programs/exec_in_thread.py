"""A thread that is not the first runs a new program, and so becomes the first."""

import json
import os
import sys
import threading
import time

if len(sys.argv) > 2:
    print(json.dumps({"pid": os.getpid(), "tid": threading.get_native_id(), "thread": int(sys.argv[2])}))
    sys.exit()


def work():
    tid = str(threading.get_native_id())
    os.execv(sys.executable, [sys.executable, "-E", "-S", "-s", "-B", *sys.argv, tid])


threading.Thread(target=work).start()
time.sleep(30)
