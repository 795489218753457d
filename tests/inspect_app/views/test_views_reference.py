"""The written reference of views and tiles."""

from pathlib import Path

from inspect_app.views.catalogue import VIEWS
from inspect_app.views.reference import reference
from inspect_app.views.tile_catalogue import TILES

PAGE = Path(__file__).parents[3] / "docs" / "views.md"


def test_the_page_tells_what_the_tables_tell():
    assert PAGE.read_text("utf-8") == reference(), "run python -m inspect_app.views.reference > docs/views.md"


def test_every_view_and_tile_is_on_the_page():
    page = reference()
    assert all(f"### `{name}`" in page for name in VIEWS)
    assert all(f"| `{name}` |" in page for name in TILES)
