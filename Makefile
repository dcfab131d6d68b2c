# Everything here needs python3 (3.11 or newer), pip and make; it installs into .venv from the hashed files of requirements/.
PYTHON ?= python3
# The Python of the Lambda function's runtime; without Python 3.13, the one that is there.
LAMBDA_PYTHON ?= $(shell for python in python3.13 $(PYTHON); do $$python -c '' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
COMPILE := uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
  --custom-compile-command "make lock" --upgrade -q

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint types tests soak bench bench-policy docs lambda template aws-test lock clean

help: ## Show what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

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

# A process that crashes, and a test that hangs, end the tests and are named: with a new process, xdist would begin the same
# test again and might never end.
tests: .venv/test
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0 \
	  -o faulthandler_timeout=900 -o faulthandler_exit_on_timeout=true

soak: .venv/test ## Run the long campaigns: thousands of scenes, every kill, many seeds
	$(BIN)/python -m pytest -m soak -n auto --dist worksteal -rP

bench: .venv/test ## Measure speed and size; figures go into benchmarks/README.md
	$(BIN)/python -m benchmarks

bench-policy: .venv/test ## Compare policies in the sandbox's world: pictures, money and seconds for each accepted picture
	$(BIN)/python -m benchmarks.policy

docs: .venv/test ## Write again what is generated: the record's schema and the command line's help
	$(BIN)/python -m docs.generate

lambda: .venv/run ## Pack the Lambda function into dist/onbrief.zip
	$(BIN)/python -m deploy.aws.pack --python $(LAMBDA_PYTHON)

template: .venv/template/ready ## Check deploy/aws/template.yaml with sam and cfn-lint
	AWS_DEFAULT_REGION=us-west-2 SAM_CLI_TELEMETRY=0 .venv/template/bin/sam validate --lint --template deploy/aws/template.yaml
	.venv/template/bin/cfn-lint deploy/aws/template.yaml

aws-test: .venv/test .venv/ministack/ready template lambda ## Deploy the template to a stand-in for AWS, and send it events
	$(BIN)/python -m pytest -m aws -n 0 --durations 0 tests/deploy

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

# Two environments of their own, because their packages pin others that .venv has in newer versions. --no-deps: the locks are whole,
# and pip before 24 does not accept a hashed package whose dependency names an extra. The stand-in runs the function in its Python.
.venv/template/ready: .venv/bin/python requirements/template.txt
	$(PYTHON) -m venv .venv/template
	.venv/template/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/template.txt
	touch $@

.venv/ministack/ready: .venv/bin/python requirements/ministack.txt
	$(LAMBDA_PYTHON) -m venv .venv/ministack
	.venv/ministack/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/ministack.txt
	touch $@
