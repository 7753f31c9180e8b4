package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var someDay = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// Nothing but the changelog keeps the version of before, and it is written once.
func TestTheVersionIsWrittenAtAllPlaces(t *testing.T) {
	source := filepath.Join(t.TempDir(), "source")
	copySource(t, "../..", source)
	r := release{version: "1.8.7", root: source}
	if err := r.writeVersion(someDay); err != nil {
		t.Fatal(err)
	}
	for file, wanted := range map[string]string{
		"openapi.yaml":                         "\n  version: 1.8.7\n",
		"clients/typescript/package.json":      `"version": "1.8.7"`,
		"clients/typescript/package-lock.json": `"version": "1.8.7"`,
		"clients/drawing/package.json":         `"onestroke-client": "1.8.7"`,
		"clients/typescript/README.md":         "npm install /path/to/onestroke-client-1.8.7.tgz",
		"deploy/kubernetes/kustomization.yaml": "newTag: 1.8.7\n",
		"CHANGELOG.md":                         "## [Unreleased]\n\n## [1.8.7] - 2026-11-22\n",
	} {
		if !strings.Contains(read(t, filepath.Join(source, file)), wanted) {
			t.Errorf("%s does not have %q", file, wanted)
		}
	}
	for _, folder := range []string{"typescript", "drawing"} {
		install := exec.Command("npm", "ls", "--package-lock-only", "--prefix", filepath.Join(source, "clients", folder))
		if said, err := install.CombinedOutput(); err != nil || !strings.Contains(string(said), "@1.8.7") {
			t.Errorf("%s: %v\n%s", folder, err, said)
		}
	}

	once := read(t, filepath.Join(source, "CHANGELOG.md"))
	if err := r.writeVersion(someDay.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if again := read(t, filepath.Join(source, "CHANGELOG.md")); again != once {
		t.Errorf("the changelog changes again:\n%s", again)
	}
}

func TestTheChangelogGetsTheVersion(t *testing.T) {
	for _, test := range []struct{ name, before, after, fails string }{
		{
			name:   "the first",
			before: "All. There is no release yet. More.\n\n## [Unreleased]\n\n- A thing.\n",
			after:  "All. More.\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-22\n\n- A thing.\n",
		},
		{
			name:   "another",
			before: "## [Unreleased]\n\n- A thing.\n\n## [1.2.2] - 2026-10-01\n\n- Old.\n",
			after:  "## [Unreleased]\n\n## [1.2.3] - 2026-11-22\n\n- A thing.\n\n## [1.2.2] - 2026-10-01\n\n- Old.\n",
		},
		{name: "it is there", before: "## [1.2.3] - 2026-10-01\n", after: "## [1.2.3] - 2026-10-01\n"},
		{name: "nothing is new", before: "## [Unreleased]\n\n## [1.2.2] - 2026-10-01\n\n- Old.\n", fails: "unreleased"},
		{name: "no such heading", before: "- A thing.\n", fails: "unreleased"},
	} {
		t.Run(test.name, func(t *testing.T) {
			after, err := changelog(test.before, "1.2.3", someDay)
			if after != test.after || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("%q, %v", after, err)
			}
		})
	}
}

func TestAChangedSourceIsNotReleased(t *testing.T) {
	source := t.TempDir()
	if err := exec.Command("git", "init", "--quiet", source).Run(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "new.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := commitVersion("v1.2.3", source); err == nil || !strings.Contains(err.Error(), "new.txt") {
		t.Error(err)
	}
}

func TestOthersCanGetTheGoClient(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := (release{version: "1.8.7", root: root, time: someDay}).checkGoClient(); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
