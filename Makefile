# Everything that is done with this project, one target each.

GO      ?= go
PACKAGE ?= ./...

.DEFAULT_GOAL := help

run: ## serve on 127.0.0.1:5757, with embedded stores and simulated WeChat where nothing is configured
	$(GO) run .

build: ## build the service as ./onestroke
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o onestroke .

demo: ## draw into a running service: DATA=folder of Quick Draw files, or drawings of its own; URL=another service
	$(GO) run ./clients/demo $(if $(DATA),-data '$(DATA)') $(if $(URL),-url '$(URL)')

test: ## run all tests, with the race detector; TEST_STORES=auto|embedded|containers
	$(GO) test -race -timeout 15m $(PACKAGE)

bench: ## print what a request costs beside the reference program, and what the service takes; DATA=folder of Quick Draw files, BENCH=flags
	$(GO) run ./tests/bench $(if $(DATA),-data '$(DATA)') $(BENCH)

profile: ## write CPU and allocation profiles of each row of the bench to .build/profiles; DATA=folder of Quick Draw files
	$(GO) run ./tests/bench -profiles .build/profiles $(if $(DATA),-data '$(DATA)') $(BENCH)

clients: clients/typescript/node_modules ## build the clients: npm package in clients/typescript/dist
	npm --prefix clients/typescript run --silent build

test-clients: build clients/typescript/node_modules ## test the clients, against a mock and the service, in Node and in Chromium
	ONESTROKE_BINARY='$(CURDIR)/onestroke' npm --prefix clients/typescript run --silent test

clients/typescript/node_modules: clients/typescript/package-lock.json
	npm --prefix clients/typescript ci --silent
	touch $@

generate: ## rebuild everything under gen/, the types of clients/typescript, and the tables and the picture in the READMEs
	.tools/generate

check: ## format, vet, lint, generated files fresh, contract lint, import rules
	.tools/check

breaking: ## fail on a change of the contract that breaks clients of the last release, unless the major version rises
	.tools/contract-diff breaking

changelog: ## say in words what changed in the contract since the last release
	.tools/contract-diff changelog

baseline: ## take today's contract as the one to compare with, until there is a release
	cp openapi.yaml .tools/baseline.yaml

mock: ## serve the contract's examples on 127.0.0.1:4010, for front ends that have no service yet
	.tools/install
	.tools/node_modules/.bin/prism mock --host 127.0.0.1 --port 4010 openapi.yaml

clients-proof: ## generate clients in four languages and use them against the service; needs Node, Python, Java and Maven
	TEST_CLIENTS='go typescript python java' $(GO) test -count=1 -v -timeout 30m ./tests/clientsproof

contract: ## hold the built program against the contract with Schemathesis (Python 3.10 or newer); SEED=random, or a number
	.tools/contract

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run build demo test bench profile clients test-clients generate check contract breaking changelog baseline mock clients-proof help
