package endtoend

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"

	"onestroke/gen"
	"onestroke/tests/ports"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// No secret of a user or of the operators is in a log, a trace, a metric or a store, in
// any form, whatever users do and however WeChat fails.
func TestNoSecretIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		dir := t.TempDir()
		noSecretIsWritten(t, []string{"DATA_DIR=" + dir}, func() string {
			text := ""
			for _, name := range []string{"onestroke.db", "onestroke.db-wal"} {
				file, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				text += string(file)
			}
			return text
		})
	})
	onEveryServer(t, func(t *testing.T, r, m stores.Server) {
		uri := service.InDatabase(t, m.URL, service.NewDatabase())
		noSecretIsWritten(t, []string{"REDIS_URL=" + r.URL, "MONGODB_URI=" + uri}, func() string {
			return inRedis(t, r.URL) + inMongoDB(t, uri)
		})
	})
}

// noSecretIsWritten runs a service through all that has to do with secrets. dump returns
// all that is stored.
func noSecretIsWritten(t *testing.T, env []string, dump func() string) {
	const nickname = "shown-nickname"
	secrets := map[string]string{
		"app secret": "3f1c0ffee5ec4e70f4a55a11d0c0ffee", "push token": "c0ffee5ec4e7", "EncodingAESKey": "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec",
		"SEAL_KEY": "5ea15ea15ea15ea15ea15ea15ea15ea1", "ADMIN_TOKEN": service.AdminToken,
	}
	between := newBetween(t)
	var traces written
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		traces.add(string(body))
	}))
	t.Cleanup(receiver.Close)
	admin := ports.ReservePort(t)
	p := service.Build(t).Start(t, append(env, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET="+secrets["app secret"], "SIMULATOR=on",
		"CONTENT_CHECK=all", "WECHAT_PUSH_TOKEN="+secrets["push token"], "WECHAT_PUSH_AES_KEY="+secrets["EncodingAESKey"],
		"SEAL_KEY="+secrets["SEAL_KEY"], "ADMIN_TOKEN="+secrets["ADMIN_TOKEN"], "LOG_LEVEL=debug", "WECHAT_API_URL="+between.URL,
		"WECHAT_TIMEOUT=2s", "ADMIN_PORT="+admin, "OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL)...)
	between.start(p.URL + "/simulator")
	c := checked{Local: &service.Local{Service: p.Service}}

	// A user logs in with signed data, has a profile and shares.
	phone := p.Phone(t, nickname, map[string]any{"unionid": "union5ec4e7c0ffee"})
	answer := p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": phone.Code, "rawData": phone.RawData, "signature": phone.Signature})
	answer.Expect(t, http.StatusCreated)
	var session gen.LoggedIn
	answer.Decode(t, &session)
	secrets["session token"], secrets["login code"] = session.Token, phone.Code
	author := p.With(header("Authorization", "Bearer "+session.Token))
	setNickname(t, author, nickname)
	upload(t, author, photo(t, 300, 300)).Expect(t, http.StatusOK)
	id := create(t, author, "猫")
	token := share(t, author, id, http.StatusCreated)
	becomes(t, author, id, gen.ShareApproved, "")
	c.isShown(t, token)
	author.Do(t, http.MethodGet, codePath(id), nil).Expect(t, http.StatusOK)

	// Others report the share, and an operator decides.
	report(t, p.Service, token, map[string]any{"reason": "abuse", "note": "look"}).Expect(t, http.StatusNoContent)
	operator := deskOf(p.Service)
	waiting := operator.waits(t, "drawing", id)
	operator.picture(t, waiting).Expect(t, http.StatusOK)
	operator.decide(t, waiting, gen.DecisionRefuse, gen.ReportAbuse).Expect(t, http.StatusNoContent)
	var state struct{ Pictures []handedIn }
	p.Nobody().Do(t, http.MethodGet, "/simulator/state", nil).Decode(t, &state)
	for i, picture := range state.Pictures {
		secrets[fmt.Sprint("address of picture ", i)] = picture.URL[strings.LastIndex(picture.URL, "/")+1:]
	}

	// WeChat fails in each way it can.
	for _, how := range []map[string]any{
		{"errcode": -1},
		{"errcode": 40001},
		{"errcode": 45009},
		{"errcode": 40164},
		{"errcode": 61010},
		{"errcode": 47001},
		{"body": `{"errcode":`},
		{"httpStatus": 500},
	} {
		for _, path := range []string{"/wxa/msg_sec_check", mediaCheck, "/cgi-bin/stable_token", codeCall} {
			how["path"] = path
			c.plan(t, how)
		}
		another := create(t, author, "狗")
		share(t, author, another, http.StatusCreated)
		author.Do(t, http.MethodGet, codePath(another), nil)
	}
	logIn := func(name string, how map[string]any) {
		failing := p.Phone(t, nickname, how)
		secrets["login code, "+name] = failing.Code
		if status := p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": failing.Code}).Status; status < 500 {
			t.Errorf("%s: %d", name, status)
		}
	}
	logIn("bad answer", map[string]any{"body": `{"session_key":"c2VjcmV0`})
	logIn("time-out", map[string]any{"delayMs": 2500})
	between.start("") // connections now break, and the error has the address
	logIn("broken connection", nil)
	share(t, author, create(t, author, "鸟"), http.StatusCreated)
	c.push(t, map[string]any{"event": "user_authorization_revoke", "user": nickname})

	metrics, err := http.Get("http://127.0.0.1:" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = metrics.Body.Close() }()
	counted, err := io.ReadAll(metrics.Body)
	if err != nil {
		t.Fatal(err)
	}
	stored := dump() // also while the service runs: SQLite then has a -wal
	p.Signal(t, syscall.SIGTERM)
	p.Wait(t)

	for name, text := range between.secrets() {
		secrets[name] = text
	}
	for _, name := range []string{"openid", "unionid", "session_key", "access_token"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(secrets)), func(known string) bool { return strings.HasPrefix(known, name+" ") }) {
			t.Errorf("WeChat gave no %s", name)
		}
	}
	for place, search := range map[string]struct{ text, has string }{
		"log":     {p.Output(), "ERR_SESSION_KEY_EXCHANGE_FAILED"},
		"traces":  {traces.all(), "/v1/shared/{token}"},
		"metrics": {string(counted), "onestroke_build_info"},
		"stores":  {stored, "猫"},
	} {
		if !strings.Contains(search.text, search.has) {
			t.Errorf("the %s were not read", place)
		}
		for name, secret := range secrets {
			for form, text := range forms(secret) {
				if strings.Contains(search.text, text) {
					t.Errorf("%s: the %s is there, %s", place, name, form)
				}
			}
		}
	}
}

// forms are the ways in which a secret may be written, also as a part of a longer text.
func forms(secret string) map[string]string {
	all := map[string]string{"as it is": secret, "escaped": url.QueryEscape(secret)}
	add := func(what string, data []byte) {
		all[what+"in hex"] = hex.EncodeToString(data)
		all[what+"in upper hex"] = strings.ToUpper(all[what+"in hex"])
		for shift := range 3 { // what is before it moves the digits
			text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), data...))
			text = strings.TrimRight(text, "=")
			text = text[(shift*8+5)/6 : len(text)-1]
			all[fmt.Sprint(what, "in base64, ", shift)] = text
			all[fmt.Sprint(what, "in base64 of URLs, ", shift)] = strings.NewReplacer("+", "-", "/", "_").Replace(text)
		}
	}
	add("", []byte(secret))
	if decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(secret, "=")); err == nil && len(decoded) >= 16 {
		all["decoded"] = string(decoded)
		add("decoded, ", decoded)
	}
	return all
}

// written is text that comes from several goroutines.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *written) add(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.WriteString(text)
}

func (w *written) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// between is between the service and WeChat. It sees what WeChat answers.
type between struct {
	URL     string
	mu      sync.Mutex
	wechat  string // empty: each connection breaks
	answers written
}

func newBetween(t *testing.T) *between {
	b := new(between)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		wechat := b.wechat
		b.mu.Unlock()
		if wechat == "" {
			panic(http.ErrAbortHandler)
		}
		request, err := http.NewRequestWithContext(r.Context(), r.Method, wechat+r.URL.RequestURI(), r.Body)
		if err != nil {
			panic(err)
		}
		request.Header = r.Header.Clone()
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			panic(http.ErrAbortHandler) // the service waits no longer
		}
		defer func() { _ = response.Body.Close() }()
		var body bytes.Buffer
		if _, err := body.ReadFrom(response.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
		b.answers.add(body.String())
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		w.WriteHeader(response.StatusCode)
		_, _ = w.Write(body.Bytes())
	}))
	t.Cleanup(server.Close)
	b.URL = server.URL
	return b
}

// start has the calls go to wechat.
func (b *between) start(wechat string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wechat = wechat
}

var secretMember = regexp.MustCompile(`"(openid|unionid|session_key|access_token)":"([^"]+)"`)

// secrets returns the secrets that WeChat gave.
func (b *between) secrets() map[string]string {
	all := map[string]string{}
	for i, found := range secretMember.FindAllStringSubmatch(b.answers.all(), -1) {
		all[fmt.Sprint(found[1], " ", i)] = found[2]
	}
	return all
}

// inRedis returns all keys and values of a Redis, or of each master of a cluster.
func inRedis(t *testing.T, url string) string {
	t.Helper()
	var found written
	read := func(ctx context.Context, client *redis.Client) error {
		for scan := client.Scan(ctx, 0, "*", 1000).Iterator(); scan.Next(ctx); {
			key := scan.Val()
			var value any
			var err error
			switch kind := client.Type(ctx, key).Val(); kind {
			case "string":
				value, err = client.Get(ctx, key).Result()
			case "hash":
				value, err = client.HGetAll(ctx, key).Result()
			case "none": // it has ended
			default:
				err = fmt.Errorf("%s is a %s", key, kind)
			}
			if err != nil && !errors.Is(err, redis.Nil) {
				return err
			}
			found.add(fmt.Sprintln(key, value))
		}
		return nil
	}
	var err error
	switch client := stores.DialRedis(t, url).(type) {
	case *redis.Client:
		err = read(t.Context(), client)
	case *redis.ClusterClient:
		err = client.ForEachMaster(t.Context(), read)
	}
	if err != nil {
		t.Fatal(err)
	}
	if found.all() == "" {
		t.Error("Redis is empty")
	}
	return found.all()
}

// inMongoDB returns all documents of a database as they are stored.
func inMongoDB(t *testing.T, uri string) string {
	t.Helper()
	database := databaseOf(t, uri)
	names, err := database.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, name := range names {
		cursor, err := database.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for cursor.Next(t.Context()) {
			text += string(cursor.Current)
		}
		if err := cursor.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return text
}

func TestASecretIsFoundInEachForm(t *testing.T) {
	const secret = "5ec4e7+c0ffee/5ec4e7"
	for before := range 4 {
		text := []byte(strings.Repeat("x", before) + secret + "y")
		for _, written := range []string{
			string(text), hex.EncodeToString(text), fmt.Sprintf("%X", text), url.QueryEscape(string(text)),
			base64.StdEncoding.EncodeToString(text), base64.RawURLEncoding.EncodeToString(text),
		} {
			if !slices.ContainsFunc(slices.Collect(maps.Values(forms(secret))), func(form string) bool { return strings.Contains(written, form) }) {
				t.Errorf("it is not found in %s", written)
			}
		}
	}
}
