# Everything a new machine needs is Python 3.11+, make and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint bench soak run install

# Packages come compiled, our own sources do not: where no bytecode may be written (PYTHONDONTWRITEBYTECODE, as in most
# containers) every start would compile them anew.
$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[dev]'
	@$(BIN)/python -m compileall -q core server
	@touch $(STAMP)

install: $(STAMP)

demo: $(STAMP)
	@$(BIN)/python -m spheresync_server.demo

# Its workers, and the programs that it starts, would compile every module anew where no bytecode may be written.
test: $(STAMP)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n 4 --dist worksteal

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m tests.bench

soak: $(STAMP)
	SPHERESYNC_SOAK=long $(BIN)/python -m pytest -q -m soak

run: $(STAMP)
	$(BIN)/spheresync serve --transport http
