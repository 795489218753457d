"""The HTML form: accessible, self-contained, and harmless whatever the capture says."""

import re
from html.parser import HTMLParser

import pytest

from inspect_app.reports.report import build_report
from inspect_app.reports.writers.html import write_html
from tests.builders.frames import build_frames
from tests.builders.report import everything

VOID = {"meta", "line", "rect", "br", "circle"}
EVIL = "<script>alert(1)</script>\"'><b onload=x>&lt; {{ 7*7 }} {% raw %}"


class Page(HTMLParser):
    """Every tag, attribute and text of a page."""

    def __init__(self, data):
        super().__init__()
        self.tags, self.attributes, self.text, self.open, self.headings = [], [], [], [], []
        self.feed(data.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.attributes += attrs
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def page():
    return Page(write_html(everything()))


def test_every_element_is_closed(page):
    assert page.open == []


def test_headings_are_in_order_without_a_gap(page):
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))


def test_every_table_has_headers_with_a_scope(page):
    tables = [tag for tag, _ in page.tags if tag == "table"]
    headers = [attributes for tag, attributes in page.tags if tag == "th"]
    assert len(tables) == 3
    assert headers
    assert {attributes.get("scope") for attributes in headers} == {"col"}


def test_every_picture_is_told_in_words(page):
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert pictures
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in pictures)


def test_the_language_is_told_and_the_content_can_be_jumped_to(page):
    assert ("html", {"lang": "en"}) in page.tags
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {value.removeprefix("#") for name, value in page.attributes if name == "href"}
    assert "content" in targets
    assert targets <= set(ids)


def test_the_page_runs_nothing_and_asks_for_nothing(page):
    tags = {tag for tag, _ in page.tags}
    assert not {"script", "link", "iframe", "img", "object", "form", "base"} & tags
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "src"]
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:") in page.attributes


def test_markup_at_any_place_of_a_report_is_shown_and_not_obeyed():
    page = Page(write_html(everything(EVIL)))
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert [attributes for tag, attributes in page.tags if tag == "b" and attributes] == []
    assert "".join(page.text).count(EVIL) >= 15
    assert "49" not in "".join(page.text)


@pytest.mark.parametrize("where", ["images", "containers", "descriptors", "host"])
def test_markup_in_a_name_of_the_capture_is_shown_and_not_obeyed(where):
    frames = build_frames()
    match where:
        case "images":
            frames.images["comm"] = frames.images["cmdline"] = EVIL
        case "containers":
            frames.containers["name"] = frames.containers["image"] = EVIL
        case "descriptors":
            frames.descriptors["name"] = EVIL
        case "host":
            frames.host.update(hostname=EVIL, kernel=EVIL, recorder=EVIL, timezone=EVIL)
    page = Page(write_html(build_report(frames)))
    assert "script" not in {tag for tag, _ in page.tags}
    assert EVIL[:25] in "".join(page.text)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_text_stands_out_from_its_ground(theme):
    """At least 4.5 to 1, as WCAG asks for; marked rows too."""
    style = write_html(everything()).decode()
    start = {"light": ":root", "dark": "(prefers-color-scheme: dark)", "print": "@media print"}[theme]
    block = style[style.index(start) :]
    block = block[block.index("--page") : block.index("}")]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block))
    for ink in ("text", "soft", "accent", "note", "high", "good"):
        assert contrast(colours[ink], colours["card"]) >= 4.5, ink
    for ink in ("text", "soft", "note"):
        assert contrast(colours[ink], colours["note-soft"]) >= 4.5, ink


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
