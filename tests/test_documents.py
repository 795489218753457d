"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PICTURES = ROOT / "docs" / "pictures"
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page):
    outside_of_code = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in LINK.findall(outside_of_code):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_every_page_has_its_pictures_and_they_are_small():
    from inspect_app.analysis.subject import Kind
    from inspect_app.ui.pictures import FIRST_PAGE, MORE, SIZES
    from inspect_app.ui.screenshot import PAGES as SHOWN
    from inspect_app.ui.screenshot import THEMES

    for page in (*SHOWN, *MORE, *Kind, FIRST_PAGE, "pivot"):
        for theme in THEMES:
            for width, height in SIZES:
                data = (PICTURES / f"{page}-{theme}-{width}x{height}.png").read_bytes()
                assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (width, height), page
                assert len(data) < 120_000, page


def test_every_page_is_shown_in_the_user_guide():
    from inspect_app.ui.screenshot import PAGES as SHOWN

    guide = (ROOT / "docs" / "user-guide.md").read_text("utf-8")
    missing = [page for page in SHOWN if f"pictures/{page}-" not in guide]
    assert not missing
