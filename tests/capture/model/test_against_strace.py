"""Names of flags and choices as strace, which has tables of its own, prints the same numbers.

A program is made that passes every number of every table in its call. strace lets none of these calls reach
the kernel: each is made to fail before it begins.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from capture.model.catalogue import SYSTEM_CALL_SPECS
from capture.model.decode import format_args
from capture.model.events import ArgKind
from capture.model.symbols import ALL_BITS, KeyedTable
from capture.model.tables import TABLES

PROGRAM = """
static long call(long number, const unsigned long *a)
{
    long result;
    register unsigned long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
static const unsigned long rows[][7] = { %s };
void _start(void)
{
    unsigned long none[6] = { 0 };
    /* Only where calls do not reach the kernel. */
    if (call(39, none) == -38)
        for (unsigned at = 0; at < sizeof(rows) / sizeof(*rows); at++) call(rows[at][0], rows[at] + 1);
    call(231, none);
}
"""
COMMAND = ["strace", "-qq", "-s", "0", "-e", "signal=none", "-e", "inject=!execve,exit_group:error=ENOSYS"]
REAL = {"execve", "exit_group", "rt_sigreturn", "exit"}


@dataclass(frozen=True)
class Case:
    """One call with one number in one argument."""

    spec: object
    at: int
    args: tuple[int, ...]

    def ours(self):
        parts = format_args(self.spec, self.args, (None, None), None, b"", 0, 0)
        return dict(parts).get(self.spec.args[self.at].name)


def cases():
    for spec in SYSTEM_CALL_SPECS:
        if spec.x86_64 is None or spec.name in REAL:
            continue
        for at, arg in enumerate(spec.args):
            if arg.kind is ArgKind.SIGNAL:
                yield from (_case(spec, at, number) for number in range(1, 65))
            if not arg.table or arg.kind is ArgKind.STRUCT:
                continue
            table = TABLES[arg.table]
            if not isinstance(table, KeyedTable):
                yield from (_case(spec, at, number) for number in _numbers(table))
                continue
            key = [other.name for other in spec.args].index(table.by)
            for value, part in table.tables.items():
                yield from (_case(spec, at, number, (key, value)) for number in _numbers(part))


def _numbers(table):
    return [*table.values, *table.bits]


def _case(spec, at, number, key=None):
    args = [0] * 6
    args[at] = number & ALL_BITS
    if key:
        args[key[0]] = key[1]
    return Case(spec, at, tuple(args))


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """(case, what strace prints of it)."""
    for tool, package in (("strace", "strace"), ("gcc", "gcc")):
        if not shutil.which(tool):
            pytest.skip(f"no {tool}: apt-get install {package}")
    folder, made = tmp_path_factory.mktemp("strace"), list(cases())
    source, program, output = folder / "calls.c", folder / "calls", folder / "out"
    rows = ",\n".join(
        "{" + ",".join(f"{value:#x}ul" for value in (case.spec.x86_64, *case.args)) + "}" for case in made
    )
    source.write_text(PROGRAM % rows)
    subprocess.run(["gcc", "-O1", "-nostdlib", "-static", "-o", program, source], check=True)
    subprocess.run([*COMMAND, "-o", output, program], check=True, timeout=120)
    lines = output.read_text().splitlines()[2:-1]  # without the program's begin, the trial and its end
    if len(lines) != len(made):
        pytest.skip(f"strace may not trace here: {len(lines)} lines of {len(made)}")
    return list(zip(made, lines, strict=True))


def arguments(line):
    """The arguments of a line, without remarks and names."""
    line = line.partition(" = -1 ENOSYS")[0].rstrip()
    inside = re.sub(r"/\*.*?\*/", "", line[line.index("(") + 1 : -1])
    found, depth, start = [], 0, 0
    for at, char in enumerate(f"{inside},"):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            found.append(re.sub(r"^\w+=", "", inside[start:at].strip()))
            start = at + 1
    return found


SAME = {
    **{
        "O_ASYNC": "FASYNC",
        "FUTEX_WAIT|FUTEX_PRIVATE_FLAG": "FUTEX_WAIT_PRIVATE",
        "NT_PRFPREG": "NT_FPREGSET",
    },
    **{"NT_TASKSTRUCT": "NT_PRXREG", "SIGRT_0": "SIGRTMIN", "SCHED_NORMAL": "SCHED_OTHER"},
    **{f"SO_{name}": f"SO_{name}_OLD" for name in ("RCVTIMEO", "SNDTIMEO", "TIMESTAMP", "TIMESTAMPNS")},
    **{"SO_TIMESTAMPING": "SO_TIMESTAMPING_OLD", "SCTP_DELAYED_ACK_TIME": "SCTP_DELAYED_SACK"},
    **{"DMA_BUF_SET_NAME": "DMA_BUF_SET_NAME_B", "PPPIOCGIDLE": "PPPIOCGIDLE64"},
    **{"PR_SYS_DISPATCH_EXCLUSIVE_ON": "PR_SYS_DISPATCH_ON"},
    **{"FAN_MARK_MNTNS": "FAN_MARK_MOUNT|FAN_MARK_FILESYSTEM", "O_NOTIFICATION_PIPE": "O_EXCL"},
}
"""Two names for one number, ours first."""

SPELT_OUT = ("IN_ALL_EVENTS", "KEY_POS_ALL", "KEY_USR_ALL", "KEY_GRP_ALL", "KEY_OTH_ALL", "0")
"""Names for many bits at once, and what none of them has, which strace shows in its own way."""


def names(text):
    return {word for word in re.findall(r"\b[A-Z][A-Za-z0-9_]+", text) if word not in FILLERS}


FILLERS = {
    "NULL",
    "MAP_FILE",
    "AT_STATX_SYNC_AS_STAT",
    "QCMD",
    "USRQUOTA",
    "PR_TAGGED_ADDR_ENABLE",
    "PR_MTE_TCF_NONE",
}
"""What strace adds where nothing stands."""


def test_what_strace_has_a_name_for_has_it_here_too(printed):
    wrong, agreed = [], 0
    for case, line in printed:
        ours, theirs = case.ours(), arguments(line)
        if (
            ours is None
            or ours in SPELT_OUT
            or case.at >= len(theirs)
            or "??" in line
            or line[:8] == "syscall_"
        ):
            continue
        for old, new in SAME.items():
            ours = re.sub(rf"(?<![A-Z_]){re.escape(old)}(?![A-Z_0-9])", new, ours)
        shown = theirs[case.at]
        if names(shown) and not (
            names(ours) & names(shown) if " or " in shown else names(ours) >= names(shown)
        ):
            wrong.append((case.spec.name, ours, line.partition(" = -1")[0].rstrip()))
        agreed += bool(names(shown))
    assert wrong == []
    assert agreed > 4_900
