"""Which program a process ran, and when: inherited at the fork, another at each exec.

A process that gives itself another name runs the same program under that name from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from capture.format.joins import Latest, follow, pair_codes
from capture.identity.descriptors import Descriptors
from capture.identity.events import EXECS, EventColumns
from capture.identity.executables import NOTHING_KNOWN, Executable, Identity
from capture.identity.names import BY_DESCRIPTOR
from capture.identity.paths import Paths
from capture.identity.processes import Processes
from capture.identity.renames import find_renames, names_given
from capture.identity.snapshot import Row, Table, integer_of, text_of
from capture.identity.told_paths import TELLS, told_names
from capture.model.program_file import ProgramFile, ProgramFlag, name_alone, program_file

_COMM = 15
"""Bytes that the kernel keeps of a program's name."""


@dataclass(frozen=True)
class Program:
    """What a process was started as. Empty: not known."""

    comm: str = ""
    exe: str = ""
    exepath: str = ""
    args: str = ""
    argv: str = ""
    """The arguments after the first, a NUL after each."""
    dev: int = -1
    ino: int = -1
    mode: int = -1
    script: str = ""
    """Path of the script that was given, where the program is its interpreter."""
    file: ProgramFile | None = None
    """What the kernel knew of the program's file."""
    environment: bytes | None = None
    """Variables, each ends with a NUL; None: not recorded."""
    executable: Executable = NOTHING_KNOWN
    script_file: Executable = NOTHING_KNOWN

    @property
    def cmdline(self) -> str:
        """Name and arguments, as analysts read them."""
        return f"{self.comm} {self.args}" if self.args else self.comm


@dataclass(frozen=True)
class Images:
    """A row an image. The first rows are what each process began with, in the order of the processes."""

    process: np.ndarray
    since: np.ndarray
    """UTC ns, -1 not known."""
    event: np.ndarray
    """The row of the exec, -1 inherited, renamed or from the snapshot."""
    program: np.ndarray
    """int32: position in `programs`; of a copy, its parent's."""
    programs: list[Program]
    comm: list[str]
    """The name when the image began: that of its program, unless the program had renamed itself by then."""
    cwd: np.ndarray
    """int32: position in the names of paths, -1 not known."""
    of_event: np.ndarray
    """int32: the image of each event; an exec belongs to the image that it begins."""
    of_process: np.ndarray
    """int32: the last image of each process."""


def find_images(events: EventColumns, processes: Processes, paths: Paths, listed: Table) -> Images:
    """Who ran what. `listed`: the snapshot's processes."""
    count = len(processes)
    rows = events.rows_of(EXECS)
    rows = rows[events.ret[rows] == 0]
    renames = find_renames(events, processes)
    begins = np.concatenate((rows, renames))
    process = np.concatenate((np.arange(count, dtype=np.int32), processes.of_event[begins]))
    began = np.concatenate((np.full(count, -1), begins))
    life = Latest(process, began, count)
    of_event = life.find_each(processes.of_event, events.row_of("image"))
    programs = [Program(), *(_listed_program(row) for row in listed)]
    same = np.zeros(len(renames), np.int64)
    own = np.concatenate((processes.snapshot + 1, _executed(events, rows, paths, programs), same))
    source = _inherited_from(processes, life, len(process))
    first_rename = len(process) - len(renames)
    named = follow(source.copy())
    source[first_rename:] = life.find(processes.of_event[renames], renames - 1)
    source = follow(source)
    program = own[source].astype(np.int32)
    program = np.where(program == 0, own, program).astype(np.int32)
    since = np.concatenate((processes.start, events.time[begins]))
    cwd = np.concatenate((paths.cwd, paths.cwd_at(processes.of_event[begins], begins)))
    last = life.find(np.arange(count), np.full(count, len(events)))
    comm = [programs[which].comm for which in program.tolist()]
    comm[first_rename:] = names_given(events, renames)
    for copy in np.flatnonzero(named >= first_rename).tolist():
        comm[copy] = comm[named[copy]]
    _rename_copies(comm, events, processes)
    _name_the_unknown(comm, last, events, processes)
    return Images(
        process=process,
        since=since,
        event=np.concatenate((began[: count + len(rows)], np.full(len(renames), -1))),
        program=program,
        programs=programs,
        comm=comm,
        cwd=cwd,
        of_event=of_event,
        of_process=last.astype(np.int32),
    )


def _inherited_from(processes: Processes, life: Latest, images: int) -> np.ndarray:
    """For each image the one it copies: its parent's at the fork; itself where it is no copy."""
    source = np.arange(images)
    made = np.flatnonzero((processes.forked >= 0) & (processes.parent >= 0))
    copied = life.find(processes.parent[made], processes.forked[made])
    # A parent of which nothing is known teaches nothing that the snapshot does not know better.
    source[made] = np.where(copied >= 0, copied, made)
    return source


def _executed(events: EventColumns, rows: np.ndarray, paths: Paths, programs: list[Program]) -> np.ndarray:
    """The program of each exec; distinct ones are added to `programs`."""
    _, _, file = pair_codes(events.dev[rows], events.ino[rows])
    _, _, words = pair_codes(events.text[rows], events.text2[rows])
    _, _, given = pair_codes(words, paths.first[rows])
    _, _, more = pair_codes(events.exe[rows], events.env[rows])
    _, _, named = pair_codes(file, given)
    _, _, code = pair_codes(pair_codes(named, more)[2], events.mode[rows])
    told = _told(events, rows, paths)
    _, _, code = pair_codes(code, told)
    distinct = np.zeros(int(code.max(initial=-1)) + 1, np.int64)
    distinct[code[::-1]] = np.arange(len(rows))[::-1]
    told, distinct = told[distinct], rows[distinct]
    start = len(programs)
    columns = (events.text, events.text2, events.exe, events.env)
    texts = ([events.texts[at] for at in column[distinct].tolist()] for column in columns)
    numbers = (column[distinct].tolist() for column in (events.dev, events.ino, events.mode, events.env))
    names = paths.names.all
    path = [names[at] if at >= 0 else "" for at in paths.first[distinct].tolist()]
    opened = [names[at] if at >= 0 else "" for at in told.tolist()]
    facts = zip(zip(*texts, strict=True), path, opened, zip(*numbers, strict=True), strict=True)
    programs.extend(_executed_program(*fact) for fact in facts)
    return code + start


def _told(events: EventColumns, rows: np.ndarray, paths: Paths) -> np.ndarray:
    """int64: the path that the kernel told of the file that each exec runs, -1 none."""
    every = np.sort(np.concatenate((rows, events.rows_of([TELLS]))))
    _, _, identity = pair_codes(events.dev[every], events.ino[every])
    asked = paths.first[every].astype(np.int64)
    name = told_names(events, every, identity, asked, np.zeros(len(every), np.int64))
    return np.where(name != asked, name, -1)[np.searchsorted(every, rows)]


def _executed_program(
    recorded: tuple[bytes, bytes, bytes, bytes], path: str, opened: str, numbers: tuple[int, int, int, int]
) -> Program:
    (name, argv, exe, environment), (dev, ino, mode, has_environment) = recorded, numbers
    # Each argument ends with a NUL, also the last, unless it was cut.
    first, _, args = argv.removesuffix(b"\0").partition(b"\0")
    file = program_file(exe)
    is_script = file is not None and ProgramFlag.SCRIPT in file.flags
    return Program(
        comm=text_of(_name_of(exe, file, name)),
        exe=text_of(first),
        # The kernel puts the interpreter's path before the script's.
        exepath=opened or (text_of(first) if is_script else path),
        args=text_of(args.replace(b"\0", b" ")),
        argv=text_of(args + b"\0") if args or argv.count(b"\0") > 1 else "",
        dev=dev if ino else -1,
        ino=ino if 0 < ino < 1 << 63 else -1,
        mode=mode if ino else -1,
        script=path if is_script else "",
        file=file,
        environment=environment if has_environment else None,
    )


def _name_of(exe: bytes, file: ProgramFile | None, path: bytes) -> bytes:
    told = file.comm if file else name_alone(exe)
    return told or path.rpartition(b"/")[2][:_COMM]


def _listed_program(row: Row) -> Program:
    argv = row.get("argv")
    words = [text_of(word) for word in argv] if isinstance(argv, list | tuple) else []
    dev, ino = integer_of(row.get("dev")), integer_of(row.get("ino"))
    environ = row.get("environ")
    variables = [word for word in environ if isinstance(word, bytes)] if isinstance(environ, list) else None
    return Program(
        comm=text_of(row.get("comm")),
        exe=words[0] if words else "",
        exepath=text_of(row.get("exe")),
        args=" ".join(words[1:]),
        argv="".join(f"{word}\0" for word in words[1:]),
        dev=dev if ino > 0 else -1,  # a kernel thread has no file: 0
        ino=ino if ino > 0 else -1,
        mode=integer_of(row.get("exe_mode")),
        file=_listed_file(row),
        environment=b"\0".join([*variables, b""]) if isinstance(variables, list) else None,
    )


def _listed_file(row: Row) -> ProgramFile | None:
    """What /proc told of the program's file; None where an older recorder did not ask."""
    if "exe_links" not in row:
        return None
    links, size, uid, gid = (integer_of(row.get(f"exe_{name}")) for name in ("links", "size", "uid", "gid"))
    flags = ProgramFlag.LAYER_UNKNOWN
    if links == 0:
        flags |= ProgramFlag.UNLINKED
    if links == 0 and text_of(row.get("exe")).startswith("/memfd:"):
        flags |= ProgramFlag.MEMFD
    mtime, ctime = integer_of(row.get("exe_mtime")), integer_of(row.get("exe_ctime"))
    return ProgramFile(flags, links, size, mtime, ctime, uid, gid, 0)


def with_names_of_files(images: Images, descriptors: Descriptors) -> Images:
    """Programs that were begun by descriptor alone (fexecve) get the name by which their file was known."""
    programs = list(images.programs)
    nameless = np.array([program.exepath.startswith(BY_DESCRIPTOR.decode()) for program in programs])
    for image in np.flatnonzero((images.event >= 0) & nameless[images.program]).tolist():
        thing, program = int(descriptors.of_event[images.event[image]]), int(images.program[image])
        if thing >= 0 and descriptors.name[thing]:
            programs[program] = replace(programs[program], exepath=descriptors.name[thing])
    return replace(images, programs=programs)


def with_executables(
    images: Images, known: Mapping[Identity, Executable], scripts: Mapping[str, Executable]
) -> Images:
    """What the recorder found out about the files of programs and scripts."""
    return replace(images, programs=[_with_executable(each, known, scripts) for each in images.programs])


def _with_executable(
    program: Program, known: Mapping[Identity, Executable], scripts: Mapping[str, Executable]
) -> Program:
    if program.file is None:
        return program
    file = program.file
    found = known.get((program.dev, program.ino, file.size, file.mtime, file.ctime), NOTHING_KNOWN)
    script = scripts.get(program.script, NOTHING_KNOWN) if program.script else NOTHING_KNOWN
    return replace(program, executable=found, script_file=script)


def _rename_copies(comm: list[str], events: EventColumns, processes: Processes) -> None:
    """A fork tells what its creator was called at that moment."""
    made = np.flatnonzero(processes.forked >= 0)
    told = events.text[processes.forked[made]]
    named = {code: text_of(events.texts[code]) for code in np.unique(told).tolist() if code}
    for row, code in zip(made.tolist(), told.tolist(), strict=True):
        if code:
            comm[row] = named[code]


def _name_the_unknown(comm: list[str], last: np.ndarray, events: EventColumns, processes: Processes) -> None:
    """Who is named by no fork, exec or snapshot has the name it ended with. `last`: each one's last image."""
    rows = events.rows_of(["procexit"])
    rows = rows[(events.text[rows] > 0) & (events.pid[rows] == events.tid[rows])]
    for row, process in zip(rows.tolist(), processes.of_event[rows].tolist(), strict=True):
        if process >= 0 and not comm[last[process]]:
            comm[last[process]] = text_of(events.texts[events.text[row]])
