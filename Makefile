# make run · make test · make test-cluster · make bench · make fuzz · make lint · make lock · make notices · make vendor
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check install --no-deps --require-hashes --only-binary :all:
COUNTED := { if [ -t 1 ]; then awk '/^Collecting|^Requirement already/ { printf "\r  %d packages", ++n; fflush() } END { print "" }'; else cat > /dev/null; fi; }
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
COMPILE = $(BIN)/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 --python-platform x86_64-manylinux_2_28 $(UPGRADE)
names_in = $$(sed -n 's/^\([a-z0-9.-]*\)==.*/$(2) \1/p' $(1))

.PHONY: run test test-cluster bench fuzz lint lint-rules lint-format lint-types lint-dependencies lock notices vendor clean
.DEFAULT_GOAL := run

run: $(VENV)/.run-ready
	@exec $(BIN)/python run.py

# One process for each core, up to four: each has a PostgreSQL and stand-ins of its own.
test: lint
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

# On the cluster of KUBECONFIG; without one, on a kube-apiserver built with Go (12 minutes the first time).
test-cluster: $(VENV)/.dev-ready
	$(BIN)/python tests/cluster/run.py

bench: $(VENV)/.dev-ready
	$(BIN)/python tests/bench/bench.py

fuzz: $(VENV)/.dev-ready
	$(BIN)/python tests/fuzz/fuzz_charts.py --seconds 60

lint: lint-rules lint-format lint-types lint-dependencies

lint-rules: $(VENV)/.dev-ready
	@echo "lint: rules (ruff check)"
	@$(BIN)/ruff check .

lint-format: $(VENV)/.dev-ready
	@echo "lint: format (ruff format)"
	@$(BIN)/ruff format --check .

lint-types: $(VENV)/.dev-ready
	@echo "lint: types (basedpyright)"
	@$(BIN)/basedpyright

# The second call looks at the tests, whose own modules deptry does not know.
lint-dependencies: $(VENV)/.dev-ready
	@echo "lint: dependencies declared and used (deptry)"
	@$(BIN)/deptry .
	@$(BIN)/deptry tests --exclude '^$$' --ignore DEP001,DEP002,DEP004

# Resolves the ranges of pyproject.toml; everything else only installs what the locks say. A version that still fits
# stays: `make lock UPGRADE=--upgrade` looks for newer ones, `UPGRADE='--upgrade-package NAME'` for one.
# requirements-sandbox.lock holds only what the extra adds, without uv's list of what it left out.
lock: $(VENV)/.dev-ready
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --extra sandbox -c requirements.lock $(call names_in,requirements.lock,--no-emit-package) -o requirements-sandbox.lock
	sed -i '/^$$/,$$d' requirements-sandbox.lock
	$(COMPILE) --group dev -c requirements.lock -c requirements-sandbox.lock -o requirements-dev.lock

notices: $(VENV)/.dev-ready
	$(BIN)/python tests/third_party_notices.py

# The console's JavaScript libraries; needs npm, as nothing else does.
vendor: $(VENV)/.dev-ready
	$(BIN)/python tests/console_vendor.py

clean:
	rm -rf $(VENV) .platz

$(BIN)/pip:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Platz needs Python 3.11; say which one with: make run PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@"$(PYTHON)" -m venv --clear $(VENV)

$(VENV)/.run-ready: $(BIN)/pip requirements.lock requirements-sandbox.lock
	@echo "Installing what Platz needs (about half a minute) ..."
	@$(PIP) -r requirements.lock -r requirements-sandbox.lock | $(COUNTED)
	@touch $@

$(VENV)/.dev-ready: $(VENV)/.run-ready requirements-dev.lock
	@echo "Installing what the tests need (about a minute) ..."
	@$(PIP) -r requirements-dev.lock | $(COUNTED)
	@touch $@
