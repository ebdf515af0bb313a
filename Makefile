# Two commands matter: `make demo` and `make test`. The rest are parts of them.
PYTHON ?= python3.11
BIN := .venv/bin
BOTH := -n 2 --dist loadfile --no-loadscope-reorder  # both cores; a file stays with one process
export COMMONWEAL_PROJECT := $(CURDIR)
unexport PYTHONDONTWRITEBYTECODE  # tests start many processes: each would compile every module again

.PHONY: help setup demo test check bench crash clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: .setup-done  ## the environment: Python packages with hashes, front-end packages

.setup-done: requirements.lock package-lock.json pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --ignore-scripts --no-audit --no-fund
	touch .setup-done

demo: setup  ## a synthetic ICS from raw feeds to a signed-in site on http://127.0.0.1:8000
	$(BIN)/commonweal demo

test: check  ## every check and test, the real browser included
	$(BIN)/python -m pytest $(BOTH) tests/unit tests/spec tests/architecture tests/docs
	$(BIN)/python -m pytest $(BOTH) tests/generative tests/integration
	$(BIN)/python -m pytest $(BOTH) tests/browser

check: setup  ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	COMMONWEAL_DB_ROLE=none $(BIN)/mypy
	$(BIN)/lint-imports

bench: setup  ## each benchmark: ours, the limit or peer in the same run, the ratio
	$(BIN)/commonweal bench

crash: setup  ## kill the work many times over and compare the end state; look for new failing examples
	$(BIN)/python -m pytest tests/crash
	COMMONWEAL_NEW_EXAMPLES=1 $(BIN)/python -m pytest tests/generative

clean:  ## remove the environment and all state
	rm -rf .venv node_modules var .setup-done
