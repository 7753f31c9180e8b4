package mongostore_test

import (
	"testing"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/gallery"
	"onestroke/tests/stores"
)

// BenchmarkCreate measures what a quota costs. It does not depend on how many
// drawings the owner has.
func BenchmarkCreate(b *testing.B) {
	for _, c := range []struct {
		name  string
		quota int
	}{{"no quota", 0}, {"quota", 10_000}} {
		b.Run(c.name, func(b *testing.B) {
			for _, server := range stores.MongoDB(b) {
				b.Run(server.Name, func(b *testing.B) {
					store, _ := open(b, server.URL)
					s := gallery.New(store, gallery.Options{Quota: c.quota})
					content := drawingtest.Content("", 3, 60)
					for n := 0; b.Loop(); n++ {
						if _, _, err := s.Put(b.Context(), "owner", drawingtest.ID(n), content, gallery.IfAbsent()); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
