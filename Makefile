# Every command of the project. The work is done by small scripts in .ci; each phase says what it
# does and how long it took, and the first that fails ends the run.
.DEFAULT_GOAL := help
.PHONY: help run test dev bench prepare clean-data setup build
SHELL := bash
.NOTPARALLEL:
PHASE := .ci/phase
DATA := $(or $(STEWARD_DATA),.data)

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup build ## Install what is missing, build, and start Steward on http://127.0.0.1:3000
	@. .ci/env && exec "$$TARGET/release/server"

test: ## Everything a change must pass, browser included
	@$(PHASE) "Set-up: install what is missing" .ci/setup test
	@$(PHASE) "Format" cargo fmt --all --check
	@$(PHASE) "Dependencies: advisories, licences, sources" .ci/deny
	@$(PHASE) "Lint the server side" cargo lint
	@$(PHASE) "Lint the browser side" cargo lint-wasm
	@$(PHASE) "Lint the browser tests" npm --prefix end2end run --silent check
	@STEWARD_POSTGRES_FAST=1 $(PHASE) "Rust tests, on an embedded database" .ci/with-postgres test \
		cargo test -p model -p domain -p app -p server --features domain/testing,app/ssr
	@$(PHASE) "Release build" cargo leptos build --release
	@$(PHASE) "Precompress assets" .ci/precompress
	@$(PHASE) "Budget: what a visitor downloads" .ci/budget
	@$(PHASE) "Browser tests" npm --prefix end2end run --silent test

dev: setup ## Build, start, and do both again at every change
	@. .ci/env && exec cargo leptos watch

bench: setup build ## What Steward must reach, measured against PostgreSQL alone; STEWARD_BENCH=quick leaves the million out
	@$(PHASE) "Benchmarks" .ci/bench

prepare: ## Renew server/domain/.sqlx after a change of queries or migrations
	@$(PHASE) "Check queries against a migrated database" .ci/prepare

clean-data: ## Remove the embedded database and everything else in the data directory
	@.ci/clean-data "$(DATA)"

setup: ## Install what is missing to build
	@$(PHASE) "Set-up: install what is missing" .ci/setup run

build: ## A release build, with its assets compressed
	@$(PHASE) "Release build" cargo leptos build --release
	@$(PHASE) "Precompress assets" .ci/precompress
