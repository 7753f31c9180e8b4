package mongostore_test

import (
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/mongostore"
	"onestroke/tests/stores"
)

func TestAHundredthOfAQuotaIsAdmittedInOneStep(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			sent := &commands{}
			store, _ := open(t, server.URL, options.Client().SetMonitor(&event.CommandMonitor{Started: sent.started}))
			admit := func(n int) {
				t.Helper()
				for range n {
					if err := store.Admit(t.Context(), "owner", 10_000); err != nil {
						t.Fatal(err)
					}
				}
			}
			admit(1)
			sent.take("")
			admit(99)
			if asked := sent.take(""); len(asked) != 0 {
				t.Errorf("%d commands for what was admitted in advance", len(asked))
			}
			admit(1)
			if asked := sent.take("update"); len(asked) != 1 {
				t.Errorf("%d updates for the next hundredth, want 1", len(asked))
			}
		})
	}
}

func TestProcessesOvershootAQuotaByAHundredthEach(t *testing.T) {
	const quota, share, processes = 300, 3, 3
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			first, db := open(t, server.URL)
			all := []*mongostore.Store{first}
			for range processes - 1 {
				all = append(all, mongostore.New(connect(t, server.URL), db.Name()))
			}
			services := make([]*drawing.Service, processes)
			for i, store := range all {
				services[i] = drawing.New(store, drawing.Options{Quota: quota})
			}
			content := drawingtest.Content("", 1, 1)
			created, refused := 0, 0
			for n := 0; refused < processes; n++ {
				_, _, err := services[n%processes].Put(t.Context(), "owner", drawingtest.ID(n), content, drawing.IfAbsent())
				switch {
				case err == nil:
					created, refused = created+1, 0
				case errors.Is(err, drawing.ErrQuota):
					refused++
				default:
					t.Fatal(err)
				}
			}
			if created < quota || created > quota+(processes-1)*share {
				t.Errorf("%d drawings, the quota is %d", created, quota)
			}
		})
	}
}
