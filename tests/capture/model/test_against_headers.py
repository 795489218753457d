"""Every name of every table against its value in this machine's kernel headers, as the C compiler sees it.

Headers are compiled in groups, for some cannot stand beside each other. A name that no group knows is newer
than the headers, or no constant of theirs.
"""

import re
import shutil
import subprocess

import pytest

from capture.model.errnos import ERRNOS
from capture.model.signals import SIGNALS
from capture.model.symbols import KeyedTable
from capture.model.tables import TABLES

GROUPS = {
    "system": """
        linux/fcntl.h linux/stat.h linux/mount.h linux/openat2.h linux/fs.h linux/eventpoll.h linux/poll.h
        linux/inotify.h linux/fanotify.h linux/eventfd.h linux/signalfd.h linux/timerfd.h linux/userfaultfd.h
        linux/io_uring.h linux/mman.h linux/memfd.h linux/mempolicy.h linux/sched.h linux/sched/types.h
        linux/wait.h linux/ptrace.h linux/prctl.h linux/securebits.h linux/capability.h linux/seccomp.h
        linux/landlock.h linux/kcmp.h linux/ioprio.h linux/membarrier.h linux/rseq.h linux/resource.h
        linux/personality.h linux/futex.h linux/ipc.h linux/shm.h linux/sem.h linux/msg.h linux/keyctl.h
        linux/time.h linux/timex.h linux/reboot.h linux/random.h linux/module.h linux/kexec.h linux/bpf.h
        linux/perf_event.h linux/pidfd.h linux/xattr.h linux/falloc.h linux/fadvise.h linux/close_range.h
        linux/quota.h linux/dqblk_xfs.h linux/elf.h asm/prctl.h asm/termbits.h asm/signal.h asm/ioctls.h
        linux/termios.h linux/vt.h linux/kd.h linux/loop.h linux/dm-ioctl.h linux/kvm.h linux/nbd.h
        linux/sockios.h linux/if_tun.h linux/nsfs.h linux/rtc.h linux/watchdog.h linux/hdreg.h scsi/sg.h
        scsi/scsi_ioctl.h linux/btrfs.h linux/vhost.h linux/fuse.h linux/fscrypt.h linux/fsverity.h
        linux/blktrace_api.h linux/blkzoned.h linux/pr.h linux/sed-opal.h linux/nvme_ioctl.h linux/cdrom.h
        linux/ppp-ioctl.h linux/ptp_clock.h linux/pps.h linux/tee.h linux/vduse.h linux/vfio.h linux/media.h
        linux/spi/spidev.h linux/gpio.h linux/rfkill.h linux/usbdevice_fs.h linux/ipmi.h linux/mei.h
        linux/mtio.h mtd/mtd-abi.h linux/ndctl.h linux/cxl_mem.h linux/fsmap.h linux/f2fs.h linux/msdos_fs.h
        linux/hpet.h linux/suspend_ioctls.h asm/mce.h asm/msr.h asm/sgx.h linux/vtpm_proxy.h linux/kcov.h
        linux/dma-buf.h linux/dma-heap.h linux/sync_file.h linux/android/binder.h linux/udmabuf.h
        linux/nitro_enclaves.h linux/sev-guest.h linux/cec.h linux/uvcvideo.h linux/lirc.h linux/ppdev.h
        linux/fd.h linux/major.h linux/raid/md_u.h linux/i2c-dev.h linux/iio/buffer.h linux/iio/events.h
        linux/hidraw.h linux/hiddev.h
    """,
    "network": """
        linux/ioctl.h linux/socket.h asm/socket.h linux/in.h linux/in6.h linux/tcp.h linux/udp.h
        linux/if_packet.h linux/if_ether.h linux/netlink.h linux/if_alg.h linux/tls.h linux/if_xdp.h
        linux/vm_sockets.h linux/tipc.h linux/rxrpc.h linux/rds.h linux/kcm.h linux/smc.h linux/mctp.h
        linux/can.h linux/can/raw.h linux/can/j1939.h linux/icmp.h linux/icmpv6.h linux/mroute.h
        linux/mroute6.h linux/netfilter_ipv4.h linux/netfilter_ipv4/ip_tables.h
        linux/netfilter_ipv6/ip6_tables.h linux/netfilter_arp/arp_tables.h linux/nfc.h
    """,
    "transport": "sys/socket.h netinet/in.h netinet/tcp.h linux/sctp.h linux/mptcp.h",
    "input": """
        linux/input.h linux/uinput.h linux/joystick.h linux/videodev2.h linux/auto_fs.h linux/auto_dev-ioctl.h
    """,
    "sound": "time.h linux/types.h linux/ioctl.h sound/asound.h sound/asequencer.h",
    "library": "fcntl.h sys/mman.h sys/socket.h sys/wait.h sys/shm.h sys/msg.h sched.h time.h unistd.h",
}

PACKED = {"quota_cmd": 8, "ioprio": 13}
"""Tables that show a value with what programs pack below it."""


OF_32_BITS = {"F_GETLK64", "F_SETLK64", "F_SETLKW64"}
"""Other numbers to programs of 64 bits."""


def named():
    """(table, name, number) of every name that can stand in C."""
    for name, table in TABLES.items():
        parts = table.tables.values() if isinstance(table, KeyedTable) else [table]
        for part in parts:
            for number, text in [*part.values.items(), *part.bits.items()]:
                if network_order := re.fullmatch(r"htons\((\w+)\)", text):
                    yield name, network_order[1], int.from_bytes(number.to_bytes(2, "little"), "big")
                else:
                    yield from ((name, word, number) for word in re.findall(r"[A-Z_a-z]\w+", text))
    yield from (("errno", name, number) for number, (name, _) in ERRNOS.items())
    yield from (("signal", name, number) for number, name in SIGNALS.values.items() if number)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Name → every number that a group of headers gives it."""
    if not shutil.which("gcc"):
        pytest.skip("no C compiler (gcc)")
    folder = tmp_path_factory.mktemp("headers")
    words = sorted({word for _, word, _ in named()})
    found = {}
    for group, headers in GROUPS.items():
        for word, number in values_in(folder / group, headers.split(), words):
            found.setdefault(word, set()).add(number)
    if len(found) < 1_000:
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    return found


def values_in(path, headers, words):
    """What these headers know of some words: first which, then their numbers."""
    present = "".join(f"#if __has_include(<{header}>)\n#include <{header}>\n#endif\n" for header in headers)
    start = f"#include <stddef.h>\n#include <stdint.h>\n{present}int printf(const char *, ...);\n"

    def build(names):
        body = "\n".join(f'printf("{name} %lld\\n", (long long)({name}));' for name in names)
        source = path.with_suffix(".c")
        source.write_text(f"{start}int main(void) {{\n{body}\n}}\n")
        command = ["gcc", "-w", "-O0", "-fmax-errors=0", "-fno-diagnostics-show-caret", source, "-o", path]
        return subprocess.run(command, capture_output=True, text=True)  # noqa: PLW1510 - it is meant to fail

    # A macro, or a word of an enumeration.
    path.with_suffix(".c").write_text(start)
    command = ["gcc", "-w", "-E", "-dD", path.with_suffix(".c")]
    seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    known = sorted(set(re.findall(r"[A-Za-z_]\w+", seen)) & set(words))
    result = build(known)
    if result.returncode:  # some are no constants
        first = start.count("\n") + 2
        lines = re.findall(rf"^{re.escape(str(path))}\.c:(\d+):.*error", result.stderr, re.M)
        others = {int(line) - first for line in lines}
        result = build([word for at, word in enumerate(known) if at not in others])
    assert result.returncode == 0, result.stderr[:2_000]
    told = subprocess.run([path], capture_output=True, text=True, check=True).stdout
    return [(word, int(number)) for word, number in (line.split() for line in told.splitlines())]


def test_every_name_has_the_number_that_the_compiler_gives_it(compiled):
    checked, wrong = set(), []
    for table, word, number in named():
        allowed = compiled.get(word)
        if allowed is None or word in OF_32_BITS:
            continue
        checked.add(word)
        if table == "personality" and word.startswith("PER_"):
            allowed = {given & 0xFF for given in allowed}  # shown without the flags that belong to it
        if table == "capability_set":
            allowed = {1 << given for given in allowed}
        shifted = number >> PACKED.get(table, 0)
        if not {shifted & 0xFFFFFFFF, number & 0xFFFFFFFF} & {given & 0xFFFFFFFF for given in allowed}:
            wrong.append((table, word, hex(number), [hex(given) for given in allowed]))
    assert wrong == []
    assert len(checked) > 3_300
