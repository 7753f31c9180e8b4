package mongostore_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/gallery"
	"onestroke/tests/stores"
)

// Services before the tally had recounts wrote only how many were admitted.
func TestTallyWithoutRecounts(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			store, db := open(t, server.URL)
			_, err := db.Collection("owners").InsertOne(t.Context(), bson.D{{Key: "_id", Value: "owner"}, {Key: "admitted", Value: 2}})
			if err != nil {
				t.Fatal(err)
			}
			s := gallery.New(store, gallery.Options{Quota: 2})
			for n := range 2 { // there are none, so that both are within the quota
				if _, _, err := s.Put(t.Context(), "owner", drawingtest.ID(n), drawingtest.Content("", 1, 1), gallery.IfAbsent()); err != nil {
					t.Fatal(err)
				}
			}
			if tally, err := store.Tally(t.Context(), "owner"); err != nil || tally != (gallery.Tally{Admitted: 2, Recounts: 1}) {
				t.Errorf("%+v, %v", tally, err)
			}
		})
	}
}
