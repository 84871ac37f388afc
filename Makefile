# All commands for users, developers and CI. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
# Many tests wait for other processes, so that two cores can run three test processes.
PROCESSES ?= 3
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
TEMPLATES = $(shell find templates -name '*.html')
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Tests start many processes, and each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help room proof audit audit-plants s3 forms kills backups fuzz faults controls deployment container learning first-study screenshots notebook demo test lint unit format setup setup-dev chromium messages weights validators clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: setup ## Set up, build the demo study, and serve it (Ctrl-C stops it)
	@$(MANAGE) demo

test: setup-dev chromium validators lint audit unit ## Set up, and run every check and test

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

setup: $(VENV)/.worker messages weights ## Make the environment to run Earsight

setup-dev: $(VENV)/.dev messages weights ## Make the environment to run and test Earsight

messages: $(VENV)/.worker ## Compile the translations
	@$(MANAGE) compile_translations

weights: $(VENV)/.worker ## Fetch the embedded tagger's weights (29 MB, once)
	@$(MANAGE) fetch_musicnn >/dev/null

chromium: ## Install Debian's Chromium for the browser tests, if it is missing and installing is allowed
	@tests/browser/install-chromium

VALIDATORS ?= .validators

$(VALIDATORS)/.made: tests/config/deposits/validators.txt
	@$(PYTHON) -m venv $(VALIDATORS)
	@$(VALIDATORS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

validators: $(VALIDATORS)/.made ## Install the validators of deposits whose pins conflict with ours, in .validators (half a minute, once)

lint: setup-dev ## Style, types, import contracts, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check $(TEMPLATES)
	$(BIN)/oxfmt --check static
	@! LC_ALL=C.UTF-8 grep -rnE --include='*.html' --include='*.css' --include='*.js' '.{121}' templates static
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run

audit: setup-dev ## Compare the pinned libraries with the known advisories, where they can be reached
	@$(BIN)/python tests/audit_dependencies.py

unit: setup-dev ## The test suite alone, in PROCESSES=3 processes
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder

# Tests mirror the tree: those of the room study/ballots are tests/study/ballots/ or tests/study/test_ballots*.py.
ROOM_TESTS = $(wildcard tests/$(ROOM) tests/$(dir $(ROOM))test_$(notdir $(ROOM))*.py)

room: $(VENV)/.dev messages ## The tests of one room, in seconds: ROOM=study/ballots (ALL=1: also those that start processes)
	@test -n "$(ROOM)" -a -n "$(ROOM_TESTS)" || { echo "Name a room, for example ROOM=config/demo. There are:"; \
		find tests -mindepth 1 -maxdepth 2 -name 'test_*.py' -o -mindepth 2 -maxdepth 2 -type d -not -name '__*' | \
		sed -E 's|^tests/||; s|test_(.*)\.py|\1|' | sort | column -c 110; exit 2; }
	$(BIN)/python -m pytest -q $(if $(ALL),,-m "not long and not processes") $(ROOM_TESTS)

proof: setup-dev ## Check the statistics by simulation, in full (some minutes)
	$(BIN)/python benchmarks/proof_by_simulation.py

first-study: setup-dev ## The first study's comparison, small and whole (ANNOTATIONS=annotations_final.csv)
	$(BIN)/python benchmarks/first_study.py $(if $(ANNOTATIONS),--annotations $(ANNOTATIONS))

learning: setup-dev ## Train CLMR, all stages, on sounds with a known answer
	EARSIGHT_LEARNING_TEST=full $(BIN)/python -m pytest tests/generation/tagging -k "contrastive or two_processes"

screenshots: setup-dev chromium ## Take the screenshots of docs/screenshots.md from a finished demo
	$(BIN)/python docs/take_screenshots.py

notebook: setup-dev ## Run docs/notebook against an installation of its own, and store what its cells print
	$(BIN)/python docs/notebook/run_notebook.py

audit-plants: setup-dev ## Try the blinding audit on every planted leak alone, on those by times and by random words together, and on 200 clean studies (an hour)
	EARSIGHT_AUDIT_TEST=full $(BIN)/python -m pytest --numprocesses 2 --dist load tests/study/blinding_audit/test_all_plants.py tests/study/blinding_audit/test_plants.py tests/study/blinding_audit/test_instruments.py

s3: setup-dev ## Try uploads and images on S3 with a server of moto's: faults, ranges, the blinding audit
	EARSIGHT_S3_TEST=full $(BIN)/python -m pytest tests/config/media_storage

forms: setup-dev chromium ## Try each form of the console in a browser: left, loaded again, without connection, signed out, saved by two
	EARSIGHT_FORMS_TEST=full $(BIN)/python -m pytest tests/browser/test_every_kept_form.py

kills: setup-dev ## Kill real workers twenty times during a run (BROKER=redis://…)
	$(BIN)/python -m tests.generation.runs.kill_workers --broker $(or $(BROKER),filesystem://) --kills 20 --clips 50

backups: setup-dev ## Backups and restores in full: kills, PostgreSQL, SQLite to PostgreSQL, a bucket (some minutes)
	$(BIN)/python -m pytest -q tests/config/backups/test_*.py tests/config/backups/more_*.py tests/config/backups/whole_*.py

# Another seed sends other requests: make fuzz SEED=7
fuzz: setup-dev ## Send 10,000 requests to every address as everybody, on SQLite and on PostgreSQL (SEED=0 REQUESTS=10000)
	FUZZ_SEED=$(or $(SEED),0) FUZZ_REQUESTS=$(or $(REQUESTS),10000) $(BIN)/python -m tests.config.fuzz

deployment: setup-dev ## Follow docs/operations.md word by word in an empty Debian with systemd (root, debootstrap, systemd-container)
	$(BIN)/python -m tests.deployment

container: setup-dev ## Build what deploy/container/Containerfile says in an empty Debian, and run the services of compose.yaml
	$(BIN)/python -m tests.deployment.container

faults: setup-dev ## Restart brokers and PostgreSQL under load, set clocks, make disks read-only, mix versions (half an hour)
	EARSIGHT_FAULTS_TEST=full $(BIN)/python -m pytest tests/config/faults

controls: setup-dev ## Take protections off: each test of one has to fail then (some minutes)
	$(BIN)/python -m tests.without
	EARSIGHT_CONTROLS=full $(BIN)/python -m pytest tests/generation/runs/test_broker_faults.py tests/generation/runs/test_killed_workers.py tests/study/participants/test_concurrent_arrivals.py -k "without or default"

format: setup-dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade $(TEMPLATES)
	$(BIN)/oxfmt static

clean: ## Remove caches (never the data under var/)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
