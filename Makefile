# Everything a new machine needs is Python 3.11+, make and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-boto3 lint bench soak run install

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

# Requests to AWS are shaped by the service models that boto3 brings, and those change between minor versions: the
# oldest and the newest of our range, each beside what is installed.
MODELS := tests/unit/dog tests/unit/targets $(wildcard tests/integration/test_*target*.py tests/integration/test_*double*.py)
OLDEST := $(shell sed -n 's/^  "boto3>=\([0-9.]*\),.*/\1/p' pyproject.toml)

test-boto3: $(STAMP)
	@for end in "==$(OLDEST)" ">=$(OLDEST),<2"; do \
		rm -rf build/boto3 && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/boto3 "boto3$$end" "botocore$$end" && \
		PYTHONPATH=build/boto3 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n 4 --dist worksteal $(MODELS) || exit 1; \
	done

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
