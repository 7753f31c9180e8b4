package contract

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/gen"
	"onestroke/tests/service"
)

func TestTheServiceAnswersLikeTheExamples(t *testing.T) {
	t.Parallel()
	doc := document(t)
	e := &exchanges{doc: doc, service: startWithPublishedWeChat(t), met: map[string]bool{}}

	e.logIn(t)
	e.keepDrawings(t)
	e.keepPaints(t)
	e.keepProfile(t)
	nobody := e.service.Nobody()
	e.expect(t, "livez", "", nobody.Do(t, http.MethodGet, "/livez", nil))
	e.expect(t, "readyz", "", nobody.Do(t, http.MethodGet, "/readyz", nil))
	e.expect(t, "getContractJson", "", nobody.Do(t, http.MethodGet, "/openapi.json", nil))
	e.expect(t, "getCurrentContractJson", "", nobody.Do(t, http.MethodGet, "/openapi-v1.json", nil))

	e.eachAnswerExample(func(key string) {
		if !e.met[key] {
			t.Errorf("%s: no request of this test gets this answer", key)
		}
	})
}

// exchanges sends the request examples of the contract and compares the answers with
// the response examples.
type exchanges struct {
	doc     *openapi3.T
	service service.Service
	met     map[string]bool // response examples, by key
	known   service.Caller  // a user with a profile
}

func (e *exchanges) logIn(t *testing.T) {
	e.eachRequestExample("logIn", func(name string, body any) {
		if name == "encrypted" {
			renew(t, body.(map[string]any))
		}
		answer := e.service.Nobody().Do(t, http.MethodPost, "/v1/session", body)
		e.expect(t, "logIn", name, answer)
		e.known = e.caller(t, answer)
	})
	e.expect(t, "getSession", "", e.known.Do(t, http.MethodGet, "/v1/session", nil))
	e.expect(t, "listSessions", "", e.known.Do(t, http.MethodGet, "/v1/sessions", nil))
}

func (e *exchanges) keepDrawings(t *testing.T) {
	const at = "/v1/drawings/6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2"
	creating, replacing := http.Header{"If-None-Match": {"*"}}, http.Header{}
	conditions := map[string]http.Header{"create": creating, "replace": replacing}
	e.eachRequestExample("putDrawing", func(name string, body any) {
		answer := e.known.Do(t, http.MethodPut, at, body, conditions[name])
		e.expect(t, "putDrawing", name, answer)
		replacing.Set("If-Match", answer.Header.Get("ETag"))
	})
	e.expect(t, "getDrawing", "", e.known.Do(t, http.MethodGet, at, nil))
	e.expect(t, "listDrawings", "last", e.known.Do(t, http.MethodGet, "/v1/drawings?thumbnail=none", nil))
	const another = "/v1/drawings/0198f2b4-7c1e-7d3a-9b52-0c4e6a8d1f37"
	body := namedExamples(e.operation("putDrawing").RequestBody.Value.Content.Get("application/json"))["create"]
	e.known.Do(t, http.MethodPut, another, body, creating).Expect(t, http.StatusCreated)
	e.expect(t, "listDrawings", "page", e.known.Do(t, http.MethodGet, "/v1/drawings?limit=1", nil))

	e.expect(t, "shareDrawing", "", e.known.Do(t, http.MethodPut, at+"/share", nil))
	again := e.known.Do(t, http.MethodPut, at+"/share", nil)
	e.expect(t, "shareDrawing", "", again)
	e.expect(t, "getShare", "", e.known.Do(t, http.MethodGet, at+"/share", nil))
	var share gen.Share
	again.Decode(t, &share)
	e.expect(t, "getSharedDrawing", "", e.service.Nobody().Do(t, http.MethodGet, "/v1/shared/"+share.Token, nil))
	e.operate(t, share.Token)
}

// operate reports a drawing and does what operators do with it.
func (e *exchanges) operate(t *testing.T, token string) {
	const at = "/v1/admin"
	operator := e.service.With(http.Header{"Authorization": {"Bearer " + service.AdminToken}})
	var session gen.Session
	e.known.Do(t, http.MethodGet, "/v1/session", nil).Decode(t, &session)
	e.expect(t, "listChecksOfUser", "", operator.Do(t, http.MethodGet, at+"/users/"+session.User.ID+"/checks", nil))
	e.eachRequestExample("reportSharedDrawing", func(_ string, body any) {
		e.service.Nobody().Do(t, http.MethodPost, "/v1/shared/"+token+"/reports", body).Expect(t, http.StatusNoContent)
	})
	list := operator.Do(t, http.MethodGet, at+"/checks", nil)
	e.expect(t, "listChecks", "", list)
	var checks gen.CheckList
	list.Decode(t, &checks)
	c := checks.Items[0]
	e.eachRequestExample("decideCheck", func(_ string, body any) {
		body.(map[string]any)["version"] = c.Version
		operator.Do(t, http.MethodPost, at+"/checks/"+c.Kind+"/"+c.User+"/"+c.ID+"/decisions", body).Expect(t, http.StatusNoContent)
	})
	e.expect(t, "listTrail", "", operator.Do(t, http.MethodGet, at+"/trail", nil))
	suspension := at + "/users/" + c.User + "/suspension"
	e.eachRequestExample("putSuspension", func(_ string, body any) {
		operator.Do(t, http.MethodPut, suspension, body).Expect(t, http.StatusNoContent)
	})
	e.expect(t, "listSuspensions", "", operator.Do(t, http.MethodGet, at+"/suspensions", nil))
	operator.Do(t, http.MethodPut, suspension, gen.SuspensionChange{By: "小红", Note: "a mistake"}).Expect(t, http.StatusNoContent)
}

func (e *exchanges) keepProfile(t *testing.T) {
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	file, err := parts.CreateFormFile("avatar", "avatar.png")
	if err == nil {
		err = errors.Join(png.Encode(file, image.NewGray(image.Rect(0, 0, 9, 9))), parts.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	asForm := http.Header{"Content-Type": {parts.FormDataContentType()}}
	e.expect(t, "uploadAvatar", "", e.known.Do(t, http.MethodPost, "/v1/profile/avatar", form.String(), asForm))
	e.eachRequestExample("putProfile", func(name string, body any) {
		e.expect(t, "putProfile", name, e.known.Do(t, http.MethodPut, "/v1/profile", body))
	})
	e.expect(t, "getProfile", "", e.known.Do(t, http.MethodGet, "/v1/profile", nil))
}

// keepPaints does what a program of 2017 does: success and failure have the same status.
func (e *exchanges) keepPaints(t *testing.T) {
	calls := []struct{ operation, method, path string }{
		{"savePaint", http.MethodPost, "/paints/save"},
		{"listPaints", http.MethodGet, "/paints/list"},
		{"deletePaint", http.MethodPost, "/paints/delete"},
	}
	for _, call := range calls {
		path := e.service.BasePath + call.path
		var body any
		e.eachRequestExample(call.operation, func(name string, example any) {
			e.expect(t, call.operation, name, e.known.Do(t, call.method, path, example))
			body = example
		})
		if body == nil {
			e.expect(t, call.operation, "drawings", e.known.Do(t, call.method, path, nil))
		}
		for name, headers := range map[string]http.Header{
			"nobody":    {},
			"expired":   {"X-Wx-Code": {rand.Text()}},
			"untrusted": forged(rand.Text()),
			"exchange":  forged(refused),
		} {
			e.expect(t, call.operation, name, e.service.With(headers).Do(t, call.method, path, body))
		}
	}
}

// forged are the headers of a first request with an invalid signature.
func forged(code string) http.Header {
	return service.Phone{Code: code, RawData: `{"nickName":"Band"}`, Signature: strings.Repeat("0", 40)}.Headers()
}

// caller is the user of the last login.
func (e *exchanges) caller(t *testing.T, answer service.Answer) service.Caller {
	t.Helper()
	var body gen.LoggedIn
	answer.Decode(t, &body)
	return e.service.With(http.Header{"Authorization": {"Bearer " + body.Token}})
}

// expect fails the test unless the answer has the status and the shape of the
// operation's example with this name; an empty name is for the only example.
func (e *exchanges) expect(t *testing.T, operation, name string, answer service.Answer) {
	t.Helper()
	key := fmt.Sprintf("%s %d %s", operation, answer.Status, name)
	response := e.operation(operation).Responses.Status(answer.Status)
	if response == nil {
		t.Errorf("%s: %.500s", key, answer.Body)
		return
	}
	media := response.Value.Content.Get("application/json")
	example, ok := namedExamples(media)[name]
	if !ok {
		t.Errorf("%s has no example of this name, for %.500s", key, answer.Body)
		return
	}
	var got any
	answer.Decode(t, &got)
	if err := sameShape(example, got, isOpen(media.Schema.Value)); err != nil {
		t.Errorf("%s: %v", key, err)
	}
	e.met[key] = true
}

// eachRequestExample calls do with the request examples of an operation, by
// media type and name. Forms are given as url.Values.
func (e *exchanges) eachRequestExample(operation string, do func(name string, body any)) {
	body := e.operation(operation).RequestBody
	if body == nil {
		return
	}
	for _, mediaType := range slices.Sorted(maps.Keys(body.Value.Content)) {
		named := namedExamples(body.Value.Content[mediaType])
		for _, name := range slices.Sorted(maps.Keys(named)) {
			if mediaType == "application/x-www-form-urlencoded" {
				form := url.Values{}
				for field, value := range named[name].(map[string]any) {
					form.Set(field, value.(string))
				}
				do(name, form)
			} else {
				do(name, named[name])
			}
		}
	}
}

// eachAnswerExample calls do with the key of every JSON example of success.
func (e *exchanges) eachAnswerExample(do func(key string)) {
	for _, item := range e.doc.Paths.Map() {
		for _, op := range item.Operations() {
			for status, response := range op.Responses.Map() {
				if media := response.Value.Content.Get("application/json"); media != nil && status[0] == '2' {
					for name := range namedExamples(media) {
						do(op.OperationID + " " + status + " " + name)
					}
				}
			}
		}
	}
}

func (e *exchanges) operation(id string) *openapi3.Operation {
	for _, item := range e.doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.OperationID == id {
				return op
			}
		}
	}
	return nil
}

// namedExamples are the examples of a body; a single example has no name.
func namedExamples(media *openapi3.MediaType) map[string]any {
	named := map[string]any{}
	if media == nil {
		return named
	}
	if media.Example != nil {
		named[""] = media.Example
	}
	for name, example := range media.Examples {
		named[name] = example.Value.Value
	}
	return named
}

// isOpen reports whether an object may have members that the contract does not name.
func isOpen(s *openapi3.Schema) bool {
	return s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has
}

// sameShape returns where the answer's members or types differ from the example's.
// An open object may have more members. Each item of a list is compared with the
// first of the example.
func sameShape(example, got any, open bool) error {
	switch example := example.(type) {
	case map[string]any:
		members, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no object", got)
		}
		for name := range members {
			if _, ok := example[name]; !ok && !open {
				return fmt.Errorf("the example has no %q", name)
			}
		}
		for name, value := range example {
			if err := sameShape(value, members[name], open); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case []any:
		items, ok := got.([]any)
		if !ok || len(items) == 0 && len(example) > 0 {
			return fmt.Errorf("%v is not a list like %v", got, example)
		}
		for i, item := range items {
			if err := sameShape(example[0], item, open); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	default:
		if kind(example) != kind(got) {
			return fmt.Errorf("%v is not like %v", got, example)
		}
	}
	return nil
}

// kind returns the type of a JSON value. YAML has integers, JSON only numbers.
func kind(value any) reflect.Kind {
	switch value.(type) {
	case int, int64, uint64, float64:
		return reflect.Float64
	case nil:
		return reflect.Invalid
	}
	return reflect.TypeOf(value).Kind()
}

// publishedKey is the session key of WeChat's published encrypted data.
const publishedKey = "tiihtNczf5v6AKRyjwEUhQ=="

// renew gives encrypted data of 2016 a timestamp that the service accepts.
func renew(t *testing.T, login map[string]any) {
	t.Helper()
	decode := func(text string) []byte {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return decoded
	}
	block, err := aes.NewCipher(decode(publishedKey))
	if err != nil {
		t.Fatal(err)
	}
	data, iv := decode(login["encryptedData"].(string)), decode(login["iv"].(string))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	data = bytes.Replace(data, []byte("1477314187"), []byte(strconv.FormatInt(time.Now().Unix(), 10)), 1)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	login["encryptedData"] = base64.StdEncoding.EncodeToString(data)
}

// refused is a code that WeChat rejects.
const refused = "refused"

// startWithPublishedWeChat runs the program with a WeChat that returns, for the
// codes in the examples of the contract, the session keys of WeChat's published
// signature and encrypted data.
func startWithPublishedWeChat(t *testing.T) service.Service {
	t.Helper()
	sessions := map[string][2]string{ // openid and session key
		"0b1Qc2Ll3dRe5f1mHnIl2gP4sC2Qc2LB": {"oGZUI0egBJY1zhBYw2KhdUfwVJJF", "HyVFkGl5F5OQWJZZaNzBBg=="},
		"0e9Rt4Nn5wTg7h2kJpUq3iS6vD5Rt4NC": {"oGZUI0egBJY1zhBYw2KhdUfwVJJE", publishedKey},
	}
	wechat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := r.URL.Query().Get("js_code")
		session, ok := sessions[code]
		if !ok {
			session = [2]string{"o" + rand.Text(), "HyVFkGl5F5OQWJZZaNzBBg=="}
		}
		answer := map[string]any{"openid": session[0], "session_key": session[1]}
		if code == refused {
			answer = map[string]any{"errcode": 40029, "errmsg": "invalid code"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(wechat.Close)
	return service.Build(t).Start(t,
		"WECHAT_API_URL="+wechat.URL,
		"WECHAT_APP_ID=wx4f4bc4dec97d474b",
		"WECHAT_APP_SECRET=secret",
		"CONTENT_CHECK=off",
		"ADMIN_TOKEN="+service.AdminToken,
	).Service
}
