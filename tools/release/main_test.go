package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

var linux = platform{"linux", "amd64"}

// Somebody else's copy of the source gives the same archive and the same image. Go's build
// cache has what the first build compiled only if no path and no time is part of it.
func TestTwoBuildsAreTheSame(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "a copy")
	copySource(t, "../..", elsewhere)
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	var digests [2][2][32]byte
	for i, r := range []release{
		{version: "1.2.3", commit: "abc", time: at, root: "../..", out: t.TempDir()},
		{version: "1.2.3", commit: "abc", time: at, root: elsewhere, out: t.TempDir()},
	} {
		program, err := r.build(linux, "nosimulator,timetzdata")
		if err == nil {
			err = r.archive(linux, program)
		}
		if err == nil {
			err = r.imageFile(linux, program)
		}
		if err != nil {
			t.Fatal(err)
		}
		for j, name := range []string{"linux_amd64.tar.gz", "image_linux_amd64.tar"} {
			data, err := os.ReadFile(r.name(name))
			if err != nil {
				t.Fatal(err)
			}
			digests[i][j] = sha256.Sum256(data)
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("the builds differ: archive %t, image %t", digests[0][0] != digests[1][0], digests[0][1] != digests[1][1])
	}
}

// copySource copies what git knows or would add.
func copySource(t *testing.T, from, to string) {
	t.Helper()
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	list.Dir = from
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		source, target := filepath.Join(from, name), filepath.Join(to, name)
		data, err := os.ReadFile(source)
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(target), 0o755)
		}
		if err == nil {
			err = os.WriteFile(target, data, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestArchivesHoldWhatTheUserNeeds(t *testing.T) {
	r := release{version: "1.2.3", time: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), root: "../..", out: t.TempDir()}
	want := []string{"LICENSE", "README.md", "README.zh-CN.md", "CHANGELOG.md"}
	for _, p := range []platform{linux, {"windows", "amd64"}} {
		if err := r.archive(p, []byte("the program")); err != nil {
			t.Fatal(err)
		}
	}
	packed, err := os.Open(r.name("linux_amd64.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	archive := tar.NewReader(unpacked)
	for {
		f, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name)
		if f.Name == "onestroke" && (f.Mode != 0o755 || !f.ModTime.Equal(r.time)) {
			t.Errorf("the program is %o of %s", f.Mode, f.ModTime)
		}
	}
	if !reflect.DeepEqual(names, append([]string{"onestroke"}, want...)) {
		t.Error(names)
	}
	forWindows, err := zip.OpenReader(r.name("windows_amd64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer forWindows.Close()
	names = nil
	for _, f := range forWindows.File {
		names = append(names, f.Name)
	}
	if !reflect.DeepEqual(names, append([]string{"onestroke.exe"}, want...)) {
		t.Error(names)
	}
}

func TestTheImageIsWhatTheDockerfileSays(t *testing.T) {
	r := release{version: "1.2.3", time: time.Unix(0, 0), root: "../..", out: t.TempDir()}
	if err := r.imageFile(linux, []byte("the program")); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(r.name("image_linux_amd64.tar"), nil)
	if err != nil {
		t.Fatal(err)
	}
	described, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config := described.Config
	if described.OS != "linux" || described.Architecture != "amd64" || config.User != "65532:65532" ||
		!reflect.DeepEqual(config.Entrypoint, []string{"/onestroke"}) || config.Env[len(config.Env)-1] != "HOST=0.0.0.0" {
		t.Errorf("%+v", config)
	}
	if _, ok := config.ExposedPorts["5757/tcp"]; !ok {
		t.Error(config.ExposedPorts)
	}
	health := &v1.HealthConfig{Test: []string{"CMD", "/onestroke", "--health"}, Interval: 10 * time.Second, Timeout: 6 * time.Second, StartPeriod: 10 * time.Second, Retries: 3}
	if !reflect.DeepEqual(config.Healthcheck, health) {
		t.Errorf("%+v", config.Healthcheck)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatal(layers, err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	files := tar.NewReader(content)
	f, err := files.Next()
	if err != nil || f.Name != "onestroke" || f.Mode != 0o755 {
		t.Fatal(f, err)
	}
	if program, err := io.ReadAll(files); err != nil || !bytes.Equal(program, []byte("the program")) {
		t.Error(string(program), err)
	}
}

func TestADockerfileThatIsNotUnderstoodIsRefused(t *testing.T) {
	for _, text := range []string{
		"",
		"FROM scratch AS service\nUSER 1\n",
		"FROM scratch AS service\nVOLUME /data\n\nFROM service\n",
		"FROM scratch AS service\nHEALTHCHECK --often CMD [\"a\"]\n\nFROM service\n",
		"FROM scratch AS service\nENTRYPOINT /onestroke\n\nFROM service\n",
	} {
		if _, err := configOf(text); err == nil {
			t.Errorf("accepted: %q", text)
		}
	}
}

func TestTheVersionMustBeOne(t *testing.T) {
	for _, version := range []string{"", "1.2.3", "v1.2", "v1.2.3/x"} {
		if err := run(version, "../..", t.TempDir()); err == nil {
			t.Errorf("%q is accepted", version)
		}
	}
}

func TestChecksumsAreWhatSha256sumReads(t *testing.T) {
	r := release{out: t.TempDir()}
	if err := os.WriteFile(filepath.Join(r.out, "a b"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.checksums(); err != nil {
		t.Fatal(err)
	}
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = r.out
	if text, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}
