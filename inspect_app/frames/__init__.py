"""A capture as pandas frames."""
