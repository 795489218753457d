"""Dig into captures: frames, filters, views, a desktop window and its headless twin."""
