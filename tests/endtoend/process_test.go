package endtoend

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

func TestTheProgramSaysWhereItServes(t *testing.T) {
	p := service.Build(t).Start(t, "BASE_PATH=/x/y")
	eventually(t, func() bool { return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusOK })
	for _, want := range []string{`"msg":"serving"`, `"url":"` + p.URL + `"`, `"wechat":"simulated`, `"redis":"embedded`, `"mongodb":"embedded`} {
		eventually(t, func() bool { return strings.Contains(p.Output(), want) })
	}
	p.LogIn2017(t, service.NewUser()).Do(t, http.MethodGet, "/x/y/paints/list", nil).ExpectPaints(t)
	p.LogIn(t, service.NewUser()).Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusOK)
}

func TestASignalLetsWhatIsInFlightFinish(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			arrived, release := make(chan struct{}), make(chan struct{})
			slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				<-release
				weChat("oNobodyInParticular", published.sessionKey).ServeHTTP(w, r)
			}))
			defer slow.Close()
			p := service.Build(t).Start(t, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret", "WECHAT_API_URL="+slow.URL, "WECHAT_TIMEOUT=30s")
			answered := make(chan service.Answer, 1)
			go func() {
				defer close(answered)
				answered <- p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": newID()})
			}()
			<-arrived
			p.Signal(t, signal)
			eventually(t, func() bool {
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
				if err == nil {
					_ = conn.Close()
				}
				return err != nil
			})
			close(release)
			(<-answered).Expect(t, http.StatusCreated)
			if code := p.Wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestDrawingsSurviveARestart(t *testing.T) {
	data := "DATA_DIR=" + t.TempDir()
	program := service.Build(t)
	user, id := service.NewUser(), newID()

	before := program.Start(t, data)
	caller := before.LogIn(t, user)
	tag := caller.Do(t, http.MethodPut, path(id), oneStroke("kept"), creating()).Header.Get("ETag")
	savePaint(t, caller, "kept", "[]")
	before.Signal(t, syscall.SIGTERM)
	if code := before.Wait(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}

	after := program.Start(t, data)
	caller = after.LogIn(t, user)
	if answer := caller.Do(t, http.MethodGet, path(id), nil); answer.Header.Get("ETag") != tag {
		t.Errorf("got %d %s", answer.Status, answer.Body)
	}
	if got := paints(t, caller); got["kept"] != "[]" {
		t.Errorf("got %v", got)
	}
}

func TestNothingSecretIsEverWritten(t *testing.T) {
	const secret = "3f1c0ffee5ec4e70f4a55a11d0c0ffee"
	p := service.Build(t).Start(t, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET="+secret, "SIMULATOR=on")
	user := "secret-nickname"
	secrets := map[string]string{"app secret": secret, "nickname": user}

	// A session of each kind, used, failed and ended, and codes that fail.
	phone := p.Phone(t, user)
	answer := p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": phone.Code, "rawData": phone.RawData, "signature": phone.Signature})
	answer.Expect(t, http.StatusCreated)
	var session gen.LoggedIn
	answer.Decode(t, &session)
	secrets["token"], secrets["code of a token"], secrets["signature"] = session.Token, phone.Code, phone.Signature
	today := p.With(header("Authorization", "Bearer "+session.Token))
	today.Do(t, http.MethodPut, path(newID()), oneStroke("one"), creating()).Expect(t, http.StatusCreated)
	today.Do(t, http.MethodPut, path(newID()), `{"canvas":`, creating()).Expect(t, http.StatusBadRequest)

	phone = p.Phone(t, user)
	secrets["code"], secrets["rawData"], secrets["encoded rawData"] = phone.Code, phone.RawData, service.EncodeURIComponent(phone.RawData)
	then := p.With(phone.Headers())
	savePaint(t, then, "one", "[]")
	then.Do(t, http.MethodGet, path(phone.Code)+"?code="+phone.Code, nil).Expect(t, http.StatusBadRequest)
	then.Do(t, http.MethodGet, "/v1/"+phone.Code, nil).Expect(t, http.StatusNotFound)

	for name, how := range map[string]map[string]any{
		"busy": {"errcode": -1}, "our secret": {"errcode": 40125}, "HTTP 500": {"httpStatus": 500}, "not JSON": {"body": `{"session_key":"c2VjcmV0`},
	} {
		failing := p.Phone(t, user, how)
		secrets["code, "+name] = failing.Code
		if status := p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]any{"code": failing.Code}).Status; status < 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	secrets["session key"] = "c2VjcmV0"
	openID, key := exchange(t, p, secret)
	secrets["openid"] = openID
	secrets["another session key"] = key

	today.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
	today.Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusUnauthorized)
	p.Signal(t, syscall.SIGTERM)
	p.Wait(t)
	for name, text := range secrets {
		for form, written := range map[string]string{"": text, "escaped ": url.QueryEscape(text)} {
			if strings.Contains(p.Output(), written) {
				t.Errorf("the %s%s was written", form, name)
			}
		}
	}
	if !strings.Contains(p.Output(), "ERR_SESSION_KEY_EXCHANGE_FAILED") {
		t.Error("what failed was not written at all")
	}
}

// exchange asks the simulator what it tells the service only: the user's openid
// and a session key.
func exchange(t *testing.T, p *service.Process, secret string) (openID, key string) {
	t.Helper()
	query := url.Values{
		"appid": {"wx0123456789abcdef"}, "secret": {secret}, "grant_type": {"authorization_code"},
		"js_code": {p.Phone(t, "secret-nickname").Code},
	}
	response, err := http.Get(p.URL + "/simulator/sns/jscode2session?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var granted struct {
		OpenID string `json:"openid"`
		Key    string `json:"session_key"`
	}
	if err := json.Unmarshal(text, &granted); err != nil || granted.OpenID == "" || granted.Key == "" {
		t.Fatalf("%v: %s", err, text)
	}
	return granted.OpenID, granted.Key
}
