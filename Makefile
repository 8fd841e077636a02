# Everything a new machine needs is Python 3.11+, make and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo docs test test-boto3 conformance conformance-suite mcpb lint bench soak run install

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

# Tests wait for the processes that they start about as long as they compute.
WORKERS := $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))

# Its workers, and the programs that it starts, would compile every module anew where no bytecode may be written.
test: $(STAMP)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

# Requests to AWS are shaped by the service models that boto3 brings, and those change between minor versions: the
# oldest and the newest of our range, each beside what is installed.
MODELS := tests/unit/dog tests/unit/targets $(wildcard tests/integration/test_*target*.py tests/integration/test_*double*.py)
OLDEST := $(shell sed -n 's/^  "boto3>=\([0-9.]*\),.*/\1/p' pyproject.toml)

test-boto3: $(STAMP)
	@for end in "==$(OLDEST)" ">=$(OLDEST),<2"; do \
		rm -rf build/boto3 && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/boto3 "boto3$$end" "botocore$$end" && \
		PYTHONPATH=build/boto3 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(MODELS) || exit 1; \
	done

# The official suite of the protocol, and the Node that it needs, from the npm registry.
conformance: conformance-suite $(STAMP)
	MCP_CONFORMANCE=build/conformance $(BIN)/python -m pytest -q tests/conformance

conformance-suite:
	@mkdir -p build/conformance && cp tests/conformance/package.json build/conformance/
	@npm install --prefix build/conformance --no-package-lock --no-audit --no-fund --silent
	@build/conformance/node_modules/.bin/node --version

# A bundle that desktop hosts install with a click: the wheel and how it is started.
mcpb: $(STAMP)
	@rm -rf build/mcpb && mkdir -p build/mcpb
	@cp deploy/mcpb/manifest.json build/mcpb/
	@$(BIN)/python -m build --wheel --outdir build/mcpb . >build/mcpb.log 2>&1 || { tail -n 30 build/mcpb.log; exit 1; }
	@npx --yes @anthropic-ai/mcpb@2.1.2 validate build/mcpb/manifest.json
	@npx --yes @anthropic-ai/mcpb@2.1.2 pack build/mcpb build/spheresync.mcpb

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The reference is made from the code; a warning of Sphinx is an error, and nothing is asked of the network.
docs: $(STAMP)
	$(BIN)/python -m docs.generator --check || { echo "run .venv/bin/python -m docs.generator, and commit what it writes"; exit 1; }
	$(BIN)/python -m sphinx -q -W -n --keep-going -b html docs build/docs

bench: $(STAMP)
	$(BIN)/python -m tests.bench

soak: $(STAMP)
	SPHERESYNC_SOAK=long $(BIN)/python -m pytest -q -m soak

run: $(STAMP)
	$(BIN)/spheresync serve --transport http
