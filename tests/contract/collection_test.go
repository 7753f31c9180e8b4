package contract

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"onestroke/tests/root"
	"onestroke/tests/service"
)

// The collection logs in, and each of its requests gets the answer of the contract,
// also the second time.
func TestTheCollectionRuns(t *testing.T) {
	t.Parallel()
	if !nodeIsThere(t) {
		return
	}
	p := service.Build(t).Start(t)
	tools := filepath.Join(root.Dir(), "tools", "node_modules", ".bin")
	run := exec.CommandContext(t.Context(), filepath.Join(tools, "newman"), "run", "--color", "off",
		"--iteration-count", "2", "--env-var", "baseUrl="+p.URL,
		filepath.Join(root.Dir(), "docs", "onestroke.postman_collection.json"))
	if output, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// Postman keeps the token and the code of yesterday. When the service no longer takes them, one request fails, and
// the next logs in.
func TestTheCollectionLogsInAgain(t *testing.T) {
	t.Parallel()
	if !nodeIsThere(t) {
		return
	}
	p := service.Build(t).Start(t)
	collection, err := os.ReadFile(filepath.Join(root.Dir(), "docs", "onestroke.postman_collection.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"token", "code"} {
		empty := []byte(`"key": "` + name + `",
      "value": ""`)
		if !bytes.Contains(collection, empty) {
			t.Fatalf("the collection has no empty variable %s", name)
		}
		collection = bytes.Replace(collection, empty, bytes.Replace(empty, []byte(`""`), []byte(`"yesterday"`), 1), 1)
	}
	file, report := filepath.Join(t.TempDir(), "collection.json"), filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, collection, 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), filepath.Join(root.Dir(), "tools", "node_modules", ".bin", "newman"),
		"run", "--folder", "session", "--suppress-exit-code", "--env-var", "baseUrl="+p.URL,
		"--reporters", "json", "--reporter-json-export", report, file)
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var result struct {
		Run struct {
			Failures []struct {
				Source struct{ Name string }
			}
			Executions []any
		}
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	if len(result.Run.Executions) < 2 || len(result.Run.Failures) != 1 {
		t.Errorf("of %d requests these failed, and only the first may: %v", len(result.Run.Executions), result.Run.Failures)
	}
}
