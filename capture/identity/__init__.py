"""Joins over columns: which process, image, descriptor and container an event belongs to."""
