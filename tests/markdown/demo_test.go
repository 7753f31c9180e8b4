package markdown_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"onestroke/tests/root"
	"onestroke/tests/service"
)

// Drawings with the special cases of real ones: a dot, negative coordinates, a time
// that decreases, the same point twice.
const sketches = `{"word":"snowman","countrycode":"SG","timestamp":"2017-03-19 13:09:20.41026 UTC","recognized":true,"key_id":"1","drawing":[[[641],[113],[0]]]}
{"word":"beard","countrycode":"DE","timestamp":"2017-03-19 13:09:20.41026 UTC","recognized":false,"key_id":"2","drawing":[[[-3.5,4,4],[10,-0.25,-0.25],[0,30,16]],[[700],[300],[99]]]}
`

func TestDemoSavesAFolderOnce(t *testing.T) {
	p := service.Build(t).Start(t)
	folder := filepath.Join(t.TempDir(), "quick draw")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "all.ndjson"), []byte(sketches), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 drawings: 2 created, 0 already there", "2 drawings: 0 created, 2 already there"} {
		if code, output := makeDemo(t, "URL="+p.URL, "DATA="+folder); code != 0 || !strings.Contains(output, want) {
			t.Errorf("exit code %d, output without %q:\n%s", code, want, output)
		}
	}
}

func TestDemoFailsIfItCannotLogIn(t *testing.T) {
	withoutSimulator := service.Build(t).Start(t, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret")
	for url, want := range map[string]string{
		withoutSimulator.URL: "does not simulate WeChat",
		"http://127.0.0.1:1": "no service answers at http://127.0.0.1:1; start one with: make run",
	} {
		if code, output := makeDemo(t, "URL="+url); code == 0 || !strings.Contains(output, want) {
			t.Errorf("exit code %d, output without %q:\n%s", code, want, output)
		}
	}
}

func makeDemo(t *testing.T, variables ...string) (code int, output string) {
	t.Helper()
	cmd := exec.Command("make", append([]string{"demo"}, variables...)...)
	cmd.Dir = root.Dir()
	text, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}
