package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"onestroke/api"
	drawings "onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/tests/stores"
)

// BenchmarkHandler is a hot session without any network: what is our own of the
// request that costs least. With -cpu 1,2 it shows whether cores get into each
// other's way.
func BenchmarkHandler(b *testing.B) {
	contract, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		b.Fatal(err)
	}
	store := rediscache.New(stores.DialRedis(b, stores.LocalRedis(b).URL))
	tokens, err := openSessions(store, 1)
	if err != nil {
		b.Fatal(err)
	}
	handler, err := api.New(api.Options{
		Sessions: session.New(nil, store, session.Options{}),
		Limits:   session.NewLimits(store, 6000, 1_000_000_000),
		Drawings: drawings.New(gallerytest.NewMemory(), drawings.Options{}),
		Contract: contract,
		BasePath: "/applet/session",
		Logger:   slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		r := httptest.NewRequest(http.MethodGet, "/v1/session", nil)
		r.Header.Set("Authorization", "Bearer "+tokens[0])
		for p.Next() {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
}

// BenchmarkSharingNothing is work of the same kind, allocations and all, in which
// nothing is shared: what a second core can be good for on this machine.
func BenchmarkSharingNothing(b *testing.B) {
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			for range 10 { // about as long as a request
				if _, err := json.Marshal(map[string]any{"id": 1, "name": "小明", "strokes": []int{1, 2, 3}}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
