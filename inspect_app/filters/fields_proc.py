"""Fields of the process, its program, its creators and its session, and of the thread that made the call."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inspect_app.filters.ancestry import (
    ancestors,
    leader_images,
    oldest,
    parent_images,
    parent_processes,
    session_leaders,
)
from inspect_app.filters.cache import remember
from inspect_app.filters.entities import (
    entity_array,
    entity_number,
    entity_text,
    event_rows,
    since_start,
)
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up, occurring
from inspect_app.filters.field import Argument, Compute, Field, FieldType, not_recorded, small_number
from inspect_app.frames.capture import CaptureFrames

SHELLS = frozenset({"sh", "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "tcsh", "yash", "zsh"})

_EMPTY_IS_A_VALUE = frozenset({"args"})


def _image(frames: CaptureFrames, column: str) -> TextFacet:
    """A program's text; having no arguments is a value, having no name is not."""
    known = entity_text(frames, "image", "comm")
    facet = entity_text(frames, "image", column, empty_is_missing=column not in _EMPTY_IS_A_VALUE)
    if column not in _EMPTY_IS_A_VALUE or facet.codes is None or known.codes is None:
        return facet
    return TextFacet(facet.values, np.where(known.codes >= 0, facet.codes, -1), facet.rows)


def _own(column: str) -> Compute:
    return lambda frames, _argument: (_image(frames, column),)


def _through(facet: TextFacet, arrow: np.ndarray) -> TextFacet:
    """The same text of another row: that of the parent, of the leader."""
    codes = arrow if facet.codes is None else look_up(facet.codes, arrow, missing=-1)
    return TextFacet(facet.values, codes, facet.rows)


def single_arguments(frames: CaptureFrames) -> list[list[str] | None]:
    """The single arguments of each image, None where its program is not known."""

    def compute() -> list[list[str] | None]:
        names, argv = (entity_array(frames, "image", column).tolist() for column in ("comm", "argv"))
        return [text.split("\0")[:-1] if name else None for name, text in zip(names, argv, strict=True)]

    return remember(frames, "single arguments", compute)


def _arguments(frames: CaptureFrames, argument: str) -> Facets:
    """With an index one of the arguments after argv[0]: [0] is the first of them."""
    if not argument:
        return (_image(frames, "args"),)
    at = small_number("proc.args", argument)
    words = (None if one is None or at >= len(one) else one[at] for one in single_arguments(frames))
    codes, values = distinct(words)
    return (TextFacet(values, codes, event_rows(frames, "image")),)


def _count_of_words(tell: Callable[[list[str]], int]) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        counts = np.array([-1 if one is None else tell(one) for one in single_arguments(frames)], np.int64)
        return (NumberFacet(counts, counts < 0, event_rows(frames, "image")),)

    return compute


def _letters(words: list[str]) -> int:
    return sum(map(len, words))


def _parent(column: str) -> Compute:
    return lambda frames, _argument: (_through(_image(frames, column), parent_images(frames)),)


def _leader(column: str) -> Compute:
    return lambda frames, _argument: (_through(_image(frames, column), leader_images(frames)),)


def _ancestor(column: str) -> Compute:
    """With an index that ancestor's text, without one that of any ancestor."""

    def compute(frames: CaptureFrames, argument: str) -> Facets:
        facet = _image(frames, column)
        if argument:
            return (_through(facet, ancestors(parent_images(frames), small_number(column, argument))),)
        return (TextFacet(facet.values, facet.codes, facet.rows, parent_images(frames)),)

    return compute


def _ancestor_pid(frames: CaptureFrames, argument: str) -> Facets:
    pids = entity_array(frames, "process", "pid")
    rows = event_rows(frames, "process")
    if not argument:
        return (NumberFacet(pids, pids < 0, rows, parent_processes(frames)),)
    up = ancestors(parent_processes(frames), small_number("proc.apid", argument))
    found = look_up(pids, up, missing=-1)
    return (NumberFacet(found, found < 0, rows),)


def _process(column: str, missing_below: int | None = 0) -> Compute:
    return lambda frames, _argument: (entity_number(frames, "process", column, missing_below=missing_below),)


def _thread(column: str) -> Compute:
    return lambda frames, _argument: (entity_number(frames, "thread", column),)


def _no_terminals(frames: CaptureFrames) -> str:
    known = entity_array(frames, "process", "tty")
    if not len(known) or int(known.max()) >= 0:
        return ""
    return "proc.tty: this capture tells of no process whether it has a terminal"


def _process_rows(frames: CaptureFrames, values: np.ndarray, missing: np.ndarray | None) -> Facets:
    return (NumberFacet(values, missing, event_rows(frames, "process")),)


def _age(frames: CaptureFrames, _argument: str) -> Facets:
    return (since_start(frames, "process", entity_array(frames, "process", "start")),)


def _parent_start(frames: CaptureFrames) -> np.ndarray:
    return look_up(entity_array(frames, "process", "start"), parent_processes(frames), missing=-1)


def _parent_start_time(frames: CaptureFrames, _argument: str) -> Facets:
    start = _parent_start(frames)
    return _process_rows(frames, start, start < 0)


def _parent_age(frames: CaptureFrames, _argument: str) -> Facets:
    return (since_start(frames, "process", _parent_start(frames)),)


def _is_session_leader(frames: CaptureFrames, _argument: str) -> Facets:
    sid = entity_array(frames, "process", "sid")
    return _process_rows(frames, sid == entity_array(frames, "process", "pid"), sid < 0)


def _has_session_leader(frames: CaptureFrames, _argument: str) -> Facets:
    return _process_rows(frames, session_leaders(frames) >= 0, None)


def _login_shell(frames: CaptureFrames, _argument: str) -> Facets:
    names = _image(frames, "comm")
    is_shell = np.array([name in SHELLS for name in names.values], np.bool_)
    per_image = is_shell if names.codes is None else look_up(is_shell, names.codes)
    shells = oldest(per_image, parent_images(frames))
    processes = look_up(entity_array(frames, "image", "process"), shells, missing=-1)
    pids = look_up(entity_array(frames, "process", "pid"), processes, missing=-1)
    return (NumberFacet(pids, pids < 0, event_rows(frames, "image")),)


def _exe_line(frames: CaptureFrames, _argument: str) -> Facets:
    return (_whole_line(frames),)


def _parent_line(frames: CaptureFrames, _argument: str) -> Facets:
    return (_through(_whole_line(frames), parent_images(frames)),)


def _whole_line(frames: CaptureFrames) -> TextFacet:
    """argv[0] and the arguments, each pair of them once."""
    exe, args = _image(frames, "exe"), _image(frames, "args")
    assert exe.codes is not None  # noqa: S101 - entity_text always gives codes
    assert args.codes is not None  # noqa: S101
    both = exe.codes.astype(np.int64) * (len(args.values) + 1) + args.codes + 1
    pairs, codes = np.unique(both, return_inverse=True)
    first, second = np.divmod(pairs, len(args.values) + 1)
    texts = [
        f"{exe.values[one]} {args.values[two - 1]}".rstrip()
        if two and args.values[two - 1]
        else exe.values[one]
        for one, two in zip(first.tolist(), second.tolist(), strict=True)
        if one >= 0
    ]
    return TextFacet(texts, np.where(exe.codes >= 0, codes - (len(pairs) - len(texts)), -1), exe.rows)


def _is_main(frames: CaptureFrames, _argument: str) -> Facets:
    tids = entity_array(frames, "thread", "tid")
    pids = look_up(
        entity_array(frames, "process", "pid"), entity_array(frames, "thread", "process"), missing=-1
    )
    return (NumberFacet(tids == pids, None, event_rows(frames, "thread")),)


def _text(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.TEXT, title, meaning, compute)


def _up(name: str, title: str, what: str, column: str) -> Field:
    meaning = f"{what} of an ancestor: [1] is the parent; without an index, of any ancestor"
    return Field(name, FieldType.TEXT, title, meaning, _ancestor(column), Argument.INDEX,
                 "how many generations up, as in proc.aname[2]")  # fmt: skip


_TOGETHER = "processor time of programs and of the kernel is sampled together: thread.cpu"
_NO_MEMORY = "swapped memory is not sampled"


def _name_and_tid(frames: CaptureFrames, _argument: str) -> Facets:
    names, threads = _image(frames, "comm").event_codes().astype(np.int64), event_rows(frames, "thread")
    values, tids = _image(frames, "comm").values, entity_array(frames, "thread", "tid")
    known = (names >= 0) & (threads >= 0)
    codes, pairs = occurring(np.where(known, names << 32 | threads, -1))
    texts = [
        None if pair < 0 else f"{values[pair >> 32]}({tids[pair & 0xFFFFFFFF]})" for pair in pairs.tolist()
    ]
    merged, distinct_texts = distinct(texts)
    return (TextFacet(distinct_texts, None, merged[codes]),)


def _last_parent_pid(frames: CaptureFrames, _argument: str) -> Facets:
    pids = look_up(
        entity_array(frames, "process", "pid"), entity_array(frames, "process", "last_parent"), missing=-1
    )
    return (NumberFacet(pids, pids < 0, event_rows(frames, "process")),)


def _last_parent_name(frames: CaptureFrames, _argument: str) -> Facets:
    names, last = entity_text(frames, "image", "comm"), entity_array(frames, "process", "last_parent")
    image = look_up(entity_array(frames, "process", "image"), last, missing=-1)
    codes = image if names.codes is None else look_up(names.codes, image, missing=-1)
    return (TextFacet(names.values, codes, event_rows(frames, "process")),)


PROCESS_FIELDS = (
    Field("proc.pid", FieldType.INTEGER, "Pid", "process id, as the host sees it", _process("pid")),
    Field("proc.ppid", FieldType.INTEGER, "Parent", "pid of the process that created it", _process("ppid")),
    Field("proc.last.ppid", FieldType.INTEGER, "Last parent", "pid of its parent in the end: who adopted it once its creator had ended",
          _last_parent_pid),
    _text("proc.last.pname", "Last parent's name", "last name of its parent in the end", _last_parent_name),
    Field("proc.apid", FieldType.INTEGER, "Ancestor", "pid of an ancestor: [1] is the parent; without an index, of any",
          _ancestor_pid, Argument.INDEX, "how many generations up, as in proc.apid[2]"),
    _text("proc.name", "Process", "the kernel's name of the program, at most 15 bytes", _own("comm")),
    _text("proc.exe", "argv[0]", "the first argument, which usually names the program", _own("exe")),
    _text("proc.exepath", "Program", "path of the program, as resolved", _own("exepath")),
    Field("proc.args", FieldType.TEXT, "Arguments", "the arguments after argv[0], joined with blanks; with an index one of them",
          _arguments, Argument.INDEX, "which, as in proc.args[0], the first after argv[0]"),
    Field("proc.cmdnargs", FieldType.INTEGER, "Arguments", "how many arguments follow argv[0]", _count_of_words(len)),
    Field("proc.cmdlenargs", FieldType.INTEGER, "Length", "characters of the arguments after argv[0], without what joins them",
          _count_of_words(_letters)),
    _text("proc.cmdline", "Command line", "name and arguments", _own("cmdline")),
    _text("proc.exeline", "Exe line", "argv[0] and arguments", _exe_line),
    _text("proc.cwd", "Directory", "working directory when first seen", _own("cwd")),
    _text("proc.pname", "Parent", "name of the parent's program when this one began", _parent("comm")),
    _text("proc.pexe", "Parent argv[0]", "argv[0] of the parent's program", _parent("exe")),
    _text("proc.pexepath", "Parent program", "path of the parent's program", _parent("exepath")),
    _text("proc.pcmdline", "Parent command", "name and arguments of the parent's program", _parent("cmdline")),
    _text("proc.pexeline", "Parent exe line", "argv[0] and arguments of the parent's program", _parent_line),
    _up("proc.aname", "Ancestor", "name", "comm"),
    _up("proc.aexe", "Ancestor argv[0]", "argv[0]", "exe"),
    _up("proc.aexepath", "Ancestor program", "path of the program", "exepath"),
    _up("proc.acmdline", "Ancestor command", "name and arguments", "cmdline"),
    _up("proc.aargs", "Ancestor arguments", "arguments", "args"),
    Field("proc.sid", FieldType.INTEGER, "Session", "session id", _process("sid")),
    _text("proc.sname", "Session leader", "name of the program that the session's leader ran then", _leader("comm")),
    _text("proc.sid.exe", "Leader argv[0]", "argv[0] of the session's leader", _leader("exe")),
    _text("proc.sid.exepath", "Leader program", "path of the program of the session's leader", _leader("exepath")),
    Field("proc.is_sid_leader", FieldType.TRUTH, "Leads session", "it leads its session", _is_session_leader),
    Field("proc.has_sid_leader", FieldType.TRUTH, "Leader known", "its session's leader was seen", _has_session_leader),
    Field("proc.tty", FieldType.INTEGER, "Terminal", "device number of its controlling terminal, 0 none",
          _process("tty"), lacking=_no_terminals),
    Field("proc.loginshellid", FieldType.INTEGER, "Login shell",
          "pid of the oldest shell among the process and its ancestors", _login_shell),
    Field("proc.pid.ts", FieldType.TIME, "Started", "when it was created", _process("start")),
    Field("proc.ppid.ts", FieldType.TIME, "Parent started", "when its parent was created", _parent_start_time),
    Field("proc.duration", FieldType.DURATION, "Age", "how long it lived before the event", _age),
    Field("proc.ppid.duration", FieldType.DURATION, "Parent's age", "how long its parent lived before the event",
          _parent_age),
    Field("proc.end.ts", FieldType.TIME, "Ended", "when its last thread ended", _process("end")),
    Field("proc.exit.code", FieldType.INTEGER, "Exit code", "what it passed to exit in the end", _process("exit_code")),
    Field("proc.exit.signal", FieldType.INTEGER, "Killed by", "the signal that ended it, 0 none",
          _process("exit_signal")),
    Field("proc.existed", FieldType.TRUTH, "Existed", "it was there when the recording began",
          lambda frames, _argument: _process_rows(frames, entity_array(frames, "process", "existed"), None)),
    Field("thread.tid", FieldType.INTEGER, "Tid", "thread id, as the host sees it", _thread("tid")),
    Field("thread.ts", FieldType.TIME, "Thread started", "when the thread was created", _thread("start")),
    Field("thread.ismain", FieldType.TRUTH, "Main thread", "it is the process's first thread", _is_main),
    _text("thread.nametid", "Thread", "name of the program and thread id, as in nginx(812)", _name_and_tid),
    *(
        not_recorded(name, type_, title, meaning, reason)
        for name, type_, title, meaning, reason in (
            ("proc.vmswap", FieldType.SIZE, "Swapped memory", "swapped memory", _NO_MEMORY),
            *((f"thread.cpu{part}", FieldType.INTEGER, "CPU", f"{what} in percent", _TOGETHER)
              for part, what in ((".user", "CPU use of the program"), (".system", "CPU use of the kernel"))),
            ("thread.exectime", FieldType.DURATION, "CPU time", "CPU time since it was last scheduled",
             "switches between threads are not recorded"),
            *((f"span.{part}", FieldType.TEXT, part, f"{part} of a span", "there are no tracers: no event marks a span")
              for part in ("id", "time", "duration", "tag", "ntags", "args", "parent")),
        )
    ),
)  # fmt: skip
