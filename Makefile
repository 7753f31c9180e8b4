# One target for each thing that is done with this project. `make help` lists them.

GO      ?= go
PACKAGE ?= ./...
OUTPUT  ?= onestroke

# Everything is built as a release is, so that Go compiles each package once. Only tests with
# the race detector are built in another way.
export CGO_ENABLED = 0
export GOFLAGS += -trimpath

# Packages that compute and share nothing between goroutines. The race detector makes them
# several times slower and finds nothing there, so it does not follow what they read and write.
COMPUTING = compress/... image/... golang.org/x/image/... go.yaml.in/yaml/... github.com/ncruces/go-sqlite3-wasm/... onestroke/impl/drawing/render
RACE      = CGO_ENABLED=1 $(GO) test -race $(COMPUTING:%=-gcflags='%=-race=false')
# Go links the race detector with a C compiler.
HAS_CC    = $(shell command -v $(firstword $(shell $(GO) env CC)))
GO_TEST   = $(if $(HAS_CC),$(RACE),$(info no C compiler is installed: the tests run without the race detector)$(GO) test)

# The npm packages under clients, each after those it is built with.
CLIENTS = typescript drawing playground miniprogram

.DEFAULT_GOAL := help

run: ## serve on http://127.0.0.1:5757; without configuration it stores in ./data and simulates WeChat
	$(GO) run .

build: ## build the service as ./onestroke; VERSION= and COMMIT= of a release
	$(GO) build -tags '$(TAGS)' -o '$(OUTPUT)' \
		-ldflags='-s -w $(if $(VERSION),-X main.version=$(VERSION)) $(if $(COMMIT),-X main.commit=$(COMMIT))' .

image: ## build the image onestroke, without an image registry
	$(MAKE) build TAGS=nosimulator,timetzdata OUTPUT=.build/image/onestroke
	docker build --quiet --file deploy/Dockerfile --target prebuilt --tag onestroke .build/image

release: clients ## give everything the version, commit, tag, and make and check the files in .build/release: VERSION=v1.2.3
	cd tools/release && $(GO) run . -version '$(VERSION)'

demo: ## save drawings in a running service; DATA=folder of Quick Draw files, URL=another service
	$(GO) run ./clients/demo $(if $(DATA),-data '$(DATA)') $(if $(URL),-url '$(URL)')

test: ## run all tests with the race detector; docs/development.md lists the settings TEST_*
	$(GO_TEST) -timeout 40m $(PACKAGE)

faults: ## break stores, WeChat, the network and the service while users use it; FAULT=regular expression for some
	cd tests/faults && $(GO) test -count=1 -timeout 60m -run 'TestFaults/($(FAULT))'

bench: ## measure the cost of each request and the memory of the service; DATA=folder of Quick Draw files, BENCH=flags
	$(GO) run ./tests/bench $(if $(DATA),-data '$(DATA)') $(BENCH)

soak: ## keep the service busy for ten minutes, and print its memory, goroutines and descriptors; fails if they grow
	$(GO) run ./tests/bench -soak 10m $(if $(DATA),-data '$(DATA)')

profile: ## write CPU and allocation profiles of each row of the bench to .build/profiles
	$(GO) run ./tests/bench -profiles .build/profiles $(if $(DATA),-data '$(DATA)') $(BENCH)

screenshots: clients/playground/node_modules clients/miniprogram/node_modules ## take the pictures in the README; needs Chromium and a Chinese font
	npm --prefix clients/playground run --silent screenshots
	npm --prefix clients/miniprogram run --silent screenshots

clients: $(CLIENTS:%=clients/%/node_modules) ## build the clients under clients/
	@for client in $(CLIENTS); do npm --prefix clients/$$client run --silent build || exit 1; done

test-clients: clients build ## test the clients, against a mock and the service, in Node and Chromium
	cd clients/go && $(GO_TEST) ./...
	@for client in $(CLIENTS); do ONESTROKE_BINARY='$(CURDIR)/onestroke' npm --prefix clients/$$client run --silent test || exit 1; done
	tools/packages

clients/%/node_modules: clients/%/package-lock.json
	npm --prefix clients/$* ci --loglevel=error
	touch $@

generate: ## rebuild every generated file: gen/, the bundles of the clients, the tables in docs/
	tools/generate

format: ## format the Go, TypeScript and CSS code
	tools/format

check: ## format, linters, import rules, generated files, rules of the contract, breaking changes, vulnerabilities, licences
	tools/check

breaking: ## fail if the contract breaks programs of the last release
	tools/contract-diff breaking

changelog: ## list what changed in the contract since the last release
	tools/contract-diff changelog

baseline: ## compare with today's contract from now on, until there is a release
	cp openapi.yaml tools/baseline.yaml

mock: ## serve the examples of the contract on http://127.0.0.1:4010
	tools/install
	node tools/mock.mjs 4010

clients-proof: ## generate clients with eleven generators and use them against the service; needs Node, Python, Java and Maven
	TEST_CLIENTS=all $(GO) test -count=1 -v -timeout 30m ./tests/clientsproof

contract: ## test the built program against the contract with Schemathesis; SEED=random, or a number
	tools/contract

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run build image release demo test faults bench soak profile screenshots clients test-clients generate format check contract breaking changelog baseline mock clients-proof help
