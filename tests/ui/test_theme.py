"""Colours that can be read."""

import pytest

from inspect_app.ui.theme import DARK, LIGHT, TEXT_PAIRS, ThemeName, apply_theme, contrast, tokens

THEMES = [pytest.param(DARK, id="dark"), pytest.param(LIGHT, id="light")]


def test_contrast_is_as_defined():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_stands_out_from_its_ground(theme, ink, ground):
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_categories_stand_out_from_the_surface_and_differ(theme):
    assert all(contrast(ink, theme.surface) >= 3 for ink in theme.categories)
    assert len(set(theme.categories)) == len(theme.categories)


def test_the_theme_in_force_is_known_from_the_palette(qapp):
    apply_theme(qapp, ThemeName.LIGHT)
    assert tokens() is LIGHT
    apply_theme(qapp, ThemeName.DARK)
    assert tokens() is DARK
