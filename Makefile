# `make chat` and `make test` need Python 3.11 or newer and nothing else; everything goes into .venv here.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.txt

.PHONY: help chat test test-slow eval requirements clean

help:
	@echo "make chat          install, index the speech and chat about it here in the terminal"
	@echo "make test          install the test tools too; check style, types and layers; run the quick tests"
	@echo "make test-slow     run the slow tests"
	@echo "make eval          ask all cases offline, score the answers, compare them with the baseline"
	@echo "make requirements  pin again what pyproject.toml asks for (delete requirements.txt first to renew all pins)"
	@echo "make clean         remove .venv and everything else that was made here"
	@echo "Another Python:    make chat PYTHON=python3.12"

chat: .venv/chat
	@$(BIN)/assistant index
	@$(BIN)/assistant chat

test: .venv/test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q -n auto -m "not slow" --cov
	@$(BIN)/python -m eval gate --split tune

test-slow: .venv/test
	@$(BIN)/python -m pytest -q -m slow

eval: .venv/test
	@$(BIN)/python -m eval validate
	@$(BIN)/python -m eval run offline --again
	@$(BIN)/python -m eval score offline
	@$(BIN)/python -m eval gate offline

requirements: .venv/made
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra test --extra eval --no-annotate \
		--custom-compile-command "make requirements" -o requirements.txt pyproject.toml

clean:
	rm -rf .venv .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist

.venv/made:
	@$(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"$(PYTHON) is not Python 3.11 or newer with venv (Debian: apt install python3-venv). Try: make $(MAKECMDGOALS) PYTHON=python3.12" \
		>&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/chat: .venv/made pyproject.toml requirements.txt
	@echo "Installing into .venv; the first time this takes a few minutes." >&2
	@$(INSTALL) -e .
	@touch $@

.venv/test: .venv/made pyproject.toml requirements.txt
	@echo "Installing into .venv; the first time this takes a few minutes." >&2
	@$(INSTALL) -e '.[test,eval]'
	@touch .venv/chat $@
