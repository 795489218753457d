"""Tables of names: whole, and true to the headers of the machine that runs the test."""

import re
from pathlib import Path

import pytest

from capture.model.catalogue import CATALOGUE, spec_named
from capture.model.events import Arg, ArgKind
from capture.model.members import KeyedStructure
from capture.model.structures import STRUCTURES
from capture.model.symbols import ALL_BITS, KeyedTable, choice, flags, numbers, sequence
from capture.model.tables import AARCH64_TABLES, TABLES, table_named
from capture.model.values import format_value, name_value

HEADERS = ("/usr/include/linux", "/usr/include/asm-generic", "/usr/include/x86_64-linux-gnu/asm")
LIBC_HEADERS = ("/usr/include/x86_64-linux-gnu/bits", "/usr/include/x86_64-linux-gnu/sys")

# Names that the headers use for something else too, or spell for other numbers than programs pass.
OTHER_IN_HEADERS = {
    "O_LARGEFILE",  # the C library hides it on 64-bit machines
    "O_SYNC",
    "O_TMPFILE",
    *("F_GETLK64", "F_SETLK64", "F_SETLKW64"),  # their numbers in programs of 32 bits
    "PTRACE_PEEKUSER",  # the kernel's headers say PEEKUSR
}


def plain_tables(tables=TABLES):
    for name, table in tables.items():
        if isinstance(table, KeyedTable):
            yield from ((f"{name}[{key:#x}]", part) for key, part in table.tables.items())
        else:
            yield name, table


def literal(text):
    """The number that a header writes out, None for anything that must be computed."""
    text = re.sub(r"/\*.*", "", text).strip().strip("()").strip()
    if shift := re.fullmatch(r"\(?1[UL]*\)?\s*<<\s*(\d+)", text):
        return 1 << int(shift[1])
    if number := re.fullmatch(r"(-?(?:0x[0-9a-fA-F]+|\d+))[uUlL]*", text):
        digits = number[1]
        return int(digits, 8) if re.fullmatch(r"0[0-7]+", digits) else int(digits, 0)
    return None


def enumerators(body):
    value = -1
    for item in re.sub(r"/\*.*?\*/", "", body, flags=re.S).split(","):
        name, _, given = (part.strip() for part in item.partition("="))
        if not re.fullmatch(r"[A-Z]\w+", name):
            return
        value = value + 1 if not given else literal(given)
        if value is None:
            return
        yield name, value


@pytest.fixture(scope="module")
def header_numbers():
    """Name → every number that a header of this machine gives it."""
    found = {}
    files = [path for folder in (*HEADERS, *LIBC_HEADERS) for path in Path(folder).glob("*.h")]
    for path in files:
        text = path.read_text(errors="replace")
        defined = [
            (n, literal(v)) for n, v in re.findall(r"^\s*#\s*define\s+([A-Z_]\w+)\s+(.+)$", text, re.M)
        ]
        listed = [
            pair for body in re.findall(r"\benum\s*\w*\s*\{([^}]*)\}", text) for pair in enumerators(body)
        ]
        for name, number in [*defined, *listed]:
            if number is not None:
                found.setdefault(name, set()).add(number)
    if len(found) < 5_000:
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    return found


def test_names_have_the_numbers_of_this_machines_headers(header_numbers):
    checked, wrong = 0, []
    for table_name, table in plain_tables():
        # Shown with what programs pack below them: the type of quota, the level of priority.
        shift = {"quota_cmd": 8, "ioprio": 13}.get(table_name, 0)
        for number, name in [*table.values.items(), *table.bits.items()]:
            allowed = header_numbers.get(name)
            if allowed is None or name in OTHER_IN_HEADERS or (name.endswith("QUOTA") and number < 8):
                continue
            checked += 1
            if table_name == "capability_set":
                allowed = {1 << bit for bit in allowed}
            if not {number >> shift, number - (1 << 32)} & allowed:
                wrong.append((table_name, name, number, allowed))
    assert wrong == []
    assert checked > 1_000


def test_aarch64_differs_from_this_table_only_where_its_kernel_does():
    """Facts of arch/arm64/include/uapi/asm: fcntl.h, mman.h, ptrace.h."""
    ours = {name: bit for _, table in plain_tables(AARCH64_TABLES) for bit, name in table.bits.items()}
    x86 = {name: bit for _, table in plain_tables() for bit, name in table.bits.items()}
    assert {name: bit for name, bit in ours.items() if x86.get(name, bit) != bit} == {
        "O_TMPFILE": 0o20040000,
        "O_DIRECTORY": 0o40000,
        "O_NOFOLLOW": 0o100000,
        "O_DIRECT": 0o200000,
        "O_LARGEFILE": 0o400000,
    }


def test_io_uring_operations_follow_the_header(header_numbers):
    listed = {n: v for n, values in header_numbers.items() if n.startswith("IORING_OP_") for v in values}
    del listed["IORING_OP_LAST"]
    ours = {name: number for number, name in TABLES["io_uring_op"].values.items()}
    assert listed.items() <= ours.items()


def test_every_table_that_an_argument_names_exists():
    used = {
        arg.table for spec in CATALOGUE for arg in spec.args if arg.table and arg.kind is not ArgKind.STRUCT
    }
    assert used - set(TABLES) == set()


def test_every_structure_that_an_argument_names_has_a_layout_with_tables_that_exist():
    used = {arg.table for spec in CATALOGUE for arg in spec.args if arg.kind is ArgKind.STRUCT}
    assert used <= set(STRUCTURES)
    forms = [
        form
        for known in STRUCTURES.values()
        for form in (known.structures.values() if isinstance(known, KeyedStructure) else [known])
    ]
    tables = {member.arg.table for form in forms for member in form.members if member.arg.table}
    assert tables <= set(TABLES)
    assert len(forms) > 40


def test_every_set_of_bits_and_every_choice_has_a_table():
    named = (ArgKind.FLAGS, ArgKind.ENUM)
    assert [(s.name, a.name) for s in CATALOGUE for a in s.args if a.kind in named and not a.table] == []
    others = {a.kind for s in CATALOGUE for a in s.args if a.table and a.kind not in named}
    assert others == {ArgKind.HEX, ArgKind.POINTER, ArgKind.STRUCT}


def test_a_table_that_depends_on_an_argument_names_one_of_its_call():
    wrong = [
        (spec.name, arg.name)
        for spec in CATALOGUE
        for arg in spec.args
        if arg.table
        and isinstance(table := {**TABLES, **STRUCTURES}[arg.table], KeyedTable | KeyedStructure)
        and table.by not in [other.name for other in spec.args]
    ]
    assert wrong == []


def test_an_architectures_own_tables_replace_ones_that_exist():
    assert set(AARCH64_TABLES) <= set(TABLES)


def test_a_value_never_reaches_outside_its_mask():
    wrong = [
        (name, number)
        for name, table in plain_tables()
        if table.mask not in (0, ALL_BITS)
        for number in table.values
        if number & ~table.mask
    ]
    assert wrong == []


@pytest.mark.parametrize("tables", [TABLES, AARCH64_TABLES], ids=["x86_64", "aarch64"])
def test_the_flag_of_several_bits_stands_before_its_parts(tables):
    wrong = []
    for name, table in plain_tables(tables):
        bits = list(table.bits)
        wrong += [(name, table.bits[b]) for at, b in enumerate(bits) if any(b & e == e for e in bits[:at])]
    assert wrong == []


@pytest.mark.parametrize(
    ("call", "argument", "value", "text"),
    [
        ("openat", "flags", 0, "O_RDONLY"),
        ("openat", "flags", 0o2000102, "O_RDWR|O_CREAT|O_CLOEXEC"),
        ("openat", "flags", 0o20200002, "O_RDWR|O_TMPFILE"),
        ("openat", "flags", 0o4010001, "O_WRONLY|O_SYNC"),
        ("openat", "flags", 0x80000001_00000000, "O_RDONLY|0x8000000100000000"),
        ("access", "mode", 0, "F_OK"),
        ("access", "mode", 6, "R_OK|W_OK"),
        ("mmap", "prot", 0, "PROT_NONE"),
        ("mmap", "flags", 0x54040021, "MAP_SHARED|MAP_ANONYMOUS|MAP_HUGETLB|21<<26"),
        ("mmap", "flags", 0x22, "MAP_PRIVATE|MAP_ANONYMOUS"),
        ("mmap", "fd", 0xFFFFFFFF, "-1"),
        ("clone", "flags", 0x1200011, "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD"),
        ("unshare", "flags", 0x20080, "CLONE_NEWNS|CLONE_NEWTIME"),
        ("futex", "op", 0x81, "FUTEX_WAKE|FUTEX_PRIVATE_FLAG"),
        ("socket", "type", 0x80001, "SOCK_STREAM|SOCK_CLOEXEC"),
        ("shmget", "shmflg", 0o1600, "IPC_CREAT|0600"),
        ("lseek", "whence", 2, "SEEK_END"),
        ("lseek", "whence", 99, "99"),
        ("lseek", "offset", (1 << 64) - 5, "-5"),
        ("getrusage", "who", 0xFFFFFFFF, "RUSAGE_CHILDREN"),
        ("getrusage", "who", (1 << 64) - 1, "RUSAGE_CHILDREN"),
        ("ioctl", "request", 0x5413, "TIOCGWINSZ"),
        ("ioctl", "request", 0xFFFFFFFF_80045430, "TIOCGPTN"),
        ("ioctl", "request", 0x12345678, "_IOC(none, 0x56, 0x78, 0x1234)"),
        ("wait4", "options", 0x40000001, "WNOHANG|__WALL"),
        ("mount", "flags", 0xC0ED0001, "MS_MGC_VAL|MS_RDONLY"),
        ("mount", "flags", 0x5000, "MS_BIND|MS_REC"),
        ("personality", "persona", 0xFFFFFFFF, "0xffffffff"),
        ("personality", "persona", 0x40000, "PER_LINUX|ADDR_NO_RANDOMIZE"),
        ("quotactl", "cmd", 0x80000701, "Q_GETQUOTA|GRPQUOTA"),
        ("kill", "sig", 9, "SIGKILL"),
        ("kill", "sig", 34, "SIGRT_2"),
        ("kill", "sig", 0, "0"),
        ("kill", "pid", 0xFFFFFFFF, "-1"),
        ("chown", "uid", 0xFFFFFFFF, "-1"),
        ("chmod", "mode", 0o4755, "04755"),
        ("mknod", "mode", 0o010644, "S_IFIFO|0644"),
        ("mknod", "dev", 0x00100803, "8:259"),
        ("brk", "addr", 0, "NULL"),
        ("reboot", "cmd", 0x4321FEDC, "LINUX_REBOOT_CMD_POWER_OFF"),
        ("add_key", "keyring", 0xFFFFFFFD, "KEY_SPEC_SESSION_KEYRING"),
        ("msgget", "key", 0, "IPC_PRIVATE"),
    ],
)
def test_a_number_is_shown_by_its_name(call, argument, value, text):
    arg = next(arg for arg in spec_named(call).args if arg.name == argument)
    assert format_value(arg, value) == text


def test_open_flags_mean_other_bits_on_aarch64():
    arg = Arg("flags", ArgKind.FLAGS, "open_flags")
    assert format_value(arg, 0o40000) == "O_RDONLY|O_DIRECT"
    assert format_value(arg, 0o40000, abi="aarch64") == "O_RDONLY|O_DIRECTORY"


def test_no_bit_of_a_value_is_hidden():
    """Names and the hex remainder of any flags add up to the value again."""
    for name in ("open_flags", "msg_flags", "statx_mask", "fanotify_mask", "mmap_prot"):
        table = table_named(name)
        known = {text: bit for bit, text in [*table.values.items(), *table.bits.items()]}
        for value in (1 << at | 1 << (at * 7 + 3) % 64 for at in range(64)):
            parts = name_value(table, value).split("|")
            assert sum(known.get(part) or int(part, 0) for part in parts if known.get(part) != 0) == value


def test_the_first_name_of_a_number_wins():
    assert numbers("A=1 B=0x1 C=2") == {1: "A", 2: "C"}


def test_small_tables_are_read_as_written():
    assert choice("A=1 B=2").values == {1: "A", 2: "B"}
    assert sequence("A - C", start=5).values == {5: "A", 7: "C"}
    assert name_value(flags("A=1 B=2"), 7) == "A|B|0x4"


@pytest.mark.parametrize(
    ("call", "argument", "value", "text"),
    [
        ("ioctl", "request", 0x81004506, "EVIOCGNAME(256)"),
        ("ioctl", "request", 0x80044801, "HIDIOCGRDESCSIZE or HIDIOCGVERSION"),
        ("ioctl", "request", 0xAE41, "KVM_CREATE_VCPU"),
        ("clock_gettime", "clockid", (1 << 64) - 6, "MAKE_PROCESS_CPUCLOCK(0, CPUCLOCK_SCHED)"),
        ("clock_gettime", "clockid", 0xFFFFFFE3, "FD_TO_CLOCKID(3)"),
        ("ioprio_set", "ioprio", 0x4004, "IOPRIO_CLASS_BE|0x4"),
        ("reboot", "magic1", 0xFEE1DEAD, "LINUX_REBOOT_MAGIC1"),
        ("setsockopt", "level", 282, "SOL_TLS"),
    ],
)
def test_a_number_that_holds_more_than_a_name_shows_all_of_it(call, argument, value, text):
    arg = next(arg for arg in spec_named(call).args if arg.name == argument)
    assert format_value(arg, value) == text
