"""Threads that open, duplicate and close the same low descriptor numbers all the time.

Every thread works on descriptors that are its own at that moment, but the numbers go round between the
threads. What each thread did is told as (call, fd, device, inode) in its own order, as fstat saw it.
"""

import json
import os
import random
import sys
import threading

THREADS, ROUNDS = 4, 400
folder = sys.argv[1]
paths = [f"{folder}/file-{number}" for number in range(16)]
for path in paths:
    with open(path, "wb") as file:
        file.write(b"some bytes to read")
done = {}


def work(number):
    chance = random.Random(number)
    steps = done[threading.get_native_id()] = []
    target = 200 + number

    def did(call, fd, stat):
        steps.append((call, fd, stat.st_dev, stat.st_ino))

    for _ in range(ROUNDS):
        fd = os.open(chance.choice(paths), os.O_RDONLY)
        stat = os.fstat(fd)
        did("openat", fd, stat)
        os.read(fd, 3)
        did("read", fd, stat)
        way = chance.randrange(4)
        if way == 0:
            copy = os.dup(fd)
            did("fcntl", fd, stat)
            os.read(copy, 3)
            did("read", copy, stat)
            os.close(copy)
            did("close", copy, stat)
        elif way == 1:
            os.dup2(fd, target, inheritable=False)
            did("dup3", target, stat)
            os.read(target, 3)
            did("read", target, stat)
        elif way == 2:
            os.closerange(target, target + 1)
        os.close(fd)
        did("close", fd, stat)


threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"pid": os.getpid(), "done": done}))
