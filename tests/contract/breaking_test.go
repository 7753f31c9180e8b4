package contract

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"onestroke/tests/root"
)

func TestABreakingChangeNeedsANewMajorVersion(t *testing.T) {
	t.Parallel()
	released, err := os.ReadFile(filepath.Join(root.Dir(), "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const version = "\n  version: 1.0.0\n"
	released = regexp.MustCompile(`\n  version: .*\n`).ReplaceAll(released, []byte(version))
	for _, test := range []struct {
		name           string
		change, into   string
		version        string
		breaks         bool
		said, recorded string // by the check and in the changelog
	}{
		{name: "nothing", version: "1.0.0"},
		{name: "other words", change: "summary: Delete my account and all my data", into: "summary: Delete my account and all my data, please", version: "1.0.1"},
		{
			name: "a field more in an answer", version: "1.1.0", recorded: "pointTotal",
			change: "        pointCount:\n          $ref: '#/components/schemas/PointCount'\n",
			into:   "        pointCount:\n          $ref: '#/components/schemas/PointCount'\n        pointTotal:\n          $ref: '#/components/schemas/PointCount'\n",
		},
		{name: "a field renamed", change: "durationMs", into: "lengthMs", version: "1.1.0", breaks: true, said: "durationMs", recorded: "lengthMs"},
		{name: "a field renamed in a new major version", change: "durationMs", into: "lengthMs", version: "2.0.0", said: "durationMs", recorded: "lengthMs"},
		{name: "an operation gone", change: "  /v1/export:", into: "  /v1/takeout:", version: "1.1.0", breaks: true, said: "/v1/export", recorded: "/v1/takeout"},
		{name: "a bound lowered", change: "      maxLength: 80\n", into: "      maxLength: 40\n", version: "1.1.0", breaks: true, said: "40", recorded: "40"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.change != "" && !bytes.Contains(released, []byte(test.change)) {
				t.Fatalf("the contract has no %q", test.change)
			}
			changed := released
			if test.change != "" {
				changed = bytes.ReplaceAll(released, []byte(test.change), []byte(test.into))
			}
			changed = bytes.Replace(changed, []byte(version), []byte("\n  version: "+test.version+"\n"), 1)
			base, revision := filepath.Join(t.TempDir(), "base.yaml"), filepath.Join(t.TempDir(), "revision.yaml")
			for name, text := range map[string][]byte{base: released, revision: changed} {
				if err := os.WriteFile(name, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}

			said, err := contractDiff("breaking", revision, base)
			if broke := err != nil; broke != test.breaks || !strings.Contains(said, test.said) {
				t.Errorf("breaking: %v\n%s", err, said)
			}
			recorded, err := contractDiff("changelog", revision, base)
			if err != nil || !strings.Contains(recorded, test.recorded) {
				t.Errorf("changelog: %v\n%s", err, recorded)
			}
		})
	}
}

// contractDiff runs what `make breaking` and `make changelog` run.
func contractDiff(arguments ...string) (string, error) {
	output, err := exec.Command(filepath.Join(root.Dir(), "tools", "contract-diff"), arguments...).CombinedOutput()
	return string(output), err
}
