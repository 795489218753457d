"""Views and tiles as declared data, and applying them to a selection."""
