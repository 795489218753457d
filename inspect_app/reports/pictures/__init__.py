"""The pictures of a report: what happened when, as drawings."""
