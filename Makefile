# Every target installs what it needs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Tests have a cluster of their own, so that they leave that of a demo alone. CLUSTER=name means
# another one, CLUSTER=current the cluster of the current kubeconfig.
DEMO_CLUSTER := $(or $(CLUSTER),kompass)
TEST_CLUSTER := $(or $(CLUSTER),kompass-test)
NAMED := $(DEMO_CLUSTER)
contract e2e soak test: NAMED := $(TEST_CLUSTER)
bench bench-operator: NAMED := $(or $(CLUSTER),kompass-bench)
export KOMPASS_CLUSTER = $(NAMED)

# What may be installed beyond the checkout: nothing, unless INSTALL=1 or a target that promises it.
demo test: export INSTALL := 1
export KOMPASS_DEVCLUSTER_INSTALL = $(INSTALL)
DEVCLUSTER = PYTHONPATH=devcluster $(PYTHON) -m kompass_devcluster

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- the two commands of the README ------------------------------------------------------------

.PHONY: demo
demo: venv ## Bring up a cluster with Kompass, run examples/quickstart.yaml, show its report
	@PYTHONPATH=devcluster $(BIN)/python tools/demo.py

.PHONY: test
test: lint type unit contract e2e ## Run every check and every test

# ---- Python ------------------------------------------------------------------------------------

$(VENV)/.synced: requirements/dev.txt pyproject.toml tools/bootstrap.py
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

.PHONY: e2e
e2e: venv cluster-up ## Run the end-to-end tests (the chart and the images on a cluster)
	$(BIN)/pytest tests/e2e --timeout 1200

.PHONY: soak
soak: venv cluster-up ## Run the tests that take more than a minute, and half an hour of random edits
	@set -o pipefail; KOMPASS_FUZZ_SECONDS=$(or $(FUZZ_SECONDS),1800) KOMPASS_SOAK_MINUTES=$(or $(SOAK_MINUTES),30) \
	  $(BIN)/pytest tests/contract/scenarios/test_soak.py tests/contract/scenarios/test_fuzz.py -m cluster -v -s \
	  | tee bench/results/.soak
	@$(BIN)/python bench/soak_page.py < bench/results/.soak && rm bench/results/.soak

# Each figure is written to a file of its own once it is complete.
RECORD = PYTHONPATH=tools $(BIN)/python bench/$(1).py > bench/results/.new && mv bench/results/.new bench/results/$(1).json

.PHONY: bench
bench: venv cluster-up ## Measure what we promise of speed, into bench/results/ (a quarter of an hour)
	@$(MAKE) --no-print-directory bench-operator CLUSTER=$(NAMED)
	$(call RECORD,local_run)
	$(call RECORD,wallclock)
	@$(BIN)/python bench/speeds.py

.PHONY: bench-operator
bench-operator: venv cluster-up ## Measure the operator at scale, with nodes and pods played by kwok (20 minutes)
	@eval "$$($(DEVCLUSTER) env --name $(NAMED))" && kubectl apply --server-side --force-conflicts -f crds && \
	  PYTHONPATH=tools $(BIN)/python bench/operator_scale.py $(SCALE) > bench/results/.new && \
	  mv bench/results/.new bench/results/operator_scale.json
	@$(BIN)/python bench/speeds.py

.PHONY: bench-cold
bench-cold: venv ## Measure `make demo` in a fresh clone with an empty home (needs 30 GB of disk)
	$(BIN)/python bench/wallclock.py --cold > bench/results/.new && mv bench/results/.new bench/results/wallclock_cold.json
	@$(BIN)/python bench/speeds.py

.PHONY: parity
parity: venv ## Compare with OpenCompass and lm-eval, item by item, into docs/parity.md (2 hours at first)
	PYTHONPATH=tools $(BIN)/python -m parity.main --page docs/parity.md --vectors tests/unit/parity/vectors

.PHONY: parity-requirements
parity-requirements: venv ## Pin what OpenCompass and lm-eval run on, with our releases of torch and the like
	@for peer in opencompass lm-eval; do \
	  grep -Eo '^(accelerate|cuda|nvidia|safetensors|tokenizers|torch|triton)[a-z0-9-]*==[^ ]+' requirements/huggingface.txt | \
	  $(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-emit-index-url --no-header \
	    --python-version 3.11 --constraint - tools/parity/requirements/$$peer.in --output-file tools/parity/requirements/$$peer.txt; \
	done

.PHONY: generate
generate: venv ## Write the CRDs, their chart copies and docs/reference.md from kompass_api
	$(BIN)/python tools/generate.py

.PHONY: requirements
requirements: venv ## Pin the dependencies of every extra and of the build, with hashes
	@for extra in operator worker huggingface lmdeploy dev; do \
	  $(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-emit-index-url --no-header \
	    --python-version 3.11 --extra $$extra pyproject.toml --output-file requirements/$$extra.txt; \
	done
	@printf 'hatchling>=1.27\nuv==0.13.9\n' | $(BIN)/uv pip compile --quiet --generate-hashes --no-annotate \
	  --no-emit-index-url --no-header --python-version 3.11 --output-file requirements/build.txt -

# ---- the cluster -------------------------------------------------------------------------------

.PHONY: cluster-up cluster-status cluster-down
ifeq ($(CLUSTER),current)
cluster-up cluster-status:
	@kubectl get nodes
cluster-down:
	@echo "The cluster of the current kubeconfig is yours; to remove Kompass: helm uninstall kompass -n kompass"
else
cluster-up: ## Start the development cluster (CLUSTER=name for another, =current for yours)
	@$(DEVCLUSTER) up --name $(NAMED)

cluster-status: ## Show the development cluster's parts and addresses
	@$(DEVCLUSTER) status --name $(NAMED)

cluster-down: ## Stop the development cluster; nothing of it stays
	@$(DEVCLUSTER) down --name $(NAMED)
endif

.PHONY: images
images: venv cluster-up ## Build both images and push them to the cluster (=current: to REGISTRY)
	@PYTHONPATH=devcluster $(BIN)/python tools/images.py

.PHONY: chart
chart: venv ## Check the chart and pack it into dist/
	@PATH="$$($(DEVCLUSTER) tools):$$PATH"; \
	  helm lint --strict --quiet helm/kompass && helm package helm/kompass --destination dist

.PHONY: clean
clean: ## Remove .venv, caches and what was built here, and stop both clusters
	@if [ "$(CLUSTER)" != current ]; then \
	  for name in $(DEMO_CLUSTER) $(TEST_CLUSTER); do $(DEVCLUSTER) down --name $$name; done; fi
	rm -rf $(VENV) dist build kompass-out
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
