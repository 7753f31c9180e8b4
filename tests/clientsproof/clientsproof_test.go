// Package clientsproof tests that common generators accept the contract, and that
// the generated clients work with the program: each logs in, saves a drawing, lists
// it, gets it and deletes it.
//
// TEST_CLIENTS names the clients, of "go typescript python java"; the default is
// Go only. The generated code goes to .build/clients.
package clientsproof

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

func TestAGeneratedClientWorks(t *testing.T) {
	wanted := strings.Fields(os.Getenv("TEST_CLIENTS"))
	if len(wanted) == 0 {
		wanted = []string{"go"}
	}
	p := service.Build(t).Start(t)
	for _, language := range wanted {
		t.Run(language, func(t *testing.T) {
			if language == "go" {
				proveGo(t, p.Service)
				return
			}
			prove := exec.Command(filepath.Join(service.Root(), "tests", "clientsproof", language, "prove"))
			prove.Env = append(os.Environ(), "ONESTROKE_URL="+p.URL, "ONESTROKE_CODE="+p.Phone(t, service.NewUser()).Code)
			output, err := prove.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

// TestTheGoClientServesAnotherModule builds the example as somebody who has only the
// client's module, and runs it.
func TestTheGoClientServesAnotherModule(t *testing.T) {
	client, outside := filepath.Join(service.Root(), "clients", "go"), t.TempDir()
	for from, to := range map[string]string{"example/main.go": "main.go", "go.sum": "go.sum", "go.mod": "go.mod"} {
		text, err := os.ReadFile(filepath.Join(client, from))
		if err == nil {
			err = os.WriteFile(filepath.Join(outside, to), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const module = "github.com/onestroke/onestroke/clients/go"
	p := service.Build(t).Start(t)
	var output []byte
	for _, command := range [][]string{
		{"mod", "edit", "-module=outside.test", "-require=" + module + "@v0.0.0", "-replace=" + module + "=" + client},
		{"vet", "."},
		{"run", ".", "-url", p.URL},
	} {
		run := exec.CommandContext(t.Context(), "go", command...)
		run.Dir = outside
		run.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		var err error
		if output, err = run.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", command, err, output)
		}
	}
	if got, want := string(output), "saved: 一笔\nlisted: 一笔\nexported: 一笔 with 1 stroke\ndeleted: 一笔\n"; got != want {
		t.Errorf("the example prints %q, not %q", got, want)
	}
}

func proveGo(t *testing.T, s service.Service) {
	ctx, api, id := t.Context(), s.LogIn(t, service.NewUser()).API(t), uuid.New()
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
	deleted, err := api.DeleteDrawingWithResponse(ctx, id, nil)
	if err != nil || deleted.StatusCode() != http.StatusNoContent {
		t.Fatalf("delete: %v, %s", err, deleted.Body)
	}
	gone, err := api.GetDrawingWithResponse(ctx, id, nil)
	if err != nil || gone.ApplicationProblemJSON404 == nil || gone.ApplicationProblemJSON404.Code != gen.ErrNotFound {
		t.Fatalf("get what is gone: %v, %s", err, gone.Body)
	}
}
