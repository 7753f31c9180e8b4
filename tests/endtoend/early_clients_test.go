package endtoend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"onestroke/tests/service"
)

// The HTTP clients of other languages, which upload slowly, hear the answer that came
// before their body was read. Clients that are not on this machine are named.
func TestAnEarlyAnswerReachesTheClientsOfOtherLanguages(t *testing.T) {
	p := service.Build(t).Start(t)
	for client, run := range map[string]struct {
		is      []string // whether it is there
		command []string
		no401   bool // it keeps the body of a 401 from the program
	}{
		"urllib":            {is: []string{"python3", "-c", ""}, command: []string{"python3", "early.py"}},
		"requests":          {is: []string{"python3", "-c", "import requests"}, command: []string{"python3", "early.py"}},
		"httpx":             {is: []string{"python3", "-c", "import httpx"}, command: []string{"python3", "early.py"}},
		"HttpURLConnection": {is: []string{"java", "-version"}, command: []string{"java", "Early.java"}, no401: true},
		"HttpClient":        {is: []string{"java", "-version"}, command: []string{"java", "Early.java"}},
	} {
		if err := exec.Command(run.is[0], run.is[1:]...).Run(); err != nil {
			fmt.Fprintf(os.Stderr, "NOT TESTED: %s with %s: %v\n", t.Name(), client, err)
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
				upload.Dir = filepath.Join(service.Root(), "tests", "endtoend", "testdata")
				output, err := upload.CombinedOutput()
				if got := strings.TrimSpace(string(output)); err != nil || got != want {
					t.Errorf("it hears %q, %v, not %q", got, err, want)
				}
			})
		}
	}
}
