# Everything that is done with this project, one target each.

GO      ?= go
PACKAGE ?= ./...
OUTPUT  ?= onestroke

# The npm packages under clients, each after those it is built with.
CLIENTS = typescript drawing playground miniprogram

.DEFAULT_GOAL := help

run: ## serve on 127.0.0.1:5757, with embedded stores and simulated WeChat where nothing is configured
	$(GO) run .

build: ## build the service as ./onestroke; TAGS=noembed leaves the embedded parts out; VERSION= and COMMIT= of a release
	CGO_ENABLED=0 $(GO) build -tags '$(TAGS)' -trimpath -o '$(OUTPUT)' \
		-ldflags='-s -w $(if $(VERSION),-X main.version=$(VERSION)) $(if $(COMMIT),-X main.commit=$(COMMIT))' .

image: ## build the image onestroke, without an image registry
	$(MAKE) build TAGS=noembed,timetzdata OUTPUT=.build/image/onestroke
	docker build --quiet --file deploy/Dockerfile --target prebuilt --tag onestroke .build/image

demo: ## draw into a running service: DATA=folder of Quick Draw files, or drawings of its own; URL=another service
	$(GO) run ./clients/demo $(if $(DATA),-data '$(DATA)') $(if $(URL),-url '$(URL)')

test: ## run all tests, with the race detector; TEST_STORES=auto|local|containers, or TEST_REDIS_URL= and TEST_MONGODB_URI= of your own
	$(GO) test -race -timeout 15m $(PACKAGE)

bench: ## print what a request costs beside the reference program and PocketBase, and what the service takes; DATA=folder of Quick Draw files, BENCH=flags
	$(GO) run ./tests/bench $(if $(DATA),-data '$(DATA)') $(BENCH)

profile: ## write CPU and allocation profiles of each row of the bench to .build/profiles; DATA=folder of Quick Draw files
	$(GO) run ./tests/bench -profiles .build/profiles $(if $(DATA),-data '$(DATA)') $(BENCH)

screenshots: clients/playground/node_modules clients/miniprogram/node_modules ## take the pictures of the page and the mini program that the READMEs show; needs Chromium and a Chinese font
	npm --prefix clients/playground run --silent screenshots
	npm --prefix clients/miniprogram run --silent screenshots

clients: $(CLIENTS:%=clients/%/node_modules) ## build the clients, each in its folder under clients
	@for client in $(CLIENTS); do npm --prefix clients/$$client run --silent build || exit 1; done

test-clients: clients build ## test the clients, against a mock and the service, in Node and in Chromium
	@for client in $(CLIENTS); do ONESTROKE_BINARY='$(CURDIR)/onestroke' npm --prefix clients/$$client run --silent test || exit 1; done

clients/%/node_modules: clients/%/package-lock.json
	npm --prefix clients/$* ci --loglevel=error
	touch $@

generate: ## rebuild everything that is generated: gen/, the types and bundles of the clients, the tables in docs/, the picture in the README
	tools/generate

format: ## format the Go, TypeScript and CSS code
	tools/format

check: ## format, vet, lint, generated files fresh, contract lint, import rules
	tools/check

breaking: ## fail on a change of the contract that breaks clients of the last release, unless the major version rises
	tools/contract-diff breaking

changelog: ## say in words what changed in the contract since the last release
	tools/contract-diff changelog

baseline: ## take today's contract as the one to compare with, until there is a release
	cp openapi.yaml tools/baseline.yaml

mock: ## serve the contract's examples on 127.0.0.1:4010, for front ends that have no service yet
	tools/install
	tools/node_modules/.bin/prism mock --host 127.0.0.1 --port 4010 openapi.yaml

clients-proof: ## generate clients in four languages and use them against the service; needs Node, Python, Java and Maven
	TEST_CLIENTS='go typescript python java' $(GO) test -count=1 -v -timeout 30m ./tests/clientsproof

contract: ## hold the built program against the contract with Schemathesis (Python 3.10 or newer); SEED=random, or a number
	tools/contract

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run build image demo test bench profile screenshots clients test-clients generate check contract breaking changelog baseline mock clients-proof help
