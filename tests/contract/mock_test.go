package contract

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/gen/client"
	"onestroke/tests/root"
)

func TestAFrontEndCanWorkWithTheMock(t *testing.T) {
	t.Parallel()
	if !nodeIsThere(t) {
		return
	}
	ctx := t.Context()
	url := startMock(t)
	anonymous, err := client.NewClientWithResponses(url)
	if err != nil {
		t.Fatal(err)
	}
	loggedIn, err := anonymous.LogInWithResponse(ctx, gen.LoginRequest{Code: "0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9"})
	if err != nil || loggedIn.JSON201 == nil {
		t.Fatalf("log in: %v, %s", err, loggedIn.Body)
	}
	caller, err := client.NewClientWithResponses(url, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+loggedIn.JSON201.Token)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}

	id, created := uuid.New(), "*"
	put, err := caller.PutDrawingWithResponse(ctx, id, &gen.PutDrawingParams{IfNoneMatch: (*gen.PutDrawingParamsIfNoneMatch)(&created)}, gen.DrawingContent{
		Canvas: gen.Canvas{Width: 3750, Height: 6670}, Format: gen.Format1,
		Strokes: []gen.Stroke{{Tool: gen.Pen, Color: "#666666", Width: 50, X: []int32{100}, Y: []int32{200}}},
	})
	if err != nil || put.JSON201 == nil {
		t.Fatalf("put: %v, %s", err, put.Body)
	}
	list, err := caller.ListDrawingsWithResponse(ctx, nil)
	if err != nil || list.JSON200 == nil || len(list.JSON200.Items) == 0 {
		t.Fatalf("list: %v, %s", err, list.Body)
	}
	last, err := caller.ListDrawingsWithResponse(ctx, &gen.ListDrawingsParams{Cursor: list.JSON200.NextCursor})
	if err != nil || last.JSON200 == nil || len(last.JSON200.Items) == 0 || last.JSON200.NextCursor != nil {
		t.Fatalf("the second page: %v, %s", err, last.Body)
	}
	exported, err := caller.ExportDrawings(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer exported.Body.Close()
	lines := json.NewDecoder(exported.Body)
	for range 2 {
		var d gen.Drawing
		if err := lines.Decode(&d); err != nil || d.ID == uuid.Nil || len(d.Strokes) == 0 || d.Revision == 0 {
			t.Errorf("the export has the line %+v, %v", d, err)
		}
	}
	if lines.More() {
		t.Error("the export goes on")
	}
	drawing, err := caller.GetDrawingWithResponse(ctx, list.JSON200.Items[0].ID, nil)
	if err != nil || drawing.JSON200 == nil || drawing.JSON200.ID != put.JSON201.ID {
		t.Fatalf("get: %v, %s", err, drawing.Body)
	}
	deleted, err := caller.DeleteDrawingWithResponse(ctx, id, nil)
	if err != nil || deleted.StatusCode() != http.StatusNoContent {
		t.Fatalf("delete: %v, %s", err, deleted.Body)
	}

	// A front end can request a certain error.
	missing, err := caller.GetDrawingWithResponse(ctx, id, nil, answering(http.StatusNotFound))
	if err != nil || missing.ApplicationProblemJSON404 == nil || missing.ApplicationProblemJSON404.Code != gen.ErrNotFound {
		t.Errorf("get a drawing that does not exist: %v, %s", err, missing.Body)
	}
	rejected, err := anonymous.GetDrawingWithResponse(ctx, id, nil)
	if err != nil || rejected.ApplicationProblemJSON401 == nil {
		t.Errorf("get without logging in: %v, %s", err, rejected.Body)
	}
}

// answering requests an answer with this status from the mock.
func answering(status int) client.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Prefer", "code="+strconv.Itoa(status))
		return nil
	}
}

// nodeIsThere reports whether this machine can run the mock. With
// TEST_NODE=required it installs the tools, and fails the test if it cannot.
func nodeIsThere(t *testing.T) bool {
	t.Helper()
	if os.Getenv("TEST_NODE") == "required" {
		if output, err := exec.Command(filepath.Join(root.Dir(), "tools", "install")).CombinedOutput(); err != nil {
			t.Fatalf("install the tools: %v\n%s", err, output)
		}
		return true
	}
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(prism())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "NOT TESTED: %s: %v. Run tools/install, or set TEST_NODE=required.\n", t.Name(), err)
	}
	return err == nil
}

func prism() string {
	return filepath.Join(root.Dir(), "tools", "node_modules", ".bin", "prism")
}

// startMock runs what `make mock` runs, on a free port, until the test ends.
func startMock(t *testing.T) (url string) {
	t.Helper()
	mock := exec.CommandContext(t.Context(), "node", filepath.Join(root.Dir(), "tools", "mock.mjs"), "0")
	mock.Cancel = func() error { return mock.Process.Signal(syscall.SIGTERM) } // which also ends Prism
	stdout, err := mock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	mock.Stderr = mock.Stdout
	if err := mock.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mock.Wait() })

	listens := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if _, url, ok := strings.Cut(lines.Text(), "the mock serves on "); ok {
				listens <- url
			}
		}
		close(listens)
	}()
	select {
	case url, ok := <-listens:
		if !ok {
			t.Fatal("the mock ended at its start")
		}
		return url
	case <-time.After(2 * time.Minute):
		t.Fatal("the mock does not start")
	}
	return ""
}
