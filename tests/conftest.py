"""What holds for all tests: none leaves anything in the cache folder of whoever runs them, none is timed."""

import os

from hypothesis import settings

os.environ["EXHUME_NO_CACHE"] = "1"

# A busy machine makes any example slow: how long one takes is for the benchmarks.
settings.register_profile("exhume", deadline=None)
settings.load_profile("exhume")
