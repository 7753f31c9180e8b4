// Package words_test keeps words out of the source and the pages that readers did
// not understand at first reading.
package words_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"onestroke/tests/root"
)

// banned has each word, as an extended regular expression, and what to write instead.
var banned = map[string]string{
	`\bbefalls?\b`:               "affect, happen",
	`\bis content (when|with)\b`: "accepts, is no error",
	`\bkeepers?\b`:               "a name that says what it does",
	`\bmay be had\b`:             "is available",
	`\bmend(s|ed|ing)?\b`:        "fix",
	`\btellLimit\b`:              "a name that says what it does",
	`\bdearer\b`:                 "more expensive",
	`\bseldom\b`:                 "rarely",
	`\bstrangers?\b`:             "another user, a visitor, anyone with the token",
	`\bwhoever\b`:                "anyone who, or the name of who does it",
	`应答`:                         "响应",
	`忘记我`:                        "注销账号",
	`怎样构成`:                       "说明由哪些部分组成",
	`打不开任何东西`:                    "已失效",
}

// excluded are files that are not written by hand, the contract of the last
// release, and the list above.
var excluded = []string{
	":!tests/words", ":!tools/baseline.yaml", ":!*package-lock.json",
	":!clients/playground/dist", ":!clients/miniprogram/miniprogram/miniprogram_npm",
}

func TestBannedWordsAreNotUsed(t *testing.T) {
	for word, instead := range banned {
		args := append([]string{"grep", "--untracked", "-nIiE", word, "--"}, excluded...)
		command := exec.Command("git", args...)
		command.Dir = root.Dir()
		found, err := command.Output()
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && failed.ExitCode() == 1 {
			continue // not found
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(found)) {
			t.Errorf("%.200s\twrite: %s", strings.TrimSpace(line), instead)
		}
	}
}
