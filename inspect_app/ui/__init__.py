"""The window, its pages and widgets."""
