# A fresh machine needs only python3 (3.11 or later) and make. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What to test: make quick T=tests/domain
T ?= tests
# How many tests run at once; `auto` is one for each core, at most eight.
WORKERS ?= auto
PYTEST := $(BIN)/python -m pytest
SPREAD := -n $(WORKERS) --maxprocesses=8 --dist=worksteal

RUN_STAMP := $(VENV)/installed-to-run
DEV_STAMP := $(VENV)/installed-to-develop

.DEFAULT_GOAL := help
.PHONY: help install demo serve test check bench fmt lint types arch quick docs news

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@scripts/prerequisites python "$(PYTHON)"
	@$(PYTHON) -m venv --clear $(VENV)

$(RUN_STAMP): $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt -e .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP)
	@echo "Installing what development needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt -e '.[dev]'
	@touch $@

install: $(RUN_STAMP) ## install Muster into .venv (demo, serve and test do it too when it is missing)

demo: $(RUN_STAMP) ## run the main job on real input and print what happened to each entry
	@$(BIN)/python -m muster.drill.demo

serve: $(RUN_STAMP) ## server and worker on 127.0.0.1:8400 with embedded defaults
	@$(BIN)/muster serve

test: $(DEV_STAMP) ## run the whole suite; gets the services it needs
	@scripts/prerequisites postgresql node curl chromium mail
	@tests/peers/install
	@scripts/with-postgresql --no-fsync $(PYTEST) $(SPREAD) $(T)

quick: $(DEV_STAMP) ## run tests without services; T=path narrows them
	@$(PYTEST) $(SPREAD) -m "not postgres and not slow" $(T)

check: lint types arch ## lint, types, layers, then the whole suite: exactly what CI runs
	@$(MAKE) --no-print-directory test

lint: $(DEV_STAMP) ## ruff and spelling
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/typos

fmt: $(DEV_STAMP) ## format, and mend what ruff can mend
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

types: $(DEV_STAMP) ## mypy and pyright
	@scripts/prerequisites node
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

arch: $(DEV_STAMP) ## the layers: who may import whom
	@$(BIN)/lint-imports

bench: $(DEV_STAMP) ## measure, print ratios, write benchmarks/results/
	@scripts/prerequisites postgresql
	@scripts/with-postgresql $(BIN)/python -m benchmarks

docs: $(DEV_STAMP) ## write the generated pages of docs/ anew
	@$(BIN)/python scripts/state_diagrams.py

news: $(DEV_STAMP) ## assemble changes/ into CHANGELOG.md; VERSION=1.2.3 names the release
	@$(BIN)/python scripts/news.py "$(VERSION)"
