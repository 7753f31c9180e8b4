// Package clientsproof tests that common generators accept the contract, and that
// the generated clients work with the program, and with a later version of it: each
// logs in, saves a drawing, lists it, gets it and deletes it.
//
// TEST_CLIENTS names the clients, of "go typescript python java"; the default is
// Go only. The generated code goes to .build/clients.
package clientsproof

import (
	"bytes"
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
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

func TestAGeneratedClientWorks(t *testing.T) {
	p := service.Build(t).Start(t)
	proveEach(t, p, p.URL, gen.ErrNotFound)
}

// A client that was generated from an earlier contract reads answers that have
// members, and an error code, of which that contract knows nothing.
func TestAGeneratedClientReadsALaterService(t *testing.T) {
	p := service.Build(t).Start(t)
	proveEach(t, p, startLater(t, p.URL), codeAddedLater)
}

// proveEach runs each client against a service at a URL that answers gone for a
// drawing that is gone.
func proveEach(t *testing.T, p *service.Process, url, gone string) {
	wanted := strings.Fields(os.Getenv("TEST_CLIENTS"))
	if len(wanted) == 0 {
		wanted = []string{"go"}
	}
	for _, language := range wanted {
		t.Run(language, func(t *testing.T) {
			code := p.Phone(t, service.NewUser()).Code
			if language == "go" {
				proveGo(t, url, code, gone)
				return
			}
			prove := exec.Command(filepath.Join(service.Root(), "tests", "clientsproof", language, "prove"))
			prove.Env = append(os.Environ(), "ONESTROKE_URL="+url, "ONESTROKE_CODE="+code, "ONESTROKE_GONE="+gone)
			output, err := prove.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
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

func proveGo(t *testing.T, url, code, goneCode string) {
	ctx, id, token := t.Context(), uuid.New(), ""
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

	created, err := api.PutDrawingWithResponse(ctx, id, &gen.PutDrawingParams{IfNoneMatch: &creates}, content)
	if err != nil || created.JSON201 == nil || created.HTTPResponse.Header.Get("ETag") == "" {
		t.Fatalf("put: %v, %s", err, created.Body)
	}
	list, err := api.ListDrawingsWithResponse(ctx, nil)
	if err != nil || list.JSON200 == nil || len(list.JSON200.Items) != 1 || list.JSON200.Items[0].ID != id {
		t.Fatalf("list: %v, %s", err, list.Body)
	}
	drawing, err := api.GetDrawingWithResponse(ctx, id, nil)
	if err != nil || drawing.JSON200 == nil || !slices.Equal(drawing.JSON200.Strokes[0].X, stroke.X) {
		t.Fatalf("get: %v, %s", err, drawing.Body)
	}
	picture, err := api.GetDrawingImageWithResponse(ctx, id, nil)
	if err != nil || picture.StatusCode() != http.StatusOK || !bytes.HasPrefix(picture.Body, []byte("<svg")) {
		t.Fatalf("picture: %v, %s", err, picture.Body)
	}
	deleted, err := api.DeleteDrawingWithResponse(ctx, id, nil)
	if err != nil || deleted.StatusCode() != http.StatusNoContent {
		t.Fatalf("delete: %v, %s", err, deleted.Body)
	}
	gone, err := api.GetDrawingWithResponse(ctx, id, nil)
	if err != nil || gone.ApplicationProblemJSON404 == nil || gone.ApplicationProblemJSON404.Code != goneCode {
		t.Fatalf("get what is gone: %v, %s", err, gone.Body)
	}
}
