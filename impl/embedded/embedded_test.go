//go:build !noembed

package embedded_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/embedded"
)

func TestBothStartAndAnswerWithinHalfASecond(t *testing.T) {
	began := time.Now()
	cache := dialRedis(t, startRedis(t).URL)
	database := dialMongoDB(t, startMongoDB(t, t.TempDir()).URL)
	if err := cache.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := database.Ping(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Log("both answered after", took)
	if took > 500*time.Millisecond {
		t.Errorf("both answered after %v, want 500ms at most", took)
	}
}

func TestRedisForgetsAKeyWhenItsTimeHasPassed(t *testing.T) {
	cache := dialRedis(t, startRedis(t).URL)
	ctx := t.Context()
	if err := cache.Set(ctx, "short", "", 300*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if err := cache.Set(ctx, "long", "", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if n := cache.Exists(ctx, "short").Val(); n != 1 {
		t.Fatal("the key was gone at once")
	}
	eventually(t, func() bool { return cache.Exists(ctx, "short").Val() == 0 })
	if left := cache.PTTL(ctx, "long").Val(); left >= time.Hour || left < time.Hour-time.Minute {
		t.Errorf("the other key has %v left, want a little less than an hour", left)
	}
}

func TestRedisTellsTheTime(t *testing.T) {
	cache := dialRedis(t, startRedis(t).URL)
	eventually(t, func() bool {
		return time.Since(cache.Time(t.Context()).Val()).Abs() < 100*time.Millisecond
	})
}

func TestMongoDBFindsItsDataAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on demand")
	ctx := t.Context()

	first, err := embedded.MongoDB(embedded.Loopback, dir)
	if err != nil {
		t.Fatal(err)
	}
	client := dialMongoDB(t, first.URL)
	if _, err := client.Database("d").Collection("c").InsertOne(ctx, bson.M{"_id": "kept"}); err != nil {
		t.Fatal(err)
	}
	if err := client.Disconnect(ctx); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	again := dialMongoDB(t, startMongoDB(t, dir).URL)
	if err := again.Database("d").Collection("c").FindOne(ctx, bson.M{"_id": "kept"}).Err(); err != nil {
		t.Fatal("after a restart:", err)
	}
}

func TestMongoDBMakesItsDirectoryForThisUserOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	startMongoDB(t, dir)
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		t.Errorf("mode is %o, want 700", mode)
	}
}

func TestMongoDBWritesNothingElsewhere(t *testing.T) {
	elsewhere := t.TempDir()
	dir := t.TempDir()
	t.Chdir(elsewhere)
	t.Setenv("HOME", elsewhere)
	t.Setenv("TMPDIR", elsewhere)

	client := dialMongoDB(t, startMongoDB(t, dir).URL)
	if _, err := client.Database("d").Collection("c").InsertOne(t.Context(), bson.M{}); err != nil {
		t.Fatal(err)
	}
	found, err := os.ReadDir(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestTwoServersOfAKindAreStrangers(t *testing.T) {
	ctx := t.Context()

	one, other := dialRedis(t, startRedis(t).URL), dialRedis(t, startRedis(t).URL)
	if err := one.Set(ctx, "key", "", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n := other.Exists(ctx, "key").Val(); n != 0 {
		t.Error("one Redis knows the key of the other")
	}

	here, there := dialMongoDB(t, startMongoDB(t, t.TempDir()).URL), dialMongoDB(t, startMongoDB(t, t.TempDir()).URL)
	if _, err := here.Database("d").Collection("c").InsertOne(ctx, bson.M{}); err != nil {
		t.Fatal(err)
	}
	if n, err := there.Database("d").Collection("c").CountDocuments(ctx, bson.M{}); err != nil || n != 0 {
		t.Errorf("the other MongoDB counts %d documents (%v)", n, err)
	}
}

func TestMongoDBRefusesADirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	startMongoDB(t, taken)

	for name, dir := range map[string]string{
		"that is a file":            file,
		"that cannot be made":       filepath.Join(file, "data"),
		"that another server holds": taken,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := embedded.MongoDB(embedded.Loopback, dir)
			if err == nil || !strings.Contains(err.Error(), "DATA_DIR") {
				t.Errorf("got %v, want an error that names DATA_DIR", err)
			}
		})
	}
}

func TestAnAddressInUseIsRefused(t *testing.T) {
	taken := strings.TrimPrefix(startRedis(t).URL, "redis://")
	if _, err := embedded.Redis(taken); err == nil {
		t.Error("Redis started on a taken address")
	}
	dir := t.TempDir()
	if _, err := embedded.MongoDB(taken, dir); err == nil {
		t.Error("MongoDB started on a taken address")
	}
	startMongoDB(t, dir) // the directory was let go
}

func startRedis(t *testing.T) *embedded.Server {
	t.Helper()
	server, err := embedded.Redis(embedded.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, server)
	return server
}

func startMongoDB(t *testing.T, dir string) *embedded.Server {
	t.Helper()
	server, err := embedded.MongoDB(embedded.Loopback, dir)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, server)
	return server
}

func closeAfter(t *testing.T, server *embedded.Server) {
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
}

func dialRedis(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func dialMongoDB(t *testing.T, uri string) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			t.Fatal("still not so after 5s")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
