"""Calls that can be counted one by one over some seconds, beside a thread that waits all the time."""

import json
import os
import sys
import threading
import time

ends = time.monotonic() + float(sys.argv[2])
source = os.open("/dev/zero", os.O_RDONLY)
idle, _ = os.pipe()
threading.Thread(target=os.read, args=(idle, 1), daemon=True).start()
count = 0
while time.monotonic() < ends:
    for _ in range(10):
        os.pread(source, 1, count)
        count += 1
    time.sleep(0.001)
print(json.dumps({"pid": os.getpid(), "count": count, "fd": source}))
