# Everything here needs python3 (3.11 or newer), pip and make; it installs into .venv from the hashed files of requirements/.
PYTHON ?= python3
BIN := .venv/bin
COMPILE := uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
  --custom-compile-command "make lock" --upgrade -q

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint types tests soak bench docs lock clean

help: ## Show what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: .venv/run ## Make two pictures on the sandbox and say where their reports are
	$(BIN)/onbrief run "three red circles above a blue square on a yellow background" --seed 3 --out demo
	$(BIN)/onbrief run examples/aurora.toml --seed 7 --out demo
	@echo "The pictures, records and reports are in the folder demo; open the report.html named above in a browser."

test: lint types tests ## Lint, check types and imports, run the tests

quick: .venv/test ## Lint, and check types and tests of what changed since the last commit, or since SINCE=main
	@$(BIN)/python -m tests.quick

lint: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: .venv/test
	$(BIN)/basedpyright

tests: .venv/test
	$(BIN)/python -m pytest -n auto

soak: .venv/test ## Run the long campaigns: thousands of scenes, every kill, many seeds
	$(BIN)/python -m pytest -m soak -n auto -rP

bench: .venv/test ## Measure speed and size; figures go into benchmarks/README.md
	$(BIN)/python -m benchmarks

docs: .venv/test ## Write again what is generated: the record's schema and the command line's help
	$(BIN)/python -m docs.generate

lock: ## Resolve the dependencies again (needs uv)
	for name in run test; do $(COMPILE) pyproject.toml requirements/$$name.in --extra sandbox -o requirements/$$name.txt; done
	$(COMPILE) pyproject.toml requirements/aws.in --extra aws --extra otel -o requirements/aws.txt
	for name in template ministack; do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Delete what was installed and made here
	rm -rf .venv demo onbrief-runs dist .hypothesis .pytest_cache .ruff_cache .mypy_cache .import_linter_cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/test: .venv/run requirements/test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	touch $@
