package endtoend

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// These tests run the program itself: its timeouts and its reconnecting depend on how
// the clients of the stores are configured.

func TestAnOutageOfRedisIsReportedAndEndsNoSession(t *testing.T) {
	t.Parallel() // the test mostly waits
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		o := startOutage(t, redis, mongodb)
		phone := o.service.Phone(t, service.NewUser())
		o.redis.Down()
		for _, caller := range []service.Caller{o.today, o.then} { // until their sessions are no longer in the cache
			eventually(t, func() bool { return caller.Do(t, http.MethodGet, "/v1/session", nil).Status != http.StatusOK })
		}

		for _, caller := range []service.Caller{o.today, o.then, o.service.With(phone.Headers())} {
			for _, request := range []struct {
				method, path string
				body         any
			}{
				{http.MethodGet, "/v1/session", nil},
				{http.MethodGet, "/v1/drawings", nil},
				{http.MethodGet, path(o.id), nil},
				{http.MethodPut, path(newID()), oneStroke("lost")},
				{http.MethodDelete, path(o.id), nil},
				{http.MethodDelete, "/v1/session", nil},
			} {
				caller.Do(t, request.method, request.path, request.body, creating()).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
			}
			caller.Do(t, http.MethodGet, "/applet/session/paints/list", nil).
				ExpectSessionFailure(t, http.StatusServiceUnavailable, "ERR_UNAVAILABLE", "")
			caller.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": "lost", "actions": "[]"}).
				ExpectSessionFailure(t, http.StatusServiceUnavailable, "ERR_UNAVAILABLE", "")
		}
		o.service.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": phone.Code}).
			ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
		o.namesTheMissing(t, "redis")

		o.redis.Up(t)
		o.resumes(t)
		// The login that failed has not used up its code.
		eventually(t, func() bool {
			return o.service.With(phone.Headers()).Do(t, http.MethodGet, "/v1/session", nil).Status == http.StatusOK
		})
	})
}

func TestAnOutageOfMongoDBIsReportedAndLosesNoDrawing(t *testing.T) {
	t.Parallel()
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		o := startOutage(t, redis, mongodb)
		o.mongodb.Down()

		o.today.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
		for _, request := range []struct {
			method, path string
			body         any
		}{
			{http.MethodGet, "/v1/drawings", nil},
			{http.MethodGet, path(o.id), nil},
			{http.MethodPut, path(newID()), oneStroke("lost")},
			{http.MethodDelete, path(o.id), nil},
		} {
			o.today.Do(t, request.method, request.path, request.body, creating()).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
		}
		o.then.Do(t, http.MethodGet, "/applet/session/paints/list", nil).
			ExpectPaintFailure(t, http.StatusServiceUnavailable, "ERR_UNAVAILABLE")
		o.then.Do(t, http.MethodPost, "/applet/session/paints/save", map[string]string{"id": "lost", "actions": "[]"}).
			ExpectPaintFailure(t, http.StatusServiceUnavailable, "ERR_UNAVAILABLE")
		o.namesTheMissing(t, "mongodb")

		o.mongodb.Up(t)
		o.resumes(t)
	})
}

// longestWait is how long a request waits for a store that does not answer, as
// docs/running.md says, and what a busy machine adds.
const longestWait = 5*time.Second + 3*time.Second

// Whatever a store does, requests end within a bound; after a few of them, at once; and
// when it is back, they are served within another.
func TestNoRequestWaitsLongForAStoreThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		begin func(*stores.Proxy)
		end   func(*testing.T, *stores.Proxy)
	}{
		"frozen": {(*stores.Proxy).Freeze, func(_ *testing.T, p *stores.Proxy) { p.Thaw() }},
		"away":   {(*stores.Proxy).Down, func(t *testing.T, p *stores.Proxy) { p.Up(t) }},
	} {
		for _, store := range []string{"redis", "mongodb"} {
			t.Run(store+" "+name, func(t *testing.T) {
				onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
					o := startOutage(t, redis, mongodb)
					proxy := o.redis
					if store == "mongodb" {
						proxy = o.mongodb
					}
					fault.begin(proxy)
					eventually(t, func() bool { return o.today.Do(t, http.MethodGet, path(o.id), nil).Status != http.StatusOK })

					read := func() service.Answer { return o.today.Do(t, http.MethodGet, path(o.id), nil) }
					write := func() service.Answer {
						if store == "redis" {
							return o.service.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
						}
						return o.today.Do(t, http.MethodPut, path(newID()), oneStroke("lost"), creating())
					}
					var together sync.WaitGroup
					for range 20 { // more than there are connections to Redis
						together.Go(func() {
							for _, request := range []func() service.Answer{read, write} {
								begun := time.Now()
								request().ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
								if took := time.Since(begun); took > longestWait {
									t.Errorf("a request waits %s", took)
								}
							}
						})
					}
					together.Wait()
					begun := time.Now()
					for range 10 {
						read().Expect(t, http.StatusServiceUnavailable)
						write().Expect(t, http.StatusServiceUnavailable)
					}
					if took := time.Since(begun); took > longestWait {
						t.Errorf("20 more requests take %s", took)
					}
					o.namesTheMissing(t, store)

					fault.end(t, proxy)
					begun = time.Now()
					eventually(t, func() bool { return o.service.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
					// Of a cluster, another server may have been found ready.
					id := newID()
					eventually(t, func() bool {
						return o.then.Do(t, http.MethodPut, path(id), oneStroke("found again"), creating()).Status == http.StatusCreated
					})
					eventually(t, func() bool { return o.today.Do(t, http.MethodGet, path(o.id), nil).Status == http.StatusOK })
					if took := time.Since(begun); took > longestWait {
						t.Errorf("it is served again after %s", took)
					}
				})
			})
		}
	}
}

// A slow store and the mistakes of users are no outage.
func TestASlowStoreServes(t *testing.T) {
	t.Parallel()
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
		o := startOutage(t, redis, mongodb)
		o.redis.Slow(50 * time.Millisecond)
		o.mongodb.Slow(50 * time.Millisecond)
		for range 10 {
			o.today.Do(t, http.MethodGet, path(newID()), nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
			o.today.Do(t, http.MethodPut, path(o.id), oneStroke("not new"), creating()).ExpectProblem(t, http.StatusPreconditionFailed, gen.ErrPreconditionFailed)
		}
		o.today.Do(t, http.MethodPut, path(newID()), oneStroke("slow"), creating()).Expect(t, http.StatusCreated)
		o.today.Do(t, http.MethodGet, path(o.id), nil).Expect(t, http.StatusOK)
	})
}

func TestTheServiceStartsBeforeItsStores(t *testing.T) {
	t.Parallel()
	onEveryServer(t, func(t *testing.T, redisServer, mongodbServer stores.Server) {
		redis, mongodb := redisServer.Proxy(t), mongodbServer.Proxy(t)
		redis.Down()
		mongodb.Down()
		uri := service.InDatabase(t, mongodb.URL, service.NewDatabase())
		p := service.Build(t).Start(t, "REDIS_URL="+redis.URL, "MONGODB_URI="+uri)
		p.Nobody().Do(t, http.MethodGet, "/livez", nil).Expect(t, http.StatusOK)
		problem := p.Nobody().Do(t, http.MethodGet, "/readyz", nil).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
		if problem.Errors == nil || len(*problem.Errors) != 2 {
			t.Errorf("/readyz names %v", problem.Errors)
		}
		redis.Up(t)
		eventually(t, func() bool {
			problem := p.Nobody().Do(t, http.MethodGet, "/readyz", nil).ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
			return len(*problem.Errors) == 1 && (*problem.Errors)[0].Field == "mongodb"
		})
		mongodb.Up(t)
		eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
		eventually(t, func() bool { return len(indexes(t, uri, "drawings")) == 2 })
		caller := p.LogIn(t, service.NewUser())
		caller.Do(t, http.MethodPut, path(newID()), oneStroke("first"), creating()).Expect(t, http.StatusCreated)
	})
}

// indexes returns the names of the indexes of a collection.
func indexes(t *testing.T, uri, collection string) (names []string) {
	t.Helper()
	all, err := databaseOf(t, uri).Collection(collection).Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range all {
		names = append(names, index.Name)
	}
	return names
}

// outage is the program on stores that can be stopped, with a user who has two
// sessions and a drawing of each kind.
type outage struct {
	service        *service.Process
	redis, mongodb *stores.Proxy
	today, then    service.Caller
	id             string // of the drawing
}

func startOutage(t *testing.T, redis, mongodb stores.Server) outage {
	t.Helper()
	o := outage{redis: redis.Proxy(t), mongodb: mongodb.Proxy(t), id: newID()}
	o.service = service.Build(t).Start(t,
		"REDIS_URL="+o.redis.URL, "MONGODB_URI="+service.InDatabase(t, o.mongodb.URL, service.NewDatabase()))
	user := service.NewUser()
	o.today, o.then = o.service.LogIn(t, user), o.service.LogIn2017(t, user)
	o.today.Do(t, http.MethodPut, path(o.id), oneStroke("kept"), creating()).Expect(t, http.StatusCreated)
	savePaint(t, o.then, "kept", "[]")
	return o
}

// namesTheMissing checks that the service is not ready and names the store, but is
// alive, so that it is not restarted.
func (o outage) namesTheMissing(t *testing.T, dependency string) {
	t.Helper()
	problem := notReady(t, o.service)
	if problem.Errors == nil || len(*problem.Errors) != 1 || (*problem.Errors)[0].Field != dependency {
		t.Errorf("/readyz names %v, not %s", problem.Errors, dependency)
	}
	o.service.Nobody().Do(t, http.MethodGet, "/livez", nil).Expect(t, http.StatusOK)
}

// notReady waits until /readyz is 503: for a moment it remembers that it was ready.
func notReady(t *testing.T, p *service.Process) gen.Problem {
	t.Helper()
	var answer service.Answer
	eventually(t, func() bool {
		answer = p.Nobody().Do(t, http.MethodGet, "/readyz", nil)
		return answer.Status != http.StatusOK
	})
	return answer.ExpectProblem(t, http.StatusServiceUnavailable, gen.ErrUnavailable)
}

// resumes waits until the service works again and checks that no data is lost. The
// client of a cluster reconnects to each server separately.
func (o outage) resumes(t *testing.T) {
	t.Helper()
	eventually(t, func() bool { return o.service.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
	for _, caller := range []service.Caller{o.today, o.then} {
		eventually(t, func() bool { return caller.Do(t, http.MethodGet, path(o.id), nil).Status == http.StatusOK })
		if seen := list(t, caller); len(seen) != 2 || seen[1].Title != "kept" {
			t.Errorf("afterwards there is %v", seen)
		}
		if seen := paints(t, caller); len(seen) != 2 || seen["kept"] != "[]" || seen[o.id] == "" {
			t.Errorf("afterwards there is %v", seen)
		}
	}
}

// eventually waits for a condition that asks the service.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	pace := time.NewTicker(10 * time.Millisecond) // the service needs the processor, too
	defer pace.Stop()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); <-pace.C {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to pass")
		}
	}
}

// databaseOf returns the database that a URI names.
func databaseOf(t *testing.T, uri string) *mongo.Database {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return client.Database(strings.Trim(u.Path, "/"))
}
