package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"onestroke/tests/service"
)

const mostExposed = 2.0 // of 10, the exposure level of systemd-analyze security

func TestTheUnitIsValidAndRestricted(t *testing.T) {
	if !have(t, "systemd-analyze") {
		return
	}
	// The service is not installed here: use any program instead.
	for _, name := range []string{"onestroke.service", "onestroke-backup.service"} {
		t.Run(name, func(t *testing.T) { verify(t, name) })
	}
}

// A DNS that is away for some seconds, or a disk that is full for some time, is no reason to
// stay away for good: by default systemd gives up after five starts in ten seconds.
func TestTheUnitDoesNotGiveUp(t *testing.T) {
	general, _, _ := strings.Cut(read(t, "onestroke.service"), "[Service]")
	if !regexp.MustCompile(`(?m)^StartLimitIntervalSec=0$`).MatchString(general) {
		t.Error("systemd stops to start the service again")
	}
}

// Backups are kept for two weeks. What one leaves that is killed while it is written, and
// SQLite beside it, goes after a day, before the next backup needs the room.
func TestTheUnitOfBackupsRemovesOldFiles(t *testing.T) {
	if !have(t, "find") {
		return
	}
	state, unit := t.TempDir(), read(t, "onestroke-backup.service")
	backups := filepath.Join(state, "onestroke", "backups")
	if err := os.MkdirAll(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	for name, age := range map[string]time.Duration{
		"13-days.db":                  13 * day,
		"16-days.db":                  16 * day,
		"now.db.partial-1":            0,
		"now.db.partial-1-journal":    0,
		"killed.db.partial-2":         day + time.Hour,
		"killed.db.partial-2-journal": day + time.Hour,
		"of-the-operator":             30 * day,
	} {
		path, at := filepath.Join(backups, name), time.Now().Add(-age)
		write(t, path, "")
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(setting string) {
		t.Helper()
		line := regexp.MustCompile(`(?m)^` + setting + `=-?(/usr/bin/find .*)$`).FindStringSubmatch(unit)
		if line == nil {
			t.Fatalf("no %s finds files", setting)
		}
		args := strings.Fields(strings.ReplaceAll(line[1], "%S", state))
		run(t, "find", args[1:]...)
	}
	left := func() string {
		t.Helper()
		entries, err := os.ReadDir(backups)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(entries)
	}
	remove("ExecStartPre")
	if got, want := left(), "[- 13-days.db - 16-days.db - now.db.partial-1 - now.db.partial-1-journal - of-the-operator]"; got != want {
		t.Errorf("before a backup: %s, want %s", got, want)
	}
	remove("ExecStartPost")
	if got, want := left(), "[- 13-days.db - now.db.partial-1 - now.db.partial-1-journal - of-the-operator]"; got != want {
		t.Errorf("after it: %s, want %s", got, want)
	}
}

func verify(t *testing.T, name string) {
	unit := filepath.Join(t.TempDir(), name)
	write(t, unit, strings.Replace(read(t, name), "ExecStart=/usr/local/bin/onestroke", "ExecStart=/bin/true", 1))
	if problems := run(t, "systemd-analyze", "verify", "--man=no", unit); strings.Contains(problems, "onestroke") {
		t.Error(problems)
	}
	report := run(t, "systemd-analyze", "security", "--offline=true", "--no-pager", unit)
	level := regexp.MustCompile("exposure level for " + regexp.QuoteMeta(name) + `: ([0-9.]+)`).FindStringSubmatch(report)
	if level == nil {
		t.Fatal(report)
	}
	if exposed, err := strconv.ParseFloat(level[1], 64); err != nil || exposed > mostExposed {
		t.Errorf("the unit is exposed by %s, and may be by %.1f:\n%s", level[1], mostExposed, report)
	}
}

// Secrets, which --help marks, are not in the environment.
func TestTheUnitPassesEachSecretAsACredential(t *testing.T) {
	_, help := service.Build(t).Run(t, nil, "--help")
	unit := strings.Split(read(t, "onestroke.service")+read(t, "onestroke.servers.conf")+read(t, "onestroke.wechat.conf")+read(t, "onestroke.traces.conf"), "\n")
	secrets := regexp.MustCompile(`(?m)^([A-Z_]+) \*`).FindAllStringSubmatch(help, -1)
	if len(secrets) == 0 {
		t.Fatal(help)
	}
	for _, secret := range secrets {
		name := strings.ReplaceAll(strings.ToLower(secret[1]), "_", "-")
		for _, want := range []string{
			"LoadCredential=" + name + ":/etc/onestroke/" + name,
			"Environment=" + secret[1] + "_FILE=%d/" + name,
		} {
			if !slices.Contains(unit, want) {
				t.Errorf("there is no %s", want)
			}
		}
	}
}
