# Every target does its own set-up: nothing is needed beforehand but python3, make and a C++
# compiler. The second time it is instant. Choose a Python with PYTHON=python3.12.

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.ready
EXTRAS := ros,sim,viz,learn,gp,export,tune,view,docs,dev

# PyBullet has wheels for 3.10 and 3.11 only, so these come first.
PYTHON ?= $(shell for p in python3.11 python3.10 python3.12 python3.13 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import venv, ensurepip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$p && break; done)

# A ROS 2 that this shell has sourced must not mix with the wheels in .venv.
unexport PYTHONPATH AMENT_PREFIX_PATH

.DEFAULT_GOAL := help
.PHONY: docs help setup peers demo test test-slow lint format bench clean distclean

help: ## Show the targets
	@echo "make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything pinned in constraints.txt

$(STAMP): constraints.txt setup.py pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.10 to 3.13 with the venv module was found." \
		"Install one (Debian, Ubuntu: apt install python3-venv), or give its path:" \
		"make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): about two minutes, only this once ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || \
		echo "PyBullet has no wheel for this Python and is compiled now: about 4 more minutes on two cores."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@
	@echo "Ready. '. $(VENV)/bin/activate' puts the command rl_control on your path."

peers: $(STAMP) ## Also install Crocoddyl, which the benchmark compares with
	@$(BIN)/python -c 'import crocoddyl' 2>/dev/null || $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check --constraint constraints.txt --editable '.[peers]'

demo: $(STAMP) ## Watch an arm in PyBullet reach targets, driven by MPC over ROS 2 topics
	@$(BIN)/rl_control demo $(ARGS)

test: lint ## Run linters, types and the quick tests
	@$(BIN)/python -m pytest -q $(ARGS)

test-slow: lint ## Run every test, the slow ones included
	@$(BIN)/python -m pytest -q -m "slow or not slow" $(ARGS)

lint: $(STAMP) ## Run ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMP) ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(STAMP) ## Build the documentation as a site in site/, its reference pages anew
	@$(BIN)/python docs/generate.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open site/index.html."

bench: peers ## Measure iLQR beside Crocoddyl (not part of the tests)
	@$(BIN)/python benchmarks/ilqr.py $(ARGS)

clean: ## Remove what tests and builds leave (not .venv, not runs/)
	rm -rf build install log dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find rl_control test benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove .venv too
	rm -rf $(VENV)
