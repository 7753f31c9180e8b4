package mongostore_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	"onestroke/impl/gallery"
	"onestroke/impl/mongostore"
	"onestroke/tests/stores"
)

// A burst is more calls than there are connections. Each call gets its turn, however
// short the time is in which a server must be found.
func TestABurstWaitsForConnections(t *testing.T) {
	const calls = 500
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			name := fmt.Sprintf("onestroke_burst_%d", os.Getpid())
			uri, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			query := uri.Query()
			query.Set("maxPoolSize", "1")
			query.Set("serverSelectionTimeoutMS", "50")
			uri.Path, uri.RawQuery = "/"+name, query.Encode()
			store, _, err := mongostore.Dial(uri.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = store.Close()
				_ = connect(t, server.URL).Database(name).Drop(context.Background())
			})
			if err := store.CanRead(t.Context()); err != nil {
				t.Fatal(err)
			}
			errs := make(chan error, calls)
			var wg sync.WaitGroup
			for range calls {
				wg.Go(func() {
					_, err := store.List(t.Context(), "owner", gallery.Position{}, 20, true)
					errs <- err
				})
			}
			wg.Wait()
			close(errs)
			failed := 0
			for err := range errs {
				if err != nil {
					if failed++; failed == 1 {
						t.Error(err)
					}
				}
			}
			if failed > 0 {
				t.Errorf("%d of %d calls failed", failed, calls)
			}
		})
	}
}
