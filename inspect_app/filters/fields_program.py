"""Fields of the file that a program was begun from, and of the environment that it was given."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import re

import numpy as np

from capture.evidence.secrets import SECRETS, Secret
from capture.identity.snapshot import text_of
from capture.model.program_file import ProgramFlag, set_id_bits
from inspect_app.filters.ancestry import parent_images
from inspect_app.filters.cache import remember
from inspect_app.filters.dropped import drops
from inspect_app.filters.entities import (
    entity_array,
    entity_number,
    entity_text,
    event_array,
    event_rows,
)
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up
from inspect_app.filters.field import Argument, Compute, Field, FieldType
from inspect_app.filters.fields_standing import namespace_starts
from inspect_app.frames.capture import CaptureFrames

_MEMFD_PATH = re.compile("/?memfd:")
_LAYER_UNKNOWN = int(ProgramFlag.LAYER_UNKNOWN)
_MAY_WRITE_OWNER, _MAY_WRITE_GROUP, _MAY_WRITE_ALL = 0o200, 0o020, 0o002


def _number(column: str) -> Compute:
    return lambda frames, _argument: (entity_number(frames, "image", column),)


def _text(column: str) -> Compute:
    return lambda frames, _argument: (entity_text(frames, "image", column),)


def _per_image(frames: CaptureFrames, values: np.ndarray, missing: np.ndarray) -> Facets:
    return (NumberFacet(values, missing, event_rows(frames, "image")),)


def _has_flag(flag: ProgramFlag) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        flags = entity_array(frames, "image", "exe_flags")
        return _per_image(frames, flags & int(flag) != 0, flags < 0)

    return compute


def _in_layer(layer: ProgramFlag) -> Compute:
    """Missing where /proc alone told of the program: it does not know layers."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        flags = entity_array(frames, "image", "exe_flags")
        return _per_image(frames, flags & int(layer) != 0, (flags < 0) | (flags & _LAYER_UNKNOWN != 0))

    return compute


def _from_memfd(frames: CaptureFrames, _argument: str) -> Facets:
    """What the kernel said; of a capture that did not ask, what the path tells."""
    flags, paths = entity_array(frames, "image", "exe_flags"), entity_text(frames, "image", "exepath")
    named = np.array([_MEMFD_PATH.match(path) is not None for path in paths.values], np.bool_)
    by_name = look_up(named, paths.codes) if paths.codes is not None else named
    held = np.where(flags >= 0, flags & int(ProgramFlag.MEMFD) != 0, by_name)
    unknown = (flags < 0) & (paths.codes < 0 if paths.codes is not None else False)
    return _per_image(frames, held, unknown)


def _is_writable(frames: CaptureFrames, _argument: str) -> Facets:
    """Missing where it depends on the groups of the process, which are not recorded."""
    mode = entity_array(frames, "image", "exe_mode")
    owner = entity_array(frames, "image", "exe_uid")
    uid = look_up(
        entity_array(frames, "process", "uid"), entity_array(frames, "image", "process"), missing=-1
    )
    owned = (owner == uid) & (mode & _MAY_WRITE_OWNER != 0)
    held = (uid == 0) | owned | (mode & _MAY_WRITE_ALL != 0)
    undecided = ~held & (owner != uid) & (mode & _MAY_WRITE_GROUP != 0)
    return _per_image(frames, held, (mode < 0) | (owner < 0) | (uid < 0) | undecided)


def _set_id(frames: CaptureFrames, _argument: str) -> Facets:
    mode = entity_array(frames, "image", "exe_mode")
    codes, values = distinct(set_id_bits(int(bits)) or None if bits >= 0 else None for bits in mode.tolist())
    return (TextFacet(values, codes, event_rows(frames, "image")),)


def _change_before_start(frames: CaptureFrames, _argument: str) -> Facets:
    changed, since = entity_array(frames, "image", "exe_ctime"), entity_array(frames, "image", "since")
    return _per_image(frames, since - changed, (changed < 0) | (since < 0))


def _change_since_namespace(frames: CaptureFrames, _argument: str) -> Facets:
    changed = entity_array(frames, "image", "exe_ctime")
    start = look_up(namespace_starts(frames), entity_array(frames, "image", "process"), missing=-1)
    return _per_image(frames, changed - start, (changed < 0) | (start < 0))


def _was_dropped(frames: CaptureFrames, _argument: str) -> Facets:
    return _per_image(frames, drops(frames).written >= 0, entity_array(frames, "image", "ino") <= 0)


def _written(frames: CaptureFrames, _argument: str) -> Facets:
    written = drops(frames).written
    times = look_up(event_array(frames, "time"), written, missing=-1)
    return _per_image(frames, times, written < 0)


def _writer_pid(frames: CaptureFrames, _argument: str) -> Facets:
    writer = look_up(event_array(frames, "process"), drops(frames).written, missing=-1)
    pids = look_up(entity_array(frames, "process", "pid"), writer, missing=-1)
    return _per_image(frames, pids, pids < 0)


def _writer(column: str) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        facet = entity_text(frames, "image", column)
        writer = look_up(event_array(frames, "image"), drops(frames).written, missing=-1)
        codes = writer if facet.codes is None else look_up(facet.codes, writer, missing=-1)
        return (TextFacet(facet.values, codes, facet.rows),)

    return compute


def _secrets(frames: CaptureFrames, _argument: str) -> Facets:
    """Each distinct list of arguments is looked through once."""
    facet = entity_text(frames, "image", "argv")
    return (facet.mapped(secrets_in),)


def secrets_in(argv: str) -> str | None:
    """The kinds of secrets in arguments that end with a NUL each; None without any."""
    raw = argv.encode("utf-8", "surrogatepass")
    lower = raw.lower()
    likely = [secret for secret in SECRETS if any(begin in lower for begin in secret.begins)]
    return ", ".join(secret.name for secret in likely if _holds(raw, secret)) or None


def _holds(argv: bytes, secret: Secret) -> bool:
    """An option is a word of its own: what ends in -password may be a path."""
    if secret.name != "option":
        return secret.pattern.search(argv) is not None
    return any(found.start() == 0 or argv[found.start() - 1] == 0 for found in secret.pattern.finditer(argv))


def _variable(frames: CaptureFrames, argument: str) -> Facets:
    return (_environment_facet(frames, argument),)


def _ancestors_variable(frames: CaptureFrames, argument: str) -> Facets:
    """Of any ancestor."""
    facet = _environment_facet(frames, argument)
    return (TextFacet(facet.values, facet.codes, facet.rows, parent_images(frames)),)


def _environment_facet(frames: CaptureFrames, name: str) -> TextFacet:
    """The value of a variable; each distinct environment is asked once."""
    if not frames.environments:
        raise NotEvaluableError("this capture has no environments: record with --environment")

    def compute() -> TextFacet:
        codes, values = distinct(_value(environment, name) for environment in frames.environments)
        per_image = look_up(codes, entity_array(frames, "image", "environment"), missing=-1)
        return TextFacet(values, per_image, event_rows(frames, "image"))

    return remember(frames, ("environment", name), compute)


def variable_names(frames: CaptureFrames) -> set[str]:
    """What the variables of all recorded environments are called; none where none were recorded."""

    def compute() -> set[str]:
        words = {word for one in frames.environments for word in one.removesuffix(b"\0").split(b"\0")}
        return {
            text_of(name) for word in words for name, given, _ in [word.partition(b"=")] if given and name
        }

    return remember(frames, "variable names", compute)


def _value(environment: bytes, name: str) -> str | None:
    """A variable's value, None where it is not set; without a name all of them."""
    words = [text_of(word) for word in environment.removesuffix(b"\0").split(b"\0")]
    if not name:
        return " ".join(words)
    return next((word[len(name) + 1 :] for word in words if word.startswith(f"{name}=")), None)


PROGRAM_FIELDS = (
    Field("proc.exe_ino", FieldType.INTEGER, "Program inode", "inode of the program file", _number("ino")),
    Field("proc.exe_dev", FieldType.INTEGER, "Program device", "device of the program file", _number("dev")),
    Field("proc.exe_ino.mtime", FieldType.TIME, "Program written", "last write of the program file", _number("exe_mtime")),
    Field("proc.exe_ino.ctime", FieldType.TIME, "Program changed", "last change of content or status of the program file",
          _number("exe_ctime")),
    Field("proc.exe_ino.ctime_duration_proc_start", FieldType.DURATION, "Program age at start",
          "from the last change of the program file to the moment at which it was begun", _change_before_start),
    Field("proc.exe_size", FieldType.SIZE, "Program size", "bytes of the program file", _number("exe_size")),
    Field("proc.exe_uid", FieldType.INTEGER, "Program owner", "owner of the program file", _number("exe_uid")),
    Field("proc.exe_mode", FieldType.INTEGER, "Program mode", "file type and permissions of the program file",
          _number("exe_mode")),
    Field("proc.exe_setid", FieldType.TEXT, "Set-id", "setuid, setgid, or both, where the program file has the bit",
          _set_id, choices=("setuid", "setgid", "setuid setgid")),
    Field("proc.exe_capabilities", FieldType.TEXT, "File capabilities", "the attribute security.capability in hex",
          _text("exe_capabilities")),
    Field("proc.exe_sha256", FieldType.TEXT, "SHA-256", "digest of the program file, as found when it was first run",
          _text("sha256")),
    Field("proc.script_sha256", FieldType.TEXT, "Script SHA-256", "digest of the script that the program interprets",
          _text("script_sha256")),
    Field("proc.script_note", FieldType.TEXT, "Script note", "why the script was not hashed, or what is to be known of it",
          _text("script_note")),
    Field("proc.exe_note", FieldType.TEXT, "Digest note", "why the program file was not hashed, or what is to be known of it",
          _text("exe_note")),
    Field("proc.script", FieldType.TEXT, "Script", "path of the script whose interpreter the program is", _text("script")),
    Field("proc.is_exe_writable", FieldType.TRUTH, "Writable program", "its user may write the program file", _is_writable),
    Field("proc.is_exe_upper_layer", FieldType.TRUTH, "Upper layer",
          "its program was written or changed since the container was made from its image", _in_layer(ProgramFlag.UPPER)),
    Field("proc.is_exe_lower_layer", FieldType.TRUTH, "Lower layer", "its program is as it lies in the image",
          _in_layer(ProgramFlag.LOWER)),
    Field("proc.is_exe_from_memfd", FieldType.TRUTH, "From memory", "its program is a file that exists in memory alone",
          _from_memfd),
    Field("proc.is_exe_unlinked", FieldType.TRUTH, "Without a name", "its program file had no name any more when it was begun",
          _has_flag(ProgramFlag.UNLINKED)),
    Field("proc.is_exe_dropped", FieldType.TRUTH, "Dropped", "its program file, or the script that it runs, was written within the recording before it was begun",
          _was_dropped),
    Field("proc.exe_written", FieldType.TIME, "Written", "the last write to its program file or script before it was begun", _written),
    Field("proc.exe_writer.pid", FieldType.INTEGER, "Writer", "pid of the process that wrote its program file last", _writer_pid),
    Field("proc.exe_writer.name", FieldType.TEXT, "Writer", "name of the program that wrote its program file last", _writer("comm")),
    Field("proc.exe_writer.cmdline", FieldType.TEXT, "Writer", "name and arguments of what wrote its program file last",
          _writer("cmdline")),
    Field("proc.args.secrets", FieldType.TEXT, "Secrets",
          "kinds of secrets that its arguments seem to hold: named value, option, AWS key, …", _secrets),
    Field("proc.env", FieldType.TEXT, "Environment", "a variable of its environment, or all of it; recorded with --environment",
          _variable, Argument.OPTIONAL, "the variable's name"),
    Field("proc.aenv", FieldType.TEXT, "Ancestor environment", "a variable of any ancestor's environment, or all of it",
          _ancestors_variable, Argument.OPTIONAL, "the variable's name"),
    Field("proc.exe_ino.ctime_duration_pidns_start", FieldType.DURATION, "Program age in container",
          "from the start of its pid namespace to the last change of the program file; negative: it is older", _change_since_namespace),
)  # fmt: skip
