"""Files and folders that the analyst named, put in force: the examiner's log, own views, own rules."""

from __future__ import annotations

from pathlib import Path

from inspect_app.session.examiner_log import is_kept, keep_log
from inspect_app.ui.settings import Settings
from inspect_app.views.catalogue import set_own_views
from inspect_app.views.own import load_views
from inspect_app.views.own_tables import SUFFIXES

MAX_FILES = 100
LOG, VIEWS, RULES = "examiner_log", "views", "rules"


def take_log(settings: Settings) -> str:
    """Keep the log that was named, unless one is kept already; gives what is wrong, empty for nothing."""
    path = settings.path(LOG)
    if not path or is_kept():
        return ""
    try:
        keep_log(Path(path))
    except OSError as error:
        return f"the examiner's log {path} cannot be kept: {error.strerror or error}"
    return ""


def take_views(settings: Settings) -> str:
    """Offer the views of the file or folder that was named; gives what is wrong, empty for nothing."""
    path = settings.path(VIEWS)
    if not path:
        return ""
    try:
        set_own_views([view for file in files_at(path, SUFFIXES) for view in load_views(file)])
    except (ValueError, OSError) as error:
        return f"the views of {path} are left out: {error}"
    return ""


def rule_files(settings: Settings) -> tuple[Path, ...]:
    """The files of rules that are run in place of ours; none: ours are."""
    path = settings.path(RULES)
    try:
        return tuple(files_at(path, (".yaml", ".yml"))) if path else ()
    except OSError:
        return ()


def files_at(path: str, suffixes: tuple[str, ...]) -> list[Path]:
    """A file itself, or those of a folder that end so, by name. Raises OSError where there is none."""
    place = Path(path)
    if not place.is_dir():
        place.stat()
        return [place]
    return sorted(file for file in place.iterdir() if file.suffix in suffixes and file.is_file())[:MAX_FILES]
