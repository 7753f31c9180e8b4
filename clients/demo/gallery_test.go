package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestAFailureIsReportedInOneLine(t *testing.T) {
	problem := func(w http.ResponseWriter, status int) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprint(w, `{"code":"ERR_INTERNAL","detail":"the request failed","instance":"12345678"}`)
	}
	for name, test := range map[string]struct {
		answers map[string]http.HandlerFunc // instead of those of a working service
		args    []string
		want    string
	}{
		"a service without simulator": {
			answers: map[string]http.HandlerFunc{"POST /simulator/login": func(w http.ResponseWriter, _ *http.Request) { problem(w, 404) }},
			want:    "does not simulate WeChat, so the demo cannot log in; start a service with: SIMULATOR=on make run",
		},
		"another program": {
			answers: map[string]http.HandlerFunc{"POST /simulator/login": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>\nhello") }},
			want:    "log in: the simulator answers HTTP 200 OK <html>",
		},
		"a failed login": {
			answers: map[string]http.HandlerFunc{"POST /v1/session": func(w http.ResponseWriter, _ *http.Request) { problem(w, 500) }},
			want:    "log in: ERR_INTERNAL: the request failed (request 12345678)",
		},
		"a failed list": {
			answers: map[string]http.HandlerFunc{"GET /v1/drawings": func(w http.ResponseWriter, _ *http.Request) { problem(w, 500) }},
			want:    "list drawings: ERR_INTERNAL: the request failed (request 12345678)",
		},
		"a drawing that is rejected": {
			answers: map[string]http.HandlerFunc{"PUT /v1/drawings/{id}": func(w http.ResponseWriter, _ *http.Request) { problem(w, 500) }},
			want:    ": ERR_INTERNAL: the request failed (request 12345678)",
		},
		"no URL":              {args: []string{"-url", "here"}, want: "here is not the URL of a service"},
		"an empty folder":     {args: []string{"-data", t.TempDir()}, want: ": has no *.ndjson file"},
		"an unknown argument": {args: []string{"folder"}, want: "folder: unknown argument"},
		"no service":          {args: []string{"-url", "http://127.0.0.1:1"}, want: "no service answers at http://127.0.0.1:1; start one with: make run"},
	} {
		t.Run(name, func(t *testing.T) {
			service := httptest.NewServer(answering(test.answers))
			defer service.Close()
			err := run(t.Context(), append([]string{"-url", service.URL}, test.args...), io.Discard, io.Discard)
			if err == nil {
				t.Fatal("no error")
			}
			if text := err.Error(); !strings.Contains(text, test.want) || strings.Contains(text, "\n") {
				t.Errorf("the error is %q, not %q", text, test.want)
			}
		})
	}
}

func TestNothingIsSavedIfALineIsInvalid(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Error(r.Method, r.URL) }))
	defer service.Close()
	file := write(t, "cat.ndjson", "{}")
	err := run(t.Context(), []string{"-url", service.URL, "-data", strings.TrimSuffix(file, "cat.ndjson")}, io.Discard, io.Discard)
	if err == nil || !strings.HasPrefix(err.Error(), "cat.ndjson:1: ") {
		t.Error(err)
	}
}

// The name of a folder is no pattern.
func TestAFolderMayHaveAnyName(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "[cats] *?")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	sketch := []byte(`{"key_id":"1","drawing":[[[1],[2],[3]]]}`)
	if err := os.WriteFile(filepath.Join(folder, "cat.ndjson"), sketch, 0o600); err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(answering(nil))
	defer service.Close()
	var stdout strings.Builder
	err := run(t.Context(), []string{"-url", service.URL, "-data", folder}, &stdout, io.Discard)
	if err != nil || !strings.Contains(stdout.String(), "1 drawings: 1 created") {
		t.Error(stdout.String(), err)
	}
}

func TestAnInterruptionIsNoSuccess(t *testing.T) {
	g := &gallery{has: map[uuid.UUID]bool{}}
	for d := range own() {
		g.has[d.id] = true
	}
	ctx, interrupt := context.WithCancel(t.Context())
	if _, err := save(ctx, g, own(), interrupt); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAPipeGetsNoProgressBar(t *testing.T) {
	service := httptest.NewServer(answering(nil))
	defer service.Close()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"-url", service.URL, "-user", "Ming"}, &stdout, &stderr); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
	if text := stdout.String(); !strings.Contains(text, "8 created") || !strings.Contains(text, service.URL+" and enter the name Ming") {
		t.Errorf("stdout %q", text)
	}
}

func TestTheProgressBarShowsTheCountOnly(t *testing.T) {
	var screen bytes.Buffer
	bar := newBar(&screen, 8)
	if err := bar.Finish(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(screen.String(), "\r")
	if first := lines[1]; !strings.HasSuffix(strings.TrimSpace(first), "(0/8)") {
		t.Errorf("first %q", first)
	}
	if last := lines[len(lines)-1]; !strings.HasSuffix(strings.TrimSpace(last), "(8/8)") {
		t.Errorf("last %q", last)
	}
}

// answering is a service without drawings that creates each drawing it is sent,
// except for the patterns in others.
func answering(others map[string]http.HandlerFunc) http.Handler {
	say := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, text)
		}
	}
	answers := map[string]http.HandlerFunc{
		"POST /simulator/login": say(200, `{"code":"c"}`),
		"POST /v1/session":      say(201, `{"token":"t"}`),
		"GET /v1/drawings":      say(200, `{"items":[]}`),
		"PUT /v1/drawings/{id}": say(201, `{}`),
	}
	mux := http.NewServeMux()
	for pattern, handler := range answers {
		if other, ok := others[pattern]; ok {
			handler = other
		}
		mux.HandleFunc(pattern, handler)
	}
	return mux
}
