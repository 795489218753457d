"""The little that a palette cannot say, as a style sheet over Fusion."""

from __future__ import annotations

from dataclasses import asdict
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspect_app.ui.theme import Tokens

_SHEET = Template("""
#TitleArea { background: $title; }
#TitleArea QLabel { color: $title_text; background: transparent; }
#TitleArea QLabel[muted="true"] { color: $title_muted; }
#TitleArea #CaptureName { font-weight: bold; }
#TitleArea QToolButton { color: $title_text; background: transparent; border: 0; padding: 5px 8px;
    border-radius: 5px; }
#TitleArea QToolButton:hover, #TitleArea QToolButton:focus { background: rgba(255,255,255,34); }
#TitleArea QToolButton:disabled { color: rgba(255,255,255,70); }
#TitleArea QToolButton#OpenButton { background: rgba(255,255,255,26);
    border: 1px solid rgba(255,255,255,46); }
#TitleArea QToolButton#FindAnything { background: rgba(255,255,255,18);
    border: 1px solid rgba(255,255,255,40); color: $title_muted; text-align: left;
    padding: 5px 10px; }
#TitleArea QMenuBar { background: transparent; color: $title_text; border: 0; }
#TitleArea QMenuBar::item { background: transparent; padding: 5px 8px; border-radius: 5px; }
#TitleArea QMenuBar::item:selected { background: rgba(255,255,255,34); }
QMenu { background: $raised; border: 1px solid $strong_border; padding: 4px; }
QMenu::item { padding: 5px 22px 5px 22px; border-radius: 4px; }
QMenu::item:selected { background: $selection; color: $selection_text; }
QMenu::item:disabled { color: $strong_border; }
QMenu::separator { height: 1px; background: $border; margin: 4px 6px; }
QRadioButton::indicator { width: 12px; height: 12px; border: 1px solid $strong_border; border-radius: 7px;
    background: $window; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 4px solid $accent; }
QRadioButton::indicator:disabled { border-color: $border; }
QToolTip { background: $raised; color: $text; border: 1px solid $strong_border; padding: 5px; }
#PathArea, #FilterArea { background: $surface; border-bottom: 1px solid $border; }
#SideList { background: $surface; border: 0; border-right: 1px solid $border; outline: 0;
    padding: 6px; }
#SideList::item { padding: 4px 8px; border-radius: 5px; color: $text; }
#SideList::item:hover { background: $raised; }
#SideList::item:selected { background: $selection; color: $selection_text; }
#Crumb { border: 0; background: transparent; color: $accent; padding: 4px 6px; border-radius: 4px; }
#Crumb:hover, #Crumb:focus { background: $raised; }
#CrumbHere { color: $text; font-weight: bold; padding: 4px 6px; }
#Chip { background: $raised; border: 1px solid $border; border-radius: 11px; }
#Chip QLabel { background: transparent; color: $text; }
#Chip QLabel[muted="true"] { color: $muted; }
#Chip QToolButton { border: 0; min-width: 12px; background: transparent; padding: 2px; border-radius: 7px; }
#Chip QToolButton:hover, #Chip QToolButton:focus { background: $border; }
#FilterEdit { background: $window; border: 1px solid $border; border-radius: 6px; padding: 5px 8px;
    color: $text; }
#FilterEdit:focus { border: 1px solid $accent; }
#FilterEdit[state="valid"] { border: 1px solid $good; }
#FilterEdit[state="invalid"] { border: 1px solid $error; }
#FilterMessage[state="invalid"] { color: $error; }
#FilterMessage { color: $muted; }
#Banner { background: $raised; border-left: 4px solid $error; border-bottom: 1px solid $border; }
#Banner[level="warning"] { border-left: 4px solid $warning; }
#Banner[level="done"] { border-left: 4px solid $good; }
#Banner QLabel { background: transparent; }
#Progress { background: $raised; border-bottom: 1px solid $border; }
QProgressBar { background: $border; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px;
    }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QPushButton { background: $raised; border: 1px solid $border; border-radius: 5px; padding: 5px 12px;
    color: $text; }
QPushButton:hover { border-color: $strong_border; }
QPushButton:focus { border-color: $accent; }
QPushButton:checked { background: $selection; color: $selection_text; }
QPushButton:disabled { color: $strong_border; }
QPushButton#Primary { background: $accent; color: $accent_text; border-color: $accent; }
QToolButton#Plain { color: $text; border: 1px solid transparent; border-radius: 5px; padding: 4px 8px; }
QToolButton#Plain:hover, QToolButton#Plain:focus { background: $raised; border-color: $border; }
QToolButton#Plain:checked { background: $selection; color: $selection_text; }
QTableView, QTreeView { background: $surface; alternate-background-color: $stripe; border: 0;
    gridline-color: $border; selection-background-color: $selection;
    selection-color: $selection_text; outline: 0; }
QTableView, QTreeView { border: 1px solid $surface; }
QTableView:focus, QTreeView:focus, QListView:focus, QPlainTextEdit:focus { border: 1px solid $accent; }
#SideList:focus { border: 0; border-right: 1px solid $accent; }
QTreeView::item { padding: 3px 4px; }
QTableView::item { padding: 0 6px; }
QHeaderView { background: $surface; border: 0; }
QHeaderView::section { background: $raised; color: $muted; border: 0;
    border-right: 1px solid $border; border-bottom: 1px solid $border; padding: 5px 8px; }
QHeaderView::section:hover { color: $text; }
QTableCornerButton::section { background: $raised; border: 0; }
QToolButton::menu-indicator { image: none; width: 0; }
#Totals { background: $raised; border-top: 1px solid $border; }
#PageHead { background: $window; }
#FoldLine { background: $raised; color: $text; border: 0; border-top: 1px solid $border;
    padding: 5px 16px; text-align: left; }
#FoldLine:hover, #FoldLine:focus { color: $accent; }
#Call { color: $accent; background: $surface; padding: 7px 10px; border-bottom: 1px solid $border; }
#PageTitle { font-weight: bold; color: $text; }
#PageNote, #Muted { color: $muted; }
#Card { background: $surface; border: 1px solid $border; border-radius: 8px; }
#Card QLabel { background: transparent; }
#GroupTitle { color: $muted; font-weight: bold; }
QTabBar { background: transparent; }
QTabBar::tab { color: $muted; background: transparent; border: 0; border-bottom: 2px solid transparent;
    padding: 6px 9px; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar QToolButton { background: $raised; border: 1px solid $border; }
QTabBar::tab:focus { background: $raised; }
QStatusBar { background: $surface; color: $muted; border-top: 1px solid $border; }
QStatusBar::item { border: 0; }
QStatusBar QLabel { color: $muted; padding: 0 8px; }
QSplitter::handle { background: $border; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $strong_border; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QLineEdit { background: $window; border: 1px solid $border; border-radius: 5px; padding: 4px 7px;
    color: $text; selection-background-color: $selection; selection-color: $selection_text; }
QLineEdit:focus { border-color: $accent; }
QLineEdit { placeholder-text-color: $muted; }
QComboBox { background: $raised; border: 1px solid $border; border-radius: 5px; padding: 4px 8px;
    color: $text; }
QComboBox:hover { border-color: $strong_border; }
QComboBox:focus { border-color: $accent; }
QComboBox::drop-down { border: 0; width: 22px; }
QComboBox::down-arrow { image: url("$down"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $strong_border; outline: 0;
    selection-background-color: $selection; selection-color: $selection_text; }
QCheckBox::indicator, QListView::indicator { width: 13px; height: 13px; border: 1px solid $strong_border;
    border-radius: 3px; background: $surface; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: $accent; border-color: $accent;
    image: url("$tick"); }
QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox:focus { color: $accent; }
QScrollArea { background: transparent; border: 0; }
#Palette { background: $raised; border: 1px solid $strong_border; }
#Completions { background: $raised; border: 1px solid $strong_border; }
""")


def style_sheet(theme: Tokens) -> str:
    """The sheet with a theme's colours filled in."""
    colours = {name: value for name, value in asdict(theme).items() if isinstance(value, str)}
    return _SHEET.substitute(
        colours, tick=_drawing("tick", theme.accent_text), down=_drawing("down", theme.surface)
    )


def _drawing(name: str, colour: str) -> str:
    """A tick or an arrow; a style sheet cannot colour a drawing, so there is one for each ink.

    The tick is as light as the text on the accent, the arrow is light where the ground is dark.
    """
    is_light = (colour == "#ffffff") == (name == "tick")
    return Path(
        str(resources.files("resources") / "icons" / f"{name}-{'light' if is_light else 'dark'}.svg")
    ).as_posix()
