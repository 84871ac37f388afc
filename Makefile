# Everything a newcomer, a developer and CI run. `make help` lists it.
PYTHON ?= python3
VENV ?= .venv
# Many tests wait for other processes, so two cores serve three of them.
PROCESSES ?= 3
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help proof kills learning screenshots demo test lint unit format setup setup-dev chromium messages weights clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: setup ## Set up, build the demo study, and serve it (Ctrl-C stops everything)
	@$(MANAGE) demo

test: setup-dev chromium lint unit ## Set up, and run every check and test

$(VENV)/.made:
	@echo "Making the virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.worker: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing Earsight with its worker (the first time most of it is the download of torch) …"
	@$(PIP_INSTALL) --editable '.[worker]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing Earsight with its worker and the developers' tools …"
	@$(PIP_INSTALL) --editable '.[worker,dev]'
	@touch $@ $(VENV)/.worker

setup: $(VENV)/.worker messages weights ## Make the environment that runs Earsight

setup-dev: $(VENV)/.dev messages weights ## Make the environment that also tests it

messages: $(VENV)/.worker ## Compile the translations
	@$(MANAGE) compile_translations

weights: $(VENV)/.worker ## Fetch the embedded tagger's weights (29 MB, once)
	@$(MANAGE) fetch_musicnn >/dev/null

chromium: ## Install Debian's Chromium for the browser tests where it is missing and may be installed
	@tests/browser/install-chromium

lint: setup-dev ## Style, types, import contracts, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run

unit: setup-dev ## The test suite alone (PROCESSES=3 of them side by side)
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadgroup --no-loadscope-reorder

proof: setup-dev ## The proof of the statistics by simulation, in full (some minutes)
	$(BIN)/python benchmarks/proof_by_simulation.py

learning: setup-dev ## CLMR's whole training path on sounds with a known answer
	EARSIGHT_LEARNING_TEST=full $(BIN)/python -m pytest tests/generation/tagging/test_clmr_training.py -k "contrastive or two_processes"

screenshots: setup-dev chromium ## Take the pictures of docs/screenshots.md from a finished demo
	$(BIN)/python docs/take_screenshots.py

kills: setup-dev ## Twenty kills of real workers in the middle of a run, by broker (BROKER=redis://…)
	$(BIN)/python -m tests.generation.runs.kill_workers --broker $(or $(BROKER),filesystem://) --kills 20 --clips 50

format: setup-dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove caches (never the data under var/)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
