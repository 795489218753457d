from pathlib import Path

from capture.model.catalogue import CATALOGUE
from capture.model.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "system-calls.md"


def test_the_page_of_system_calls_is_current():
    assert PAGE.read_text("utf-8") == reference(), (
        "run python -m capture.model.reference > docs/system-calls.md"
    )


def test_the_page_names_every_event():
    page = reference()
    assert [spec.name for spec in CATALOGUE if f"| `{spec.name}` |" not in page] == []
