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
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// A service on one machine moves to Redis and MongoDB, killed on the way, and
// answers as before.
func TestAMoveKeepsEveryAnswer(t *testing.T) {
	t.Parallel()
	onEveryServer(t, func(t *testing.T, redis, mongodb stores.Server) {
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
		code, output := program.Run(t, environment, "--move")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, output)
		}
		for _, want := range []string{"3 profiles, 12 checks, 1 suspensions, 1 actions of operators and 303 drawings of 3 users are in MongoDB", "sessions and", "each the same as in the file", "Next: "} {
			if !strings.Contains(output, want) {
				t.Errorf("%q is missing in: %s", want, output)
			}
		}
		if code, again := program.Run(t, environment, "--move"); code != 0 || again != output {
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

// What was changed in the file after a move that was killed is moved, too.
func TestAMoveThatIsRepeatedTakesWhatChanged(t *testing.T) {
	data, program := t.TempDir(), service.Build(t)
	redis, mongodb := stores.Redis(t)[0], stores.MongoDB(t)[0]
	targets := []string{"REDIS_URL=" + redis.URL, "MONGODB_URI=" + service.InDatabase(t, mongodb.URL, service.NewDatabase())}
	openDatabase(t, strings.TrimPrefix(targets[1], "MONGODB_URI="))
	environment := append(slices.Clone(targets), "DATA_DIR="+data)

	changed, shared := newID(), newID()
	one := program.Start(t, "DATA_DIR="+data)
	user := one.LogIn(t, service.NewUser())
	tag := user.Do(t, http.MethodPut, path(changed), oneStroke("first"), creating()).Header.Get("ETag")
	user.Do(t, http.MethodPut, path(shared), oneStroke("shared"), creating()).Expect(t, http.StatusCreated)
	share(t, user, shared, http.StatusCreated)
	one.Signal(t, syscall.SIGTERM)
	one.Wait(t)
	if code, output := program.Run(t, environment, "--move"); code != 0 {
		t.Fatalf("exit code %d: %s", code, output)
	}

	one = program.Start(t, "DATA_DIR="+data)
	user = one.With(user.Header)
	user.Do(t, http.MethodPut, path(changed), oneStroke("second"), replacing(tag)).Expect(t, http.StatusOK)
	user.Do(t, http.MethodDelete, path(shared)+"/share", nil).Expect(t, http.StatusNoContent)
	token := share(t, user, shared, http.StatusCreated)
	one.Signal(t, syscall.SIGTERM)
	one.Wait(t)
	if code, output := program.Run(t, environment, "--move"); code != 0 {
		t.Fatalf("exit code %d: %s", code, output)
	}
	many := program.Start(t, targets...)
	user = many.With(user.Header)
	if answer := user.Do(t, http.MethodGet, path(changed), nil); !strings.Contains(string(answer.Body), `"second"`) {
		t.Errorf("got %s", answer.Body)
	}
	many.Nobody().Do(t, http.MethodGet, "/v1/shared/"+token, nil).Expect(t, http.StatusOK)

	// A target that was used has what the file does not have: the move says so.
	user.Do(t, http.MethodPut, path(newID()), oneStroke("only in the target"), creating()).Expect(t, http.StatusCreated)
	many.Signal(t, syscall.SIGTERM)
	many.Wait(t)
	if code, output := program.Run(t, environment, "--move"); code != 1 || !strings.Contains(output, "was the target used meanwhile?") {
		t.Errorf("exit code %d: %s", code, output)
	}
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
	if code, output := program.Run(t, []string{"DATA_DIR=" + data}, "--backup"); code != 2 || !strings.Contains(output, "--backup FILE") {
		t.Errorf("without a file: exit code %d: %s", code, output)
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
