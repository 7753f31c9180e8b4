# Everything that is done with this project, one target each.

GO      ?= go
TOOLS   := cd .tools && $(GO) tool
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

clients: clients/typescript/node_modules ## build the clients: npm package in clients/typescript/dist
	npm --prefix clients/typescript run --silent build

test-clients: clients/typescript/node_modules ## test the clients, against a mock and the service, in Node and in Chromium
	npm --prefix clients/typescript run --silent test

clients/typescript/node_modules: clients/typescript/package-lock.json
	npm --prefix clients/typescript ci --silent
	touch $@

generate: ## rebuild everything under gen/, the types of clients/typescript, and the tables and the picture in the READMEs
	.tools/generate

check: ## format, vet, lint, generated files fresh, contract lint, import rules
	.tools/check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run build demo test clients test-clients generate check help
