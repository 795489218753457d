"""Reads in a second thread."""

import json
import os
import sys
import threading

path = f"{sys.argv[1]}/read-by-thread"
with open(path, "wb") as file:
    file.write(bytes(100))
facts = {"pid": os.getpid(), "main": threading.get_native_id(), "path": path}


def work():
    facts["tid"] = threading.get_native_id()
    fd = os.open(path, os.O_RDONLY)
    for _ in range(17):
        os.read(fd, 1)
    os.close(fd)


thread = threading.Thread(target=work)
thread.start()
thread.join()
while os.path.exists(f"/proc/self/task/{facts['tid']}"):
    pass  # to join a thread of Python is not to see it end
fd = os.open(path, os.O_RDONLY)
for _ in range(11):
    os.read(fd, 1)
print(json.dumps(facts))
