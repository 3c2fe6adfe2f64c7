# Two commands: `make demo` shows everything, `make test` sets up and runs all the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are cores: some tests wait for processes and for the browser.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
export UV_SYSTEM_CERTS := 1
# Where Python may keep no compiled code, every process that the tests start compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench bench-setup crash hosts simulate docs lint setup clean
.DEFAULT_GOAL := demo

demo: $(VENV)/ready
	@exec $(BIN)/attune demo $(ARGS)

test: $(VENV)/ready-dev
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: lint test

bench: $(VENV)/ready-dev
	@$(BIN)/python -m tests.bench $(ARGS)

# What it compares with and Attune never needs; Redis is Debian's, for whoever may install it.
bench-setup: $(VENV)/ready-dev
	$(BIN)/uv venv -q --allow-existing $(VENV)/celery
	$(BIN)/uv pip install -q --python $(VENV)/celery/bin/python "celery>=5.6,<6" "redis>=7,<9" packaging
	command -v redis-server || apt-get install -y redis-server

crash: $(VENV)/ready-dev
	@$(BIN)/python -m tests.crash $(ARGS)

hosts: $(VENV)/ready-dev
	@$(BIN)/python -m tests.cluster $(ARGS)

simulate: $(VENV)/ready-dev
	@$(BIN)/python -m tests.simulation wide $(ARGS)

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

docs: $(VENV)/ready-dev
	$(BIN)/python docs/generate.py

setup: $(VENV)/ready-dev

$(VENV)/ready: requirements.txt pyproject.toml
	@sh deploy/setup.sh $(PYTHON) $(VENV) requirements.txt
	@touch $@

$(VENV)/ready-dev: requirements-dev.txt pyproject.toml
	@sh deploy/setup.sh $(PYTHON) $(VENV) requirements-dev.txt
	@touch $@ $(VENV)/ready

requirements: $(VENV)/ready-dev
	$(BIN)/uv pip compile pyproject.toml --extra cluster --extra build --extra apprise --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header -q -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header -q -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
