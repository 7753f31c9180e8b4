package mongostore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/moderation"
	"onestroke/impl/moderation/moderationtest"
	"onestroke/impl/mongostore"
	"onestroke/impl/move/movetest"
	"onestroke/impl/operator"
	"onestroke/impl/operator/operatortest"
	"onestroke/impl/profile"
	"onestroke/impl/profile/profiletest"
	"onestroke/tests/ports"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m) }

func TestStore(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			gallerytest.Run(t, func(t *testing.T) gallery.Store {
				store, _ := open(t, server.URL)
				return store
			})
			t.Run("checks", func(t *testing.T) {
				store, _ := open(t, server.URL)
				moderationtest.Run(t, func(*testing.T) moderation.Store { return store })
				operatortest.Run(t, func(*testing.T) operator.Store { return store })
			})
			t.Run("profiles", func(t *testing.T) {
				store, _ := open(t, server.URL)
				profiletest.Run(t, func(*testing.T) profile.Store { return store })
			})
		})
	}
}

func TestPrepareMayBeRepeated(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			store, db := open(t, server.URL)
			if err := store.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]int{"drawings": 2, "shares": 2, "checks": 4} { // _id and those of Prepare
				indexes, err := db.Collection(name).Indexes().ListSpecifications(t.Context())
				if err != nil || len(indexes) != want {
					t.Errorf("%s: %d indexes, %v, want %d", name, len(indexes), err, want)
				}
			}
		})
	}
}

func TestAServiceMarksItsDatabase(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			movetest.Run(t, func() movetest.Target {
				store, _ := open(t, server.URL)
				return store
			})
		})
	}
}

func TestCorruptDocumentNamesItsDrawing(t *testing.T) {
	const owner = "owner-----------------"
	id := drawingtest.ID(1)
	for _, server := range stores.MongoDB(t) {
		for field, damage := range map[string]any{
			"packed":    []byte{1, 255, 255, 255},
			"revision":  "not a number",
			"createdAt": "not a time",
		} {
			t.Run(server.Name+" "+field, func(t *testing.T) {
				store, db := open(t, server.URL)
				s := gallery.New(store, gallery.Options{})
				if _, _, err := s.Put(t.Context(), owner, id, drawingtest.Content("", 1, 1), gallery.IfAbsent()); err != nil {
					t.Fatal(err)
				}
				_, err := db.Collection("drawings").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: owner + "/" + id.String()}},
					bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: damage}}}})
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Get(t.Context(), owner, id)
				if corrupt := (*gallery.CorruptError)(nil); !errors.As(err, &corrupt) || corrupt.ID != id.String() {
					t.Errorf("get: %v", err)
				}
				_, _, err = s.List(t.Context(), owner, 10, "", true)
				if corrupt := (*gallery.CorruptError)(nil); field != "packed" && (!errors.As(err, &corrupt) || corrupt.ID != id.String()) {
					t.Errorf("list: %v", err)
				}
				var exportErr error
				for _, exportErr = range s.Export(t.Context(), owner) {
				}
				if corrupt := (*gallery.CorruptError)(nil); !errors.As(exportErr, &corrupt) || corrupt.ID != id.String() {
					t.Errorf("export: %v", exportErr)
				}
				for _, err := range []error{err, exportErr} {
					if errors.Is(err, gallery.ErrUnavailable) || mongostore.NoAnswer(err) {
						t.Errorf("told as an outage: %v", err)
					}
				}
			})
		}
	}
}

func TestADocumentThatCannotBeReadIsNoOutage(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			store, db := open(t, server.URL)
			damaged := bson.D{{Key: "_id", Value: "user"}, {Key: "turn", Value: 1}, {Key: "user", Value: 1}}
			_, profilesErr := db.Collection("profiles").InsertOne(t.Context(), damaged)
			_, suspensionsErr := db.Collection("suspensions").InsertOne(t.Context(), damaged)
			if err := errors.Join(profilesErr, suspensionsErr); err != nil {
				t.Fatal(err)
			}
			_, one := store.Profile(t.Context(), "user")
			_, all := store.Suspensions(t.Context(), "", 10)
			for _, err := range []error{one, all} {
				if err == nil || errors.Is(err, gallery.ErrUnavailable) || mongostore.NoAnswer(err) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

func TestServerThatIsAwayIsUnavailable(t *testing.T) {
	silent := listen(t)
	for name, address := range map[string]string{"refused": ports.Reserve(t), "silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "mongodb://"+address+"/?serverSelectionTimeoutMS=200&connectTimeoutMS=100")
			for call, err := range everyCall(t.Context(), mongostore.New(client, "away")) {
				if !errors.Is(err, gallery.ErrUnavailable) {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

func TestStoreServesAgainWhenItsServerIsBack(t *testing.T) {
	const owner = "owner-----------------"
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			proxy := server.Proxy(t)
			store, _ := open(t, proxy.URL)
			s := gallery.New(store, gallery.Options{})
			put, _, err := s.Put(t.Context(), owner, drawingtest.ID(1), drawingtest.Content("kept", 1, 9), gallery.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}

			proxy.Down()
			soon, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if _, err := s.Get(soon, owner, put.ID); !errors.Is(err, gallery.ErrUnavailable) {
				t.Errorf("get while away: %v", err)
			}
			if err := store.CanRead(soon); !errors.Is(err, gallery.ErrUnavailable) {
				t.Errorf("ping while away: %v", err)
			}

			proxy.Up(t)
			if err := store.CanRead(t.Context()); err != nil { // the driver looks for its server until it is there
				t.Fatal(err)
			}
			if got, err := s.Get(t.Context(), owner, put.ID); err != nil || got.Summary != put.Summary {
				t.Errorf("get when back: %+v, %v", got.Summary, err)
			}
		})
	}
}

func TestCallerWhoGivesUpIsTold(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			store, _ := open(t, server.URL)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for call, err := range everyCall(ctx, store) {
				if !errors.Is(err, context.Canceled) || errors.Is(err, gallery.ErrUnavailable) {
					t.Errorf("%s: %v", call, err)
				}
			}
			late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
			defer cancel()
			if _, err := store.Get(late, "owner", drawingtest.ID(1)); !errors.Is(err, gallery.ErrUnavailable) {
				t.Errorf("past the deadline: %v", err)
			}
		})
	}
}

func everyCall(ctx context.Context, s *mongostore.Store) map[string]error {
	failed := map[string]error{"Prepare": s.Prepare(ctx), "CanRead": s.CanRead(ctx), "CanWrite": s.CanWrite(ctx)}
	r := gallery.Record{Summary: gallery.Summary{ID: drawingtest.ID(1)}}
	failed["Insert"] = s.Insert(ctx, "owner", r)
	failed["Replace"] = s.Replace(ctx, "owner", "etag", r)
	_, failed["Get"] = s.Get(ctx, "owner", r.ID)
	failed["Delete"] = s.Delete(ctx, "owner", r.ID, gallery.IfPresent())
	_, failed["List"] = s.List(ctx, "owner", gallery.Position{}, 10, true)
	for _, err := range s.All(ctx, "owner") {
		failed["All"] = err
	}
	failed["DeleteAll"] = s.DeleteAll(ctx, "owner")
	_, failed["Count"] = s.Count(ctx, "owner", 1)
	_, failed["Admit"] = s.Admit(ctx, "owner", 1, 1)
	_, failed["Tally"] = s.Tally(ctx, "owner")
	_, failed["Recount of none"] = s.Recount(ctx, "owner", gallery.Tally{}, 1)
	_, failed["Recount"] = s.Recount(ctx, "owner", gallery.Tally{Recounts: 1}, 1)
	_, failed["Share"] = s.Share(ctx, "owner", r.ID, gallery.Share{Token: "token"})
	failed["Unshare"] = s.Unshare(ctx, "owner", r.ID)
	_, _, failed["FindShare"] = s.FindShare(ctx, "token")
	_, failed["Shared"] = s.Shared(ctx, "owner", nil, 1)
	return failed
}

var databases atomic.Int64

// open returns a prepared store on a database of its own, dropped at the end.
func open(t testing.TB, uri string, o ...*options.ClientOptions) (*mongostore.Store, *mongo.Database) {
	t.Helper()
	client := connect(t, uri, o...)
	name := fmt.Sprintf("onestroke_test_%d_%d", os.Getpid(), databases.Add(1))
	db := client.Database(name)
	t.Cleanup(func() {
		if err := db.Drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	store := mongostore.New(client, name)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, db
}

func connect(t testing.TB, uri string, o ...*options.ClientOptions) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(append([]*options.ClientOptions{options.Client().ApplyURI(uri)}, o...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(context.Background()) })
	return client
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
