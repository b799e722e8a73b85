# make run · make test · make bench · make lint · make lock
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --no-deps --require-hashes --only-binary :all:

.PHONY: run test bench fuzz lint lock clean
.DEFAULT_GOAL := run

run: $(VENV)/.run-ready
	@exec $(BIN)/python run.py

test: lint
	$(BIN)/python -m pytest

bench: $(VENV)/.dev-ready
	$(BIN)/python tests/bench/bench.py

fuzz: $(VENV)/.dev-ready
	$(BIN)/python tests/fuzz/fuzz_charts.py --seconds 60

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

# Resolves the loose requirements anew; everything else only installs what the locks say.
lock: $(VENV)/.dev-ready
	$(BIN)/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 --python-platform x86_64-manylinux_2_28 requirements.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 --python-platform x86_64-manylinux_2_28 requirements-dev.in -o requirements-dev.lock

clean:
	rm -rf $(VENV) .platz

$(BIN)/pip:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Platz needs Python 3.11; say which one with: make run PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@"$(PYTHON)" -m venv --clear $(VENV)

$(VENV)/.run-ready: $(BIN)/pip requirements.lock
	@echo "Installing what Platz needs (about half a minute) ..."
	@$(PIP) -r requirements.lock
	@touch $@

$(VENV)/.dev-ready: $(VENV)/.run-ready requirements-dev.lock
	@echo "Installing what the tests need (about a minute) ..."
	@$(PIP) -r requirements-dev.lock
	@touch $@
