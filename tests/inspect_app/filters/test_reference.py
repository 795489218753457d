from pathlib import Path

from inspect_app.filters.fields import FIELDS
from inspect_app.filters.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "filter-fields.md"


def test_the_page_of_fields_is_current():
    assert PAGE.read_text("utf-8") == reference(), (
        "run python -m inspect_app.filters.reference > docs/filter-fields.md"
    )


def test_the_page_names_every_field():
    page = reference()
    for name in FIELDS:
        assert f"`{name}" in page
