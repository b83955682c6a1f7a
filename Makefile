# One command each. Every target first makes or refreshes the virtual environment it needs (scripts/bootstrap).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo server console test check fix bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: ## train a model on real data, from nothing to the saved file
	@scripts/bootstrap run
	@scripts/demo $(ARGS)

server: ## run the server in the foreground; ARGS="--port 8900 --data-dir ..." is handed on
	@scripts/bootstrap run
	@.venv/bin/trainwright server $(ARGS)

console: ## build the web console anew; `make server` and `make demo` build it where it is out of date
	@scripts/bootstrap run
	@.venv/bin/python -m scripts.console --force

test: ## everything: set-up, scripts/check, all tests; ARGS is handed to pytest
	@scripts/test-setup
	@scripts/check
	@.venv/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

check: ## format, lint, types, import contracts, sizes, generated files, words, fragments; the console's, too
	@scripts/bootstrap dev
	@scripts/check

fix: ## the same, mending what a machine can mend
	@scripts/bootstrap dev
	@scripts/check --fix

bench: ## measure against the budgets; ARGS="--only latency staging", --slurm, --quick
	@scripts/bootstrap dev
	@.venv/bin/python -m benchmarks $(ARGS)

clean: ## remove the virtual environment and caches, never a server's data
	rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf console/node_modules console/src/api/schema.gen.ts src/trainwright/server/site
	find src tests scripts benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +
