package endtoend

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"
	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestTheExportOfAnEmptyAccountHasAllHeaders(t *testing.T) {
	answer := startService(t, service.Options{RequestsPerMinute: 60}).LogIn(t, service.NewUser()).Do(t, http.MethodGet, "/v1/export", nil)
	answer.Expect(t, http.StatusOK)
	for _, name := range []string{"RateLimit", "RateLimit-Policy", "Content-Type"} {
		if answer.Header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}

func TestAnExportHasEachDrawingUnchanged(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		caller := s.LogIn(t, service.NewUser())
		create(t, s.LogIn(t, service.NewUser()), "another's")
		if lines := export(t, caller); len(lines) != 0 {
			t.Errorf("a user without drawings exports %v", lines)
		}
		const count = 60 // more than a store reads in one batch
		for i := range count {
			create(t, caller, fmt.Sprint(i))
		}
		savePaint(t, caller, "j8x3k2m1q9w0zt", twoLines)
		changed := newID()
		savePaint(t, caller, changed, twoLines)
		caller.Do(t, http.MethodPut, path(changed)+"?replaceIncomplete=true", oneStroke("changed since"), replacing("*")).Expect(t, http.StatusOK)

		lines := export(t, caller)
		if len(lines) != count+2 {
			t.Fatalf("%d drawings, want %d", len(lines), count+2)
		}
		for i, d := range lines {
			if i > 0 && d.CreatedAt.Before(lines[i-1].CreatedAt) {
				t.Error("a newer drawing comes before an older one")
			}
			if paint := d.Paint; d.Title != "" && paint != nil {
				t.Errorf("%q has the paint %v", d.Title, *paint)
			} else if d.Title == "" && (paint == nil || *paint != gen.Paint{ID: "j8x3k2m1q9w0zt", Actions: twoLines}) {
				t.Errorf("a drawing of 2017 has the paint %v", paint)
			}
			d.Paint = nil
			if kept := get(t, caller, d.ID.String()); !reflect.DeepEqual(d, kept) {
				t.Errorf("exported %+v, stored %+v", d, kept)
			}
		}
	})
}

// Only a program that asks for it gets the profile, as a last line.
func TestAnExportEndsWithTheProfile(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		user := service.NewUser()
		caller := s.LogIn(t, user)
		last := func(drawings int) gen.Profile {
			t.Helper()
			answer := caller.Do(t, http.MethodGet, "/v1/export?profile=true", nil)
			answer.Expect(t, http.StatusOK)
			lines := slices.Collect(bytes.Lines(answer.Body))
			if len(lines) != drawings+1 {
				t.Fatalf("%d lines, want %d drawings and the profile", len(lines), drawings)
			}
			var line gen.ExportedProfile
			decoder := json.NewDecoder(bytes.NewReader(lines[drawings]))
			decoder.DisallowUnknownFields() // a drawing is none
			if err := decoder.Decode(&line); err != nil {
				t.Fatal(err)
			}
			return line.Profile
		}
		if p := last(0); p != (gen.Profile{}) {
			t.Errorf("a new user exports %+v", p)
		}
		create(t, caller, "one")
		create(t, caller, "two")
		setNickname(t, s.LogIn(t, service.NewUser()), "another's")
		setNickname(t, caller, "小明")
		want := profileOf(t, upload(t, caller, photo(t, 30, 30)))
		if p := last(2); *p.Nickname != "小明" || *p.NicknameState != gen.ShareApproved || *p.Avatar != *want.Avatar {
			t.Errorf("exported %+v", p)
		}
		for _, query := range []string{"", "?profile=false"} {
			answer := caller.Do(t, http.MethodGet, "/v1/export"+query, nil)
			if n := bytes.Count(answer.Body, []byte("\n")); n != 2 || bytes.Contains(answer.Body, []byte("小明")) {
				t.Errorf("%q: %d lines: %s", query, n, answer.Body)
			}
		}
		caller.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
		caller = s.LogIn(t, user)
		if p := last(0); p != (gen.Profile{}) {
			t.Errorf("after the account was deleted: %+v", p)
		}
	})
}

func TestALargeExportIsStreamed(t *testing.T) {
	t.Parallel()
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	large := oneStroke("large")
	for i := range int32(5_000) {
		large.Strokes[0].X, large.Strokes[0].Y = append(large.Strokes[0].X[:i:i], i), append(large.Strokes[0].Y[:i:i], -i)
	}
	const count = 20
	for range count {
		caller.Do(t, http.MethodPut, path(newID()), large, creating()).Expect(t, http.StatusCreated)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = caller.Header.Clone()
	response, err := http.DefaultTransport.RoundTrip(r) // the test's own transport reads whole answers
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ContentLength != -1 || response.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d bytes of %s", response.ContentLength, response.Header.Get("Content-Type"))
	}
	lines, read := json.NewDecoder(response.Body), 0
	for ; ; read++ {
		var d gen.Drawing
		if err := lines.Decode(&d); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if read != count {
		t.Errorf("%d drawings, want %d", read, count)
	}
}

func TestADeletedAccountLeavesNoData(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redisServer, mongodb stores.Server) {
		s := service.Start(t, service.Options{RedisURL: redisServer.URL, MongoDBURI: mongodb.URL, DrawingQuota: 100, RequestsPerMinute: 6_000})
		user := service.NewUser()
		other := s.LogIn(t, service.NewUser())
		kept := create(t, other, "kept")
		keptToken := share(t, other, kept, http.StatusCreated)

		today, then := s.LogIn(t, user), s.LogIn2017(t, user)
		who := me(t, today).User.ID
		id := create(t, today, "mine")
		token := share(t, then, id, http.StatusCreated)
		savePaint(t, then, "j8x3k2m1q9w0zt", twoLines)
		if left := traces(t, s, redisServer, mongodb, who, user, id, token); len(left) < 5 {
			t.Fatalf("not all data of the user is found: %q", left)
		}

		today.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)

		for _, caller := range []service.Caller{today, then} {
			caller.Do(t, http.MethodGet, "/v1/drawings", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)
		}
		opensNothing(t, s.Service, token)
		for where, ttl := range traces(t, s, redisServer, mongodb, who, user, id, token) {
			// The contract allows these: the outcome of a login, the count of requests.
			outcome := strings.HasPrefix(where, "onestroke:code:") || strings.HasPrefix(where, "attempts ")
			rate := strings.HasPrefix(where, "onestroke:rate:user:")
			if !outcome && !rate || ttl <= 0 || outcome && ttl > 5*time.Minute || rate && ttl > time.Minute {
				t.Errorf("data is left in %s for %v", where, ttl)
			}
		}
		if again := s.LogIn2017(t, user); len(list(t, again)) != 0 || len(paints(t, again)) != 0 {
			t.Error("a user who logs in again has drawings")
		}
		if d := get(t, other, kept); d.Title != "kept" {
			t.Errorf("the drawing of another user is %q", d.Title)
		}
		s.Nobody().Do(t, http.MethodGet, "/v1/shared/"+keptToken, nil).Expect(t, http.StatusOK)
	})
}

func export(t *testing.T, c service.Caller) (lines []gen.Drawing) {
	t.Helper()
	answer := c.Do(t, http.MethodGet, "/v1/export", nil)
	answer.Expect(t, http.StatusOK)
	for line := range bytes.Lines(answer.Body) {
		var d gen.Drawing
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, d)
	}
	return lines
}

// traces returns the keys, collections and rows that contain one of the words, and
// how long they exist. The first word, a user's id, may also be stored as its bytes.
func traces(t *testing.T, s *service.Local, redisServer, mongodb stores.Server, words ...string) map[string]time.Duration {
	t.Helper()
	id, err := base64.RawURLEncoding.DecodeString(words[0])
	if err != nil {
		t.Fatal(err)
	}
	words = append(words, string(id))
	holds := func(text string) bool {
		for _, word := range words {
			if strings.Contains(text, word) {
				return true
			}
		}
		return false
	}
	if redisServer == stores.SQLite {
		return rows(t, s.DataDir, holds)
	}
	found := map[string]time.Duration{}

	var mu sync.Mutex
	search := func(ctx context.Context, cache *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		for keys := cache.Scan(ctx, 0, "*", 1_000).Iterator(); keys.Next(ctx); {
			key := keys.Val()
			value := cache.Get(ctx, key).Val() + fmt.Sprint(cache.HGetAll(ctx, key).Val())
			if holds(key + value) {
				found[key] = cache.PTTL(ctx, key).Val()
			}
		}
		return nil
	}
	switch cache := stores.DialRedis(t, redisServer.URL).(type) {
	case *redis.Client:
		err = search(t.Context(), cache)
	case *redis.ClusterClient:
		err = cache.ForEachMaster(t.Context(), search)
	}
	if err != nil {
		t.Fatal(err)
	}

	client, err := mongo.Connect(options.Client().ApplyURI(mongodb.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	databases, err := client.ListDatabaseNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, database := range databases {
		collections, err := client.Database(database).ListCollectionNames(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for _, collection := range collections {
			var all []bson.Raw
			if documents, err := client.Database(database).Collection(collection).Find(t.Context(), bson.D{}); err != nil {
				continue // data of the server itself, such as MongoDB's config
			} else if err := documents.All(t.Context(), &all); err != nil {
				continue
			}
			for _, document := range all {
				if holds(string(document)) {
					found[database+"."+collection] = 0
				}
			}
		}
	}
	return found
}

// rows are those of all tables that hold something, by table and number, and how
// long they live.
func rows(t *testing.T, dir string, holds func(text string) bool) map[string]time.Duration {
	t.Helper()
	db, err := sqlite3.OpenFlags(filepath.Join(dir, "onestroke.db"), sqlite3.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	each := func(sql string, row func(*sqlite3.Stmt)) {
		s, _, err := db.Prepare(sql)
		if err != nil {
			t.Fatal(err)
		}
		for s.Step() {
			row(s)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var tables []string
	each(`SELECT name FROM sqlite_schema WHERE type = 'table'`, func(s *sqlite3.Stmt) { tables = append(tables, s.ColumnText(0)) })
	found := map[string]time.Duration{}
	for _, table := range tables {
		n := 0
		each(`SELECT * FROM `+table, func(s *sqlite3.Stmt) {
			text, left := "", time.Duration(0)
			for column := range s.ColumnCount() {
				value := s.ColumnText(column)
				if id, err := uuid.FromBytes([]byte(value)); err == nil {
					value += id.String()
				}
				if s.ColumnName(column) == "remove_at" {
					left = time.Until(time.UnixMilli(s.ColumnInt64(column)))
				}
				text += value + "\n"
			}
			if n++; holds(text) {
				found[fmt.Sprint(table, " ", n)] = left
			}
		})
	}
	return found
}
