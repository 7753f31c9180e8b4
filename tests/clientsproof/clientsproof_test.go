// Package clientsproof tests that common generators accept the contract, and that
// the generated clients work with the program, and with a later version of it: each
// logs in, saves drawings, reads pages of them, gets one and its picture, is refused
// one that is gone, and deletes them.
//
// TEST_CLIENTS names the generators; the default is oapi-codegen, which needs nothing
// but Go, and `all` is all of them. What they generate goes to .build/clients.
package clientsproof

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/gen/client"
	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

// generators are the generators of clients, with the folder of their program here.
// `make` in it generates the client and compiles the program, `run` runs that; both get
// the name of the generator.
var generators = []struct{ name, folder string }{
	{"openapi-typescript", "typescript"},
	{"openapi-fetch", "typescript"},
	{"hey-api", "typescript"},
	{"orval", "typescript"},
	{"kubb", "typescript"},
	{"typescript-fetch", "typescript"}, // of openapi-generator, as java and kotlin
	{"ogen", "ogen"},
	{"java", "java"},
	{"kotlin", "kotlin"},
	{"openapi-python-client", "python"},
}

// A client reads the answers of the service, and those of a later one, which have
// members, and an error code, of which its contract knows nothing.
func TestGeneratedClientsWork(t *testing.T) {
	p := service.Build(t).Start(t)
	later := startLater(t, p.URL)
	contract := filepath.Join(t.TempDir(), "openapi-v1.json")
	if err := os.WriteFile(contract, p.Nobody().Do(t, http.MethodGet, "/openapi-v1.json", nil).Body, 0o600); err != nil {
		t.Fatal(err)
	}
	proveWithBoth := func(t *testing.T, prove func(t *testing.T, url, code, gone string)) {
		t.Run("today", func(t *testing.T) { prove(t, p.URL, p.Phone(t, service.NewUser()).Code, gen.ErrNotFound) })
		t.Run("later", func(t *testing.T) { prove(t, later, p.Phone(t, service.NewUser()).Code, codeAddedLater) })
	}
	wanted := strings.Fields(cmp.Or(os.Getenv("TEST_CLIENTS"), "oapi-codegen"))
	isWanted := func(name string) bool { return slices.Contains(wanted, name) || slices.Contains(wanted, "all") }

	if isWanted("oapi-codegen") {
		t.Run("oapi-codegen", func(t *testing.T) { proveWithBoth(t, proveGo) })
	}
	for _, g := range generators {
		if !isWanted(g.name) {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			folder := filepath.Join(root.Dir(), "tests", "clientsproof", g.folder)
			do(t, exec.Command(filepath.Join(folder, "make"), g.name), "ONESTROKE_CONTRACT="+contract)
			proveWithBoth(t, func(t *testing.T, url, code, gone string) {
				do(t, exec.Command(filepath.Join(folder, "run"), g.name), "ONESTROKE_URL="+url, "ONESTROKE_CODE="+code, "ONESTROKE_GONE="+gone)
			})
		})
	}
}

// do runs a command, with more environment than the test has.
func do(t *testing.T, command *exec.Cmd, environment ...string) {
	t.Helper()
	command.Env = append(os.Environ(), environment...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

const codeAddedLater = "ERR_ADDED_LATER"

// startLater starts a proxy that makes the service at a URL a later version: each
// object in an answer has one member more, and errors have another code.
func startLater(t *testing.T, at string) string {
	t.Helper()
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			if !strings.HasSuffix(r.Header.Get("Content-Type"), "json") {
				return nil
			}
			var answer any
			if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
				return err
			}
			addLater(answer)
			text, err := json.Marshal(answer)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			r.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return err
		},
	}
	later := httptest.NewServer(proxy)
	t.Cleanup(later.Close)
	return later.URL
}

func addLater(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, member := range value {
			addLater(member)
		}
		if _, isProblem := value["code"]; isProblem {
			value["code"] = codeAddedLater
		}
		value["addedLater"] = map[string]any{"numbers": []int{1, 2}}
	case []any:
		for _, item := range value {
			addLater(item)
		}
	}
}

// proveGo does it with the client that oapi-codegen makes of the whole contract.
func proveGo(t *testing.T, url, code, gone string) {
	ctx, token := t.Context(), ""
	api, err := client.NewClientWithResponses(url, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	loggedIn, err := api.LogInWithResponse(ctx, gen.LoginRequest{Code: code})
	if err != nil || loggedIn.JSON201 == nil {
		t.Fatalf("log in: %v, %s", err, loggedIn.Body)
	}
	token = loggedIn.JSON201.Token
	stroke := gen.Stroke{Tool: gen.Pen, Color: "#666666", Width: 50, X: []int32{100, 110, 120}, Y: []int32{200, 220, 230}}
	content := gen.DrawingContent{Canvas: gen.Canvas{Width: 3750, Height: 6670}, Format: gen.Format1, Strokes: []gen.Stroke{stroke}}
	creates := gen.PutDrawingParamsIfNoneMatch("*")

	ids := []uuid.UUID{uuid.New(), uuid.New()}
	for _, id := range ids {
		created, err := api.PutDrawingWithResponse(ctx, id, &gen.PutDrawingParams{IfNoneMatch: &creates}, content)
		if err != nil || created.JSON201 == nil || created.HTTPResponse.Header.Get("ETag") == "" {
			t.Fatalf("put: %v, %s", err, created.Body)
		}
	}
	var listed []uuid.UUID
	limit, page := int32(1), gen.ListDrawingsParams{}
	for page.Limit = &limit; page.Cursor != nil || listed == nil; {
		list, err := api.ListDrawingsWithResponse(ctx, &page)
		if err != nil || list.JSON200 == nil || len(list.JSON200.Items) > 1 {
			t.Fatalf("list: %v, %s", err, list.Body)
		}
		for _, item := range list.JSON200.Items {
			listed = append(listed, item.ID)
		}
		page.Cursor = list.JSON200.NextCursor
	}
	// In any order: both may be of one millisecond.
	if len(listed) != 2 || !slices.Contains(listed, ids[0]) || !slices.Contains(listed, ids[1]) {
		t.Fatalf("listed: %v", listed)
	}
	drawing, err := api.GetDrawingWithResponse(ctx, ids[0], nil)
	if err != nil || drawing.JSON200 == nil || !slices.Equal(drawing.JSON200.Strokes[0].X, stroke.X) {
		t.Fatalf("get: %v, %s", err, drawing.Body)
	}
	picture, err := api.GetDrawingImageWithResponse(ctx, ids[0], nil)
	if err != nil || picture.StatusCode() != http.StatusOK || !bytes.HasPrefix(picture.Body, []byte("<svg")) {
		t.Fatalf("picture: %v, %s", err, picture.Body)
	}
	for _, id := range ids {
		deleted, err := api.DeleteDrawingWithResponse(ctx, id, nil)
		if err != nil || deleted.StatusCode() != http.StatusNoContent {
			t.Fatalf("delete: %v, %s", err, deleted.Body)
		}
	}
	refused, err := api.GetDrawingWithResponse(ctx, ids[0], nil)
	if err != nil || refused.ApplicationProblemJSON404 == nil || refused.ApplicationProblemJSON404.Code != gone {
		t.Fatalf("get what is gone: %v, %s", err, refused.Body)
	}
}
