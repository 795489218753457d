"""What holds for all tests: none leaves anything in the cache folder of whoever runs them, none is timed."""

import os

from hypothesis import settings

os.environ["EXHUME_NO_CACHE"] = "1"

# A busy machine makes any example slow: how long one takes is for the benchmarks. Each run draws other
# examples, so that many short runs see as much as a few long ones; `--hypothesis-profile=long` draws many.
settings.register_profile("exhume", deadline=None, max_examples=50)
settings.register_profile("long", deadline=None, max_examples=2_000)
settings.load_profile("exhume")
