# Every target installs what it needs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLUSTER ?= kompass
export KOMPASS_CLUSTER := $(CLUSTER)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.synced: requirements/dev.txt pyproject.toml
	@$(PYTHON) tools/bootstrap.py $(VENV)
	@touch $@

.PHONY: venv
venv: $(VENV)/.synced ## Create .venv with the pinned packages and Kompass itself

.PHONY: format
format: venv ## Format the Python code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --exit-zero --quiet .

.PHONY: lint
lint: venv ## Check style, imports, spelling and dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/deptry .

.PHONY: type
type: venv ## Check types
	$(BIN)/mypy crds operator worker devcluster/kompass_devcluster tools tests

.PHONY: unit
unit: venv ## Run the unit tests
	$(BIN)/pytest tests/unit -n auto

.PHONY: contract
contract: venv cluster-up ## Run the contract tests (real S3 server, real API server)
	$(BIN)/pytest tests/contract

.PHONY: generate
generate: venv ## Write the CRDs, their chart copies and docs/reference.md from kompass_api
	$(BIN)/python tools/generate.py

.PHONY: requirements
requirements: venv ## Pin the dependencies of every extra, with hashes
	@for extra in operator worker huggingface lmdeploy dev; do \
	  $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 --extra $$extra pyproject.toml --output-file requirements/$$extra.txt; \
	done
