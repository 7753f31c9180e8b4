package contract

import (
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
