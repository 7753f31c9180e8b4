package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onestroke/tests/service"
)

func TestADataFolderThatCannotBeUsedIsRefused(t *testing.T) {
	program, inUse, earlier, damaged := service.Build(t), t.TempDir(), t.TempDir(), t.TempDir()
	program.Start(t, "DATA_DIR="+inUse)
	for file, text := range map[string]string{
		filepath.Join(earlier, "onestroke.sqlite"): "SQLite format 3\x00",
		filepath.Join(damaged, "onestroke.db"):     "no database",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{inUse: "in use by another process", earlier: "earlier version", damaged: "is damaged"} {
		t.Run(want, func(t *testing.T) {
			code, output := program.Refused(t, "DATA_DIR="+dir)
			if code != 1 || strings.Count(output, "\n") != 1 || !strings.HasPrefix(output, "onestroke: ") || !strings.Contains(output, want) {
				t.Errorf("exit code %d, %q", code, output)
			}
		})
	}
	if code, output := program.Run(t, []string{"DATA_DIR=" + inUse}, "--check"); code != 0 || !strings.Contains(output, "ok     SQLite") {
		t.Errorf("--check beside the service: exit code %d\n%s", code, output)
	}
	if code, output := program.Run(t, []string{"DATA_DIR=" + damaged}, "--check"); code != 1 || !strings.Contains(output, "wrong  SQLite") {
		t.Errorf("--check of a damaged file: exit code %d\n%s", code, output)
	}
}
