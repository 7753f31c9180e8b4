package endtoend

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/gen"
	"onestroke/impl/mongostore"
	"onestroke/impl/rediscache"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// A service on one machine moves to Redis and MongoDB, killed on the way, and
// answers as before.
func TestAMoveKeepsEveryAnswer(t *testing.T) {
	t.Parallel()
	onEveryServer(t, func(t *testing.T, _, mongodb stores.Server) {
		redis := stores.EmptyRedis(t)
		data := filepath.Join(t.TempDir(), "数据 of one machine")
		program := service.Build(t)
		uri := service.InDatabase(t, mongodb.URL, service.NewDatabase())
		database := openDatabase(t, uri)
		targets := []string{"REDIS_URL=" + redis.URL, "MONGODB_URI=" + uri}
		environment := append(slices.Clone(targets), "DATA_DIR="+data)

		admin := "ADMIN_TOKEN=" + service.AdminToken
		before := program.Start(t, "DATA_DIR="+data, admin)
		users := drawMuch(t, before.Service, 100)
		suspended := before.LogIn(t, service.NewUser())
		deskOf(before.Service).suspend(t, me(t, suspended).User.ID, true)
		answers := answersTo(t, before.Service, users)
		if code, output := program.Run(t, environment, "--move"); code != 1 || !strings.Contains(output, "in use by another process") {
			t.Errorf("while the service runs: exit code %d: %s", code, output)
		}
		before.Signal(t, syscall.SIGTERM)
		before.Wait(t)

		for _, enough := range []int64{1, 100, 200} {
			killMove(t, program, environment, func() bool { return count(t, database) >= enough })
		}
		_, _ = program.Run(t, environment, "--back-to-file") // if the last one was done before it was killed
		code, output := program.Run(t, environment, "--move")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, output)
		}
		for _, want := range []string{"3 profiles, 12 checks, 1 suspensions, 1 actions of operators and 303 drawings of 3 users are in MongoDB", "sessions and", "each the same as in the file", "Next: "} {
			if !strings.Contains(output, want) {
				t.Errorf("%q is missing in: %s", want, output)
			}
		}
		if code, again := program.Run(t, environment, "--move"); code != 0 || strings.Count(again, "nothing of them was copied") != 2 {
			t.Errorf("a second move: exit code %d: %s", code, again)
		}

		after := program.Start(t, append(targets, admin)...)
		same(t, answersTo(t, after.Service, users), answers)
		if n := calls(t, after.Service, codeCall); n != 0 {
			t.Errorf("WeChat was asked for %d codes that were moved", n)
		}
		after.With(suspended.Header).Do(t, http.MethodPut, path(newID()), oneStroke("suspended"), creating()).
			ExpectProblem(t, http.StatusForbidden, gen.ErrSuspended)
		after.With(users[0].caller.Header).Do(t, http.MethodPut, path(newID()), oneStroke("moved"), creating()).Expect(t, http.StatusCreated)
	})
}

// A target that is slow, or where another server is taking over, is waited for.
func TestAMoveRepeatsWhatItsTargetDidNotDo(t *testing.T) {
	t.Parallel()
	const refused = 8 // more often than the driver and the store ask by themselves
	var mu sync.Mutex
	asked := map[string]int{}
	target := stores.ReplicaSet{Fault: func(command string) stores.Fault {
		mu.Lock()
		defer mu.Unlock()
		asked[command]++
		switch n := asked[command]; {
		case n > 2*refused, command == "createIndexes", command == "ping":
			return stores.Fault{}
		case n%2 == 0:
			return stores.Fault{Code: 133}
		default:
			return stores.Fault{Done: true} // and the answer is lost
		}
	}}
	uri := target.Start(t)
	data, program := t.TempDir(), service.Build(t)
	one := program.Start(t, "DATA_DIR="+data)
	users := drawMuch(t, one.Service, 10)
	answers := answersTo(t, one.Service, users)
	one.Signal(t, syscall.SIGTERM)
	one.Wait(t)
	if code, output := program.Run(t, []string{"DATA_DIR=" + data, "MONGODB_URI=" + uri}, "--move"); code != 0 {
		t.Fatalf("exit code %d: %s\n%v", code, output, asked)
	}
	after := program.Start(t, "DATA_DIR="+data, "MONGODB_URI="+uri)
	same(t, answersTo(t, after.Service, users), answers)
}

// What the target has belongs to it: a later move leaves it as it is.
func TestALaterMoveRevertsNothing(t *testing.T) {
	t.Parallel()
	data, program := "DATA_DIR="+t.TempDir(), service.Build(t)
	mongodb := "MONGODB_URI=" + emptyDatabase(t)
	both := []string{data, mongodb, "REDIS_URL=" + stores.EmptyRedis(t).URL}
	changed, deleted, shared := newID(), newID(), newID()
	one := program.Start(t, data)
	user := one.LogIn(t, service.NewUser())
	tag := user.Do(t, http.MethodPut, path(changed), oneStroke("first"), creating()).Header.Get("ETag")
	for _, id := range []string{deleted, shared} {
		user.Do(t, http.MethodPut, path(id), oneStroke("first"), creating()).Expect(t, http.StatusCreated)
	}
	end(t, one)
	moves(t, program, []string{data, mongodb}, "3 drawings of 1 users are in MongoDB")

	half := program.Start(t, data, mongodb)
	user = half.With(user.Header)
	user.Do(t, http.MethodPut, path(changed), oneStroke("second"), replacing(tag)).Expect(t, http.StatusOK)
	user.Do(t, http.MethodDelete, path(deleted), nil).Expect(t, http.StatusNoContent)
	token := share(t, user, shared, http.StatusCreated)
	end(t, half)
	moves(t, program, []string{data, mongodb}, "the drawings were moved to MongoDB")
	moves(t, program, both, "the drawings were moved to MongoDB", "1 sessions and")
	moves(t, program, both, "the drawings were moved to MongoDB", "the sessions were moved to Redis")

	many := program.Start(t, both...)
	user = many.With(user.Header)
	if answer := user.Do(t, http.MethodGet, path(changed), nil); !strings.Contains(string(answer.Body), `"second"`) {
		t.Errorf("it was reverted to %s", answer.Body)
	}
	user.Do(t, http.MethodGet, path(deleted), nil).Expect(t, http.StatusNotFound)
	many.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)
}

// A move that did not end is done anew: what was changed in the file meanwhile is moved,
// and what was deleted there is removed from the target.
func TestAMoveThatIsRepeatedTakesWhatChanged(t *testing.T) {
	t.Parallel()
	folder, program := t.TempDir(), service.Build(t)
	data, admin := "DATA_DIR="+folder, "ADMIN_TOKEN="+service.AdminToken
	targets := []string{"REDIS_URL=" + stores.EmptyRedis(t).URL, "MONGODB_URI=" + emptyDatabase(t)}
	environment := append(slices.Clone(targets), data)

	changed, deleted, shared := newID(), newID(), newID()
	one := program.Start(t, data, admin)
	stays, ended, gone := one.LogIn(t, service.NewUser()), one.LogIn(t, service.NewUser()), one.LogIn(t, service.NewUser())
	tag := stays.Do(t, http.MethodPut, path(changed), oneStroke("first"), creating()).Header.Get("ETag")
	for _, id := range []string{deleted, shared} {
		stays.Do(t, http.MethodPut, path(id), oneStroke("first"), creating()).Expect(t, http.StatusCreated)
	}
	before := share(t, stays, shared, http.StatusCreated)
	report(t, one.Service, before, gen.Report{Reason: gen.ReportOther}).Expect(t, http.StatusNoContent)
	create(t, gone, "of an account that is deleted")
	upload(t, gone, photo(t, 30, 30)).Expect(t, http.StatusOK)
	deskOf(one.Service).suspend(t, me(t, stays).User.ID, true)
	end(t, one)
	moves(t, program, environment, "4 drawings of 2 users", "3 sessions and")
	backToFile(t, program, environment) // which leaves the file as a move that was interrupted does

	one = program.Start(t, data, admin)
	deskOf(one.Service).suspend(t, me(t, one.With(stays.Header)).User.ID, false)
	stays = one.With(stays.Header)
	stays.Do(t, http.MethodPut, path(changed), oneStroke("second"), replacing(tag)).Expect(t, http.StatusOK)
	stays.Do(t, http.MethodDelete, path(deleted), nil).Expect(t, http.StatusNoContent)
	stays.Do(t, http.MethodDelete, path(shared)+"/share", nil).Expect(t, http.StatusNoContent)
	token := share(t, stays, shared, http.StatusCreated)
	one.With(ended.Header).Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
	one.With(gone.Header).Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
	end(t, one)
	moves(t, program, environment, "0 profiles,", "0 suspensions,", "2 drawings of 1 users", "1 sessions and")

	many := program.Start(t, append(targets, admin)...)
	stays = many.With(stays.Header)
	if answer := stays.Do(t, http.MethodGet, path(changed), nil); !strings.Contains(string(answer.Body), `"second"`) {
		t.Errorf("got %s", answer.Body)
	}
	stays.Do(t, http.MethodGet, path(deleted), nil).Expect(t, http.StatusNotFound)
	many.Nobody().Do(t, http.MethodGet, "/v1/shared/"+before, nil).Expect(t, http.StatusNotFound)
	many.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)
	for _, former := range []service.Caller{ended, gone} {
		many.With(former.Header).Do(t, http.MethodGet, "/v1/session", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrSessionExpired)
	}
	end(t, many)

	// The service has used the targets: they are not made anew.
	backToFile(t, program, environment)
	for _, target := range targets {
		refusesMove(t, program, []string{data, target}, "a service has used")
	}
	moves(t, program, []string{data, "REDIS_URL=" + stores.LocalRedis(t).URL, "MONGODB_URI=" + emptyDatabase(t)}, "2 drawings of 1 users", "1 sessions and")
	// The file knows where its data is.
	for _, target := range targets {
		refusesMove(t, program, []string{data, target}, "knows nothing of that", "--back-to-file")
	}
	many = program.Start(t, targets...)
	many.With(stays.Header).Do(t, http.MethodGet, path(changed), nil).Expect(t, http.StatusOK)
}

// A target that something else wrote to is refused before anything is written.
func TestAMoveNeedsEmptyTargets(t *testing.T) {
	t.Parallel()
	program, redis, mongodb := service.Build(t), "REDIS_URL="+stores.EmptyRedis(t).URL, "MONGODB_URI="+emptyDatabase(t)
	data, free := "DATA_DIR="+t.TempDir(), "MONGODB_URI="+emptyDatabase(t)
	for _, env := range [][]string{{redis, mongodb}, {data}} {
		p := program.Start(t, env...)
		create(t, p.LogIn(t, service.NewUser()), "there")
		end(t, p)
	}
	refusesMove(t, program, []string{data, redis}, "is not empty", "REDIS_URL")
	refusesMove(t, program, []string{data, mongodb}, "is not empty", "MONGODB_URI")
	refusesMove(t, program, []string{data, redis, free}, "is not empty", "REDIS_URL")
	if n := count(t, databaseOf(t, strings.TrimPrefix(free, "MONGODB_URI=")).Collection("drawings")); n != 0 {
		t.Errorf("%d drawings were copied", n)
	}
	end(t, program.Start(t, data)) // nothing was moved
}

// A service that runs on a target would change the copy, and what it writes later would
// be lost when the move is repeated. Users need not have done anything yet.
func TestAMoveRefusesATargetThatAServiceUses(t *testing.T) {
	t.Parallel()
	program, redis, mongodb := service.Build(t), stores.EmptyRedis(t).URL, emptyDatabase(t)
	data, targets := "DATA_DIR="+t.TempDir(), []string{"REDIS_URL=" + redis, "MONGODB_URI=" + mongodb}
	both := append(slices.Clone(targets), data)
	one := program.Start(t, data)
	create(t, one.LogIn(t, service.NewUser()), "in the file")
	end(t, one)
	unmark := func() {
		t.Helper()
		if err := stores.DialRedis(t, redis).Del(t.Context(), rediscache.MoveKey).Err(); err != nil {
			t.Fatal(err)
		}
		if err := databaseOf(t, mongodb).Collection(mongostore.MovesCollection).Drop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	many := program.Start(t, targets...)
	refusesMove(t, program, []string{data, targets[0]}, "a service has used Redis", "may still run", "remove the key "+rediscache.MoveKey)
	refusesMove(t, program, []string{data, targets[1]}, "a service has used MongoDB", "may still run", "remove the collection "+mongostore.MovesCollection)
	refusesMove(t, program, both, "a service has used")
	end(t, many)
	refusesMove(t, program, both, "a service has used")
	unmark()
	moves(t, program, both, "1 drawings of 1 users", "1 sessions and")
	end(t, program.Start(t, targets...)) // it marks the targets
	backToFile(t, program, both)
	refusesMove(t, program, both, "a service has used")
	unmark()
	refusesMove(t, program, both, "is not empty")
}

// A service whose user may not write the mark is not noticed by a move: it does not start.
func TestAMongoDBThatCannotBeMarkedIsRefused(t *testing.T) {
	t.Parallel()
	target := stores.ReplicaSet{Fault: func(command string) stores.Fault {
		if command == "update" {
			return stores.Fault{Code: 13} // Unauthorized
		}
		return stores.Fault{}
	}}
	refuses(t, service.Build(t), []string{"DATA_DIR=" + t.TempDir(), "MONGODB_URI=" + target.Start(t)}, "MONGODB_URI", "")
}

// The service does not go on with what was moved, unless it is told to.
func TestAFileThatWasMovedIsNotServed(t *testing.T) {
	t.Parallel()
	data, program := "DATA_DIR="+t.TempDir(), service.Build(t)
	redis, mongodb := "REDIS_URL="+stores.EmptyRedis(t).URL, "MONGODB_URI="+emptyDatabase(t)
	one := program.Start(t, data)
	user := one.LogIn(t, service.NewUser())
	id := create(t, user, "in the file")
	end(t, one)
	if code, output := program.Run(t, []string{data}, "--back-to-file"); code != 1 || !strings.Contains(output, "nothing of") {
		t.Errorf("nothing to go back to: exit code %d: %s", code, output)
	}
	moves(t, program, []string{data, redis, mongodb})
	for variable, env := range map[string][]string{"REDIS_URL": {data, mongodb}, "MONGODB_URI": {data, redis}} {
		for _, args := range [][]string{nil, {"--check"}} {
			code, output := program.Run(t, append(env, "PORT=0"), args...)
			if code != 1 || !strings.Contains(output, variable+" is needed") || !strings.Contains(output, "--back-to-file") {
				t.Errorf("without %s, %v: exit code %d: %s", variable, args, code, output)
			}
		}
	}
	backToFile(t, program, []string{data})
	one = program.Start(t, data)
	one.With(user.Header).Do(t, http.MethodGet, path(id), nil).Expect(t, http.StatusOK)
}

func TestAMoveSaysWhatIsMissing(t *testing.T) {
	program, empty := service.Build(t), t.TempDir()
	for name, test := range map[string]struct {
		env  []string
		want string
	}{
		"no target":        {[]string{"DATA_DIR=" + empty}, "REDIS_URL, MONGODB_URI"},
		"no database":      {[]string{"DATA_DIR=" + empty, "REDIS_URL=redis://127.0.0.1:1"}, "there is no database"},
		"an invalid value": {[]string{"PORT=x"}, "PORT"},
	} {
		t.Run(name, func(t *testing.T) {
			code, output := program.Run(t, test.env, "--move")
			if code != 1 || strings.Count(output, "\n") != 1 || !strings.Contains(output, test.want) {
				t.Errorf("exit code %d: %s", code, output)
			}
		})
	}
	if files, err := os.ReadDir(empty); err != nil || len(files) != 0 {
		t.Errorf("it left %v, %v", files, err)
	}

	data := t.TempDir()
	one := program.Start(t, "DATA_DIR="+data)
	one.LogIn(t, service.NewUser()).Do(t, http.MethodPut, path(newID()), oneStroke("stays"), creating()).Expect(t, http.StatusCreated)
	one.Signal(t, syscall.SIGTERM)
	one.Wait(t)
	for _, target := range []string{"REDIS_URL=redis://127.0.0.1:1", "MONGODB_URI=mongodb://127.0.0.1:1/x"} {
		if code, output := program.Run(t, []string{"DATA_DIR=" + data, target}, "--move"); code != 1 || !strings.Contains(output, "127.0.0.1:1") {
			t.Errorf("%s: exit code %d: %s", target, code, output)
		}
	}
}

// A backup is made while the service is written to, and is a database to start with.
func TestABackupOfARunningServiceIsRestored(t *testing.T) {
	data, program := t.TempDir(), service.Build(t)
	running := program.Start(t, "DATA_DIR="+data)
	users := drawMuch(t, running.Service, 100)
	answers := answersTo(t, running.Service, users)

	writing, stop := context.WithCancel(t.Context())
	written := make(chan struct{})
	other := running.LogIn(t, service.NewUser())
	go func() {
		defer close(written)
		for writing.Err() == nil {
			other.Do(t, http.MethodPut, path(newID()), oneStroke("meanwhile"), creating())
		}
	}()
	restored := t.TempDir()
	file := filepath.Join(restored, "onestroke.db")
	code, output := program.Run(t, []string{"DATA_DIR=" + data}, "--backup", file)
	stop()
	<-written
	if code != 0 || !strings.HasPrefix(output, file+" holds all that was in "+data) {
		t.Fatalf("exit code %d: %s", code, output)
	}
	if code, output := program.Run(t, []string{"DATA_DIR=" + data}, "--backup", file); code != 1 || !strings.Contains(output, "exists already") {
		t.Errorf("a second backup: exit code %d: %s", code, output)
	}
	if code, output := program.Run(t, []string{"DATA_DIR=" + data}, "--backup", restored+"/"); code != 1 || !strings.Contains(output, "is a folder: name a new file in it") {
		t.Errorf("a folder: exit code %d: %s", code, output)
	}
	for _, args := range [][]string{{"--backup"}, {"--backup", ""}, {"--backup", "--help"}} {
		if code, output := program.Run(t, []string{"DATA_DIR=" + data}, args...); code != 2 || !strings.Contains(output, "--backup FILE") {
			t.Errorf("%q: exit code %d: %s", args, code, output)
		}
	}

	after := program.Start(t, "DATA_DIR="+restored)
	same(t, answersTo(t, after.Service, users), answers)
}

// mover is a user of a service that moves.
type mover struct {
	caller service.Caller
	paths  []string // that answer with what is the user's
}

// drawMuch lets three users log in, each in another way, and draw so much; every user
// shares some of it.
func drawMuch(t *testing.T, s service.Service, drawings int) (users []mover) {
	t.Helper()
	for i, caller := range []service.Caller{s.LogIn(t, service.NewUser()), s.LogIn(t, service.NewUser()), s.LogIn2017(t, service.NewUser())} {
		upload(t, caller, photo(t, 30+i, 30)).Expect(t, http.StatusOK)
		user := mover{caller: caller, paths: []string{"/v1/profile", "/v1/drawings?limit=100", "/v1/export", s.BasePath + "/paints/list"}}
		for n := range drawings {
			id := newID()
			caller.Do(t, http.MethodPut, path(id), oneStroke(strconv.Itoa(n)), creating()).Expect(t, http.StatusCreated)
			if n%25 == i {
				token := share(t, caller, id, http.StatusCreated)
				report(t, s, token, gen.Report{Reason: gen.ReportOther}).Expect(t, http.StatusNoContent)
				user.paths = append(user.paths, path(id), path(id)+"/image", "/v1/shared/"+token, codePath(id))
			}
		}
		savePaint(t, caller, "k3j5h2l9x0ab", "[{\"method\":\"save\"},\u2028 \"一笔\" ]\r\n")
		users = append(users, user)
	}
	return users
}

// answersTo returns the answer to each request of the users, with its ETag.
func answersTo(t *testing.T, s service.Service, users []mover) map[string]string {
	t.Helper()
	answers := map[string]string{}
	for _, at := range []string{"/v1/admin/checks", "/v1/admin/suspensions", "/v1/admin/trail"} {
		answer := deskOf(s).Do(t, http.MethodGet, at, nil)
		if answers[at] = string(answer.Body); answer.Status == http.StatusNotFound {
			delete(answers, at) // a service without operators
		}
	}
	for i, user := range users {
		caller := s.With(user.caller.Header)
		for _, p := range user.paths {
			answer := caller.Do(t, http.MethodGet, p, nil)
			answers[fmt.Sprintf("user %d: GET %s", i, p)] = fmt.Sprintf("%d %s %s", answer.Status, answer.Header.Get("ETag"), answer.Body)
		}
		answers[fmt.Sprintf("user %d: who", i)] = fmt.Sprintf("%+v", me(t, caller).User.ID)
	}
	return answers
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for request := range want {
		if got[request] != want[request] {
			t.Errorf("%s: got %s\nwant %s", request, got[request], want[request])
		}
	}
}

// end stops a service and waits for its end.
func end(t *testing.T, p *service.Process) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	p.Wait(t)
}

// moves runs a move that succeeds and says what is wanted.
func moves(t *testing.T, program service.Binary, env []string, want ...string) {
	t.Helper()
	code, output := program.Run(t, env, "--move")
	for _, text := range append(want, "Next: ") {
		if code != 0 || !strings.Contains(output, text) {
			t.Fatalf("exit code %d, want %q: %s", code, text, output)
		}
	}
}

// refusesMove runs a move that copies nothing, and says why.
func refusesMove(t *testing.T, program service.Binary, env []string, want ...string) {
	t.Helper()
	code, output := program.Run(t, env, "--move")
	for _, text := range append(want, "nothing was copied") {
		if code != 1 || strings.Count(output, "\n") != 1 || !strings.Contains(output, text) {
			t.Errorf("exit code %d, want %q: %s", code, text, output)
		}
	}
}

func backToFile(t *testing.T, program service.Binary, env []string) {
	t.Helper()
	if code, output := program.Run(t, env, "--back-to-file"); code != 0 || !strings.Contains(output, "belong to") {
		t.Fatalf("exit code %d: %s", code, output)
	}
}

// emptyDatabase returns the URI of a database that is this test's alone.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	uri := service.InDatabase(t, stores.MongoDB(t)[0].URL, service.NewDatabase())
	openDatabase(t, uri)
	return uri
}

// killMove kills a move as soon as it has done enough, or lets it end before.
func killMove(t *testing.T, program service.Binary, env []string, enough func() bool) {
	t.Helper()
	move := exec.Command(program.Path(), "--move")
	move.Env = env
	if err := move.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, enough)
	_ = move.Process.Kill() // it may have ended
	_ = move.Wait()
}

func openDatabase(t *testing.T, uri string) *mongo.Collection {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	database := client.Database(strings.TrimPrefix(parsed.Path, "/"))
	t.Cleanup(func() {
		if err := database.Drop(context.Background()); err != nil {
			t.Error(err)
		}
		_ = client.Disconnect(context.Background())
	})
	return database.Collection("drawings")
}

func count(t *testing.T, drawings *mongo.Collection) int64 {
	t.Helper()
	n, err := drawings.CountDocuments(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
