"""Reports from the window: what is asked for, and writing it in the background."""
