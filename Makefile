# The two commands of the README, and the ones behind them. Every target sets up what it needs.
PREPARE ?= --upgrade
.PHONY: setup binaries rehearse test test-unit test-lab check bench reference clean
SHELL := /bin/bash
STACK ?= bare-metal

rehearse: setup ## an example stack, for real, on this machine: hosts, Kubernetes, a gang in one leaf
	node bin/turducken.js rehearse $(STACK) $(ARGS)

test: setup check test-unit test-lab ## everything that CI runs

check: setup ## types, lint, format, generated files
	npx tsc --noEmit
	npx eslint .
	npx prettier --check --log-level warn .
	node bin/turducken.js reference --check

test-unit: setup ## anywhere, under a minute
	npx jest --selectProjects unit --maxWorkers=100%

test-lab: setup binaries ## real SSH hosts and a real cluster in network namespaces; needs root on Linux, else skipped and counted
	npx jest --selectProjects lab --runInBand

binaries: setup ## what the lab runs: built, fetched or taken from the cache; about 6 minutes the first time
	node bin/turducken.js rehearse --prepare $(PREPARE)

bench: setup ## ratios against plain ssh and ansible-core, measured in one run
	node -r tsx/cjs bench/index.ts $(ARGS)

reference: setup ## JSON Schemas and the README's reference table, from the zod schemas
	node bin/turducken.js reference --write

setup: node_modules/.package-lock.json
	@bash tools/setup.sh

node_modules/.package-lock.json: package-lock.json
	@# Not `npm ci`: it refuses a lock file that lacks other platforms' optional binaries, which not every registry mirror has.
	npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## what was generated; caches of binaries and images stay
	rm -rf .turducken node_modules
