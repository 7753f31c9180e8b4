package stores_test

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m) }

func TestRedisAnswersAgainAfterAnOutage(t *testing.T) {
	for _, server := range stores.Redis(t) {
		t.Run(server.Name, func(t *testing.T) {
			survivesAnOutage(t, server, dialRedis)
		})
	}
}

func TestMongoDBAnswersAgainAfterAnOutage(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			survivesAnOutage(t, server, dialMongoDB)
		})
	}
}

func TestAnOutageIsSeenByOneTestOnly(t *testing.T) {
	for _, server := range stores.Redis(t) {
		t.Run(server.Name, func(t *testing.T) {
			server.Proxy(t).Down()
			for _, url := range []string{server.URL, server.Proxy(t).URL} {
				if err := dialRedis(t, url)(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// ping asks a server, through a client that stays connected, for a sign of life.
type ping func(context.Context) error

func survivesAnOutage(t *testing.T, server stores.Server, dial func(t *testing.T, url string) ping) {
	proxy := server.Proxy(t)
	ping := dial(t, proxy.URL)
	if err := ping(t.Context()); err != nil {
		t.Fatal("before:", err)
	}
	for range 2 {
		proxy.Down()
		if err := ping(t.Context()); err == nil {
			t.Fatal("the server answers while it is down")
		}
		proxy.Up(t)
		if err := eventually(t, ping); err != nil {
			t.Fatal("afterwards:", err)
		}
	}
}

func dialRedis(t *testing.T, url string) ping {
	t.Helper()
	client := stores.DialRedis(t, url)
	return func(ctx context.Context) error { return client.Ping(ctx).Err() }
}

func dialMongoDB(t *testing.T, uri string) ping {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetServerSelectionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return func(ctx context.Context) error { return client.Ping(ctx, nil) }
}

func eventually(t *testing.T, ping ping) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		err := ping(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}
