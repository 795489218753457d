/* The cheapest calls there are, one kind a time: prints how long each took, in nanoseconds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int count, char **argument)
{
    long calls = count > 2 ? atol(argument[2]) : 0, done = 0;
    char byte[64];
    struct stat status;
    int from = open("/dev/zero", O_RDONLY), to = open("/dev/null", O_WRONLY);
    if (calls < 4) return 2;
    double began = now();
    if (!strcmp(argument[1], "getpid"))
        for (; done < calls; done += 1) syscall(SYS_getpid);
    else if (!strcmp(argument[1], "read-write"))
        for (; done < calls; done += 2) {
            if (read(from, byte, 1) != 1 || write(to, byte, 1) != 1) return 1;
        }
    else if (!strcmp(argument[1], "open-fstat-read-close"))
        for (; done < calls; done += 4) {
            int file = open("/etc/passwd", O_RDONLY);
            if (fstat(file, &status) || read(file, byte, sizeof byte) < 1 || close(file)) return 1;
        }
    printf("%.1f\n", (now() - began) / done);
    return 0;
}
