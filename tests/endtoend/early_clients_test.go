package endtoend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"onestroke/tests/root"
	"onestroke/tests/service"
)

// The HTTP clients of other languages, which upload slowly, hear the answer that came
// before their body was read. Clients that are not on this machine are named; with
// TEST_HTTP_CLIENTS=required those of Python are installed, and it fails without Java.
func TestAnEarlyAnswerReachesTheClientsOfOtherLanguages(t *testing.T) {
	t.Parallel()
	testdata := filepath.Join(root.Dir(), "tests", "endtoend", "testdata")
	python, required := filepath.Join(root.Dir(), ".build", "http-clients", "bin", "python"), os.Getenv("TEST_HTTP_CLIENTS") == "required"
	if required {
		if output, err := exec.Command(filepath.Join(testdata, "install")).CombinedOutput(); err != nil {
			t.Fatalf("install the clients of Python: %v\n%s", err, output)
		}
	} else if _, err := os.Stat(python); err != nil {
		python = "python3"
	}
	p := service.Build(t).Start(t)
	for client, run := range map[string]struct {
		is      []string // whether it is there
		command []string
		no401   bool // it keeps the body of a 401 from the program
	}{
		"urllib":            {is: []string{python, "-c", ""}, command: []string{python, "early.py"}},
		"requests":          {is: []string{python, "-c", "import requests"}, command: []string{python, "early.py"}},
		"httpx":             {is: []string{python, "-c", "import httpx"}, command: []string{python, "early.py"}},
		"HttpURLConnection": {is: []string{"java", "-version"}, command: []string{"java", "Early.java"}, no401: true},
		"HttpClient":        {is: []string{"java", "-version"}, command: []string{"java", "Early.java"}},
	} {
		if err := exec.Command(run.is[0], run.is[1:]...).Run(); err != nil {
			if required {
				t.Errorf("%s is missing: %v", client, err)
			}
			fmt.Fprintf(os.Stderr, "NOT TESTED: %s with %s: %v. Set TEST_HTTP_CLIENTS=required.\n", t.Name(), client, err)
			continue
		}
		for path, want := range map[string]string{
			"/v1/drawings/" + newID():  "401 ERR_LOGIN_REQUIRED",
			"/v1/paintings/" + newID(): "404 ERR_NOT_FOUND",
		} {
			if run.no401 && strings.HasPrefix(want, "401") {
				want = "401 without a body"
			}
			t.Run(client+" "+want, func(t *testing.T) {
				t.Parallel()
				upload := exec.CommandContext(t.Context(), run.command[0], run.command[1], client, p.URL+path)
				upload.Dir = testdata
				output, err := upload.CombinedOutput()
				if got := strings.TrimSpace(string(output)); err != nil || got != want {
					t.Errorf("it hears %q, %v, not %q", got, err, want)
				}
			})
		}
	}
}
