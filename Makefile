# Each target first installs what is missing (Debian or Ubuntu packages as root, and .venv); quick when nothing is.
.PHONY: lint setup test

# Everything that is checked; some tests need root and say so when they skip.
test: lint
	.venv/bin/pytest

lint: setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

# The installing alone; afterwards .venv/bin holds exhume-capture and exhume-inspect.
setup:
	@resources/setup/install
