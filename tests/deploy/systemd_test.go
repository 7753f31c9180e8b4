package deploy_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

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
