"""What holds for all tests: none leaves anything in the cache folder of whoever runs them."""

import os

os.environ["EXHUME_NO_CACHE"] = "1"
