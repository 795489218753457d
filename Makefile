# Each target first installs what is missing (Debian or Ubuntu packages as root, and .venv); quick when nothing is.
# Tests at a time: much of what windows and recorders do in them is waiting.
JOBS := $(shell n=$$(nproc); echo $$((n < 4 ? n + 1 : 4)))

.PHONY: bench demo fuzz kernels lint pictures sample setup test

# Record this machine for ten seconds while an incident happens in a container, and look at it.
demo: setup
	@resources/demo/run

# Tests start hundreds of Pythons, none of which shall compile all modules anew, whatever the environment says of it.
test: export PYTHONDONTWRITEBYTECODE :=

# Everything that is checked; some tests need root and say so when they skip. Those that record come last, as what they
# watch is this machine: two at a time, for much of it is waiting, and alone those that storm.
test: lint
	.venv/bin/python -m pytest --ignore=tests/kernel --numprocesses=$(JOBS) --dist=loadfile
	.venv/bin/python -m pytest tests/kernel -m 'not alone' --numprocesses=2 --dist=loadfile
	.venv/bin/python -m pytest tests/kernel -m alone

# What recording and opening cost on this machine, as root; docs/benchmarks.md tells how to read it.
bench: setup
	.venv/bin/python -m tests.benchmarks.recorder
	.venv/bin/python -m tests.benchmarks.opening
	.venv/bin/python -m tests.benchmarks.analysis
	.venv/bin/python -m tests.benchmarks.scap
	.venv/bin/python -m tests.benchmarks.desktop

# Go on fuzzing all that reads files of strangers, a minute each; what it finds is for tests/fuzz/corpus.
fuzz: setup
	.venv/bin/python -m pip install --quiet -e '.[fuzz]'
	.venv/bin/python -m tests.fuzz all --seconds 60

# Record on other kernels, each in an emulated machine: KERNELS='6.1 5.15', or all that resources/kernels/try lists.
kernels: setup
	@resources/kernels/try $(KERNELS)

# The pictures of README and docs: every page of the built-in sample, in both themes and sizes.
pictures: setup
	@resources/pictures/render

# The built-in sample, from a recording of the demo made now.
sample: setup
	@resources/samples/make

lint: setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

# The installing alone; afterwards .venv/bin holds exhume-capture and exhume-inspect.
setup:
	@resources/setup/install
