"""Record what a node and its containers do, and read what was recorded."""
