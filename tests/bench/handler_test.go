package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"onestroke/app"
	"onestroke/impl/config"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/rediscache"
	"onestroke/tests/stores"
)

// BenchmarkHandler is a request with a cached session and without a network: the cost
// of our own code in the cheapest request. With -cpu 1,2 it shows contention.
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
	c, err := config.Read(nil)
	if err != nil {
		b.Fatal(err)
	}
	c.RequestRatePerMinute = 1_000_000_000
	parts := app.Parts{Sessions: store, Drawings: gallerytest.NewMemory()}
	handler, err := app.NewHandler(b.Context(), c, contract, parts, slog.New(slog.NewJSONHandler(io.Discard, nil)))
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

// BenchmarkSharingNothing is similar work, with allocations, that shares nothing: the
// best speed-up by a second core on this machine.
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
