from pathlib import Path

from inspect_app.cases.reference import reference


def test_the_page_is_what_the_declared_fields_say():
    page = Path(__file__).parents[3] / "docs" / "case-files.md"
    assert page.read_text("utf-8") == reference(), (
        "run python -m inspect_app.cases.reference > docs/case-files.md"
    )
