package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const goClient = "github.com/onestroke/onestroke/clients/go"

// checkGoClient gets the Go client as others will with `go get`, and compiles and vets
// its example in a module of its own.
func (r release) checkGoClient() (err error) {
	folder, err := os.MkdirTemp("", "onestroke-release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	proxy, outside := filepath.Join(folder, "proxy"), filepath.Join(folder, "outside")
	if err := r.proxyOfGoClient(proxy); err != nil {
		return err
	}
	if err := os.Mkdir(outside, 0o755); err != nil {
		return err
	}
	if err := r.copy(filepath.Join("clients", "go", "example", "main.go"), filepath.Join(outside, "main.go")); err != nil {
		return err
	}
	others, err := r.output("go", "env", "GOPROXY")
	if err != nil {
		return err
	}
	environment := []string{
		"GOPROXY=file://" + filepath.ToSlash(proxy) + "," + strings.TrimSpace(others),
		"GONOSUMDB=" + goClient, "GOMODCACHE=" + filepath.Join(folder, "cache"), "GOFLAGS=-modcacherw", "GOWORK=off",
	}
	there := release{root: outside}
	for _, arguments := range [][]string{
		{"mod", "init", "example.com/outside"},
		{"get", goClient + "@v" + r.version},
		{"mod", "tidy"},
		{"vet", "./..."},
	} {
		if err := there.do(environment, "go", arguments...); err != nil {
			return fmt.Errorf("go %s: %w", arguments[0], err)
		}
	}
	return nil
}

// proxyOfGoClient writes a module proxy with the Go client only, in a folder.
func (r release) proxyOfGoClient(folder string) error {
	client := module.Version{Path: goClient, Version: "v" + r.version}
	versions := filepath.Join(folder, filepath.FromSlash(goClient), "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		return err
	}
	name := filepath.Join(versions, client.Version)
	archive, err := os.Create(name + ".zip")
	if err != nil {
		return err
	}
	source := filepath.Join(r.root, "clients", "go")
	if err := errors.Join(zip.CreateFromDir(archive, client, source), archive.Close()); err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": client.Version, "Time": r.time})
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".info", info, 0o600); err != nil {
		return err
	}
	return r.copy(filepath.Join("clients", "go", "go.mod"), name+".mod")
}
