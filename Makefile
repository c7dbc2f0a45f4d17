# Everything a developer or a new user types. Bare `make` explains itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
READY := $(VENV)/.ready
SETUP := PYTHON=$(PYTHON) sh tools/setup.sh $(VENV)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench lock clean

help:  ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY)  ## Virtual environment, locked packages, WeasyPrint's system libraries, fonts

$(RUNS): requirements.lock pyproject.toml tools/setup.sh
	$(SETUP) requirements.lock
	@touch $@

$(READY): requirements-dev.lock pyproject.toml tools/setup.sh
	$(SETUP) requirements-dev.lock
	@touch $@ $(RUNS)

demo: $(RUNS)  ## The main job on an invented bank: about 2 minutes, nothing leaves the machine
	rm -rf demo-out
	$(BIN)/ccm demo --out demo-out

test: $(READY)  ## All tests
	$(BIN)/pytest -n auto --dist worksteal

check: $(READY)  ## Style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(RUNS)  ## Speed, side by side with the naive way
	$(BIN)/python -m bench

lock: $(READY)  ## Lock the newest packages that fit
	sh tools/lock.sh $(VENV)

clean:  ## Remove the environment and what was built
	rm -rf $(VENV) demo-out dist .pytest_cache .mypy_cache .ruff_cache
