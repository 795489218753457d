"""The ways to write a report: one a file, by the ending of the file that is written."""
