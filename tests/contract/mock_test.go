package contract

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/gen/client"
	"onestroke/tests/service"
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
	}, answering(http.StatusCreated))
	if err != nil || put.JSON201 == nil {
		t.Fatalf("put: %v, %s", err, put.Body)
	}
	list, err := caller.ListDrawingsWithResponse(ctx, nil)
	if err != nil || list.JSON200 == nil || len(list.JSON200.Items) == 0 {
		t.Fatalf("list: %v, %s", err, list.Body)
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
		if output, err := exec.Command(filepath.Join(service.Root(), "tools", "install")).CombinedOutput(); err != nil {
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
	return filepath.Join(service.Root(), "tools", "node_modules", ".bin", "prism")
}

// startMock runs what `make mock` runs, on a free port, until the test ends.
func startMock(t *testing.T) (url string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	_ = free.Close()

	mock := exec.CommandContext(t.Context(), prism(), "mock", "--host", "127.0.0.1", "--port", port, filepath.Join(service.Root(), "openapi.yaml"))
	stdout, err := mock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	mock.Stderr = mock.Stdout
	if err := mock.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mock.Wait() })

	listens := make(chan bool, 1)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if strings.Contains(lines.Text(), "Prism is listening") {
				listens <- true
			}
		}
		close(listens)
	}()
	select {
	case ok := <-listens:
		if !ok {
			t.Fatal("the mock ended at its start")
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the mock does not start")
	}
	return "http://127.0.0.1:" + port
}
