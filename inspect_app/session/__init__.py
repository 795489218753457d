"""Where the analyst is, as a value."""
