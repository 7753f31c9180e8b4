// Release gives the source a version, commits that, makes the files of the release and
// tags the commit. The files are the program for each platform, the image for Docker,
// the list of what they are made of, the packages of the clients, the contract, and the
// checksums of all. The same commit and version give the same bytes.
//
//	cd tools/release && go run . -version v1.2.3 -out ../../.build/release
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// platform is an operating system and a processor, in Go's names.
type platform struct{ os, arch string }

var platforms = []platform{
	{"linux", "amd64"},
	{"linux", "arm64"},
	{"darwin", "amd64"},
	{"darwin", "arm64"},
	{"windows", "amd64"},
}

// packages are the npm packages that others install.
var packages = []string{"clients/typescript", "clients/drawing"}

func main() {
	log.SetFlags(0)
	version := flag.String("version", "", "the `version`, such as v1.2.3")
	root := flag.String("root", "../..", "the `folder` of the repository")
	out := flag.String("out", "../../.build/release", "the `folder` that the files are written to; it is emptied first")
	flag.Parse()
	if err := run(*version, *root, *out); err != nil {
		log.Fatal("release: ", err)
	}
}

func run(version, root, out string) error {
	if !isVersion.MatchString(version) {
		return fmt.Errorf("the version is %q and must be like v1.2.3", version)
	}
	if err := commitVersion(version, root); err != nil {
		return err
	}
	r, err := open(version, root, out)
	if err != nil {
		return err
	}
	if err := r.programs(); err != nil {
		return err
	}
	if err := r.clients(); err != nil {
		return fmt.Errorf("clients: %w", err)
	}
	if err := r.checkGoClient(); err != nil {
		return fmt.Errorf("the Go client: %w", err)
	}
	if err := r.copy("openapi.yaml", r.name("openapi.yaml")); err != nil {
		return err
	}
	if err := r.checksums(); err != nil {
		return err
	}
	if err := r.tag(); err != nil {
		return err
	}
	return r.list(os.Stdout)
}

// release is what the files have in common.
type release struct {
	version   string // without the v, as in names of files
	commit    string
	time      time.Time // of the commit: the time of every file
	root, out string
}

var isVersion = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// open reads the commit and empties the folder of the files.
func open(version, root, out string) (release, error) {
	root, errRoot := filepath.Abs(root)
	out, errOut := filepath.Abs(out)
	r := release{version: version[1:], root: root, out: out}
	commit, errCommit := r.output("git", "show", "--no-patch", "--format=%H %cI", "HEAD")
	if err := errors.Join(errRoot, errOut, errCommit); err != nil {
		return release{}, err
	}
	id, at, _ := strings.Cut(strings.TrimSpace(commit), " ")
	committed, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return release{}, err
	}
	r.commit, r.time = id, committed.UTC()
	return r, errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755))
}

// tags are the names of the tags of the release: its own, and the one by which Go finds
// the module of the client.
func (r release) tags() []string { return []string{"v" + r.version, "clients/go/v" + r.version} }

// tag tags the commit. A tag that another commit has is an error.
func (r release) tag() error {
	there, err := r.output("git", "tag", "--points-at", r.commit)
	if err != nil {
		return err
	}
	for _, name := range r.tags() {
		if slices.Contains(strings.Fields(there), name) {
			continue
		}
		if err := r.do(nil, "git", "tag", name, r.commit); err != nil {
			return err
		}
	}
	return nil
}

// programs builds the program for each platform.
func (r release) programs() error {
	for i, p := range platforms {
		program, err := r.build(p, "timetzdata")
		if err != nil {
			return fmt.Errorf("%s %s: %w", p.os, p.arch, err)
		}
		if err := r.archive(p, program); err != nil {
			return fmt.Errorf("%s %s: %w", p.os, p.arch, err)
		}
		if i == 0 {
			if err := r.parts(program); err != nil {
				return fmt.Errorf("list of parts: %w", err)
			}
		}
		if p.os == "linux" {
			if err := r.image(p); err != nil {
				return fmt.Errorf("image for %s: %w", p.arch, err)
			}
		}
	}
	return nil
}

// name is the name of a file of the release.
func (r release) name(rest string) string {
	return filepath.Join(r.out, "onestroke_"+r.version+"_"+rest)
}

// build builds the program and returns it.
func (r release) build(p platform, tags string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "onestroke-release-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	program := filepath.Join(folder, "onestroke")
	err = r.do([]string{"GOOS=" + p.os, "GOARCH=" + p.arch, "GOFLAGS=-buildvcs=false"},
		"make", "--silent", "build", "OUTPUT="+program, "TAGS="+tags, "VERSION=v"+r.version, "COMMIT="+r.commit)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(program)
}

// file is a file of an archive.
type file struct {
	name string
	mode int64
	data []byte
}

// archive writes the program for p with what its user reads: a zip for Windows,
// otherwise a tar.gz.
func (r release) archive(p platform, program []byte) error {
	name, write, end := "onestroke", r.tarGzip, ".tar.gz"
	if p.os == "windows" {
		name, write, end = "onestroke.exe", r.zip, ".zip"
	}
	files := []file{{name, 0o755, program}}
	for _, name := range []string{"LICENSE", "README.md", "README.zh-CN.md", "CHANGELOG.md"} {
		data, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return err
		}
		files = append(files, file{name, 0o644, data})
	}
	var archive bytes.Buffer
	if err := write(&archive, files); err != nil {
		return err
	}
	return os.WriteFile(r.name(p.os+"_"+p.arch+end), archive.Bytes(), 0o644)
}

func (r release) tarGzip(w io.Writer, files []file) error {
	compressed := gzip.NewWriter(w)
	archive := tar.NewWriter(compressed)
	for _, f := range files {
		header := tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: r.time, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := archive.Write(f.data); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

func (r release) zip(w io.Writer, files []file) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		header := zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: r.time}
		header.SetMode(os.FileMode(f.mode))
		part, err := archive.CreateHeader(&header)
		if err != nil {
			return err
		}
		if _, err := part.Write(f.data); err != nil {
			return err
		}
	}
	return archive.Close()
}

// parts writes the modules that a program is made of, with their licences, as a
// CycloneDX document. They are the same on all platforms.
func (r release) parts(program []byte) error {
	folder, err := os.MkdirTemp("", "onestroke-release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "onestroke")
	if err := os.WriteFile(file, program, 0o700); err != nil {
		return err
	}
	return r.do(nil, "node", "tools/parts.mjs", file, "v"+r.version, r.name("sbom.cdx.json"))
}

// clients packs the npm packages, and checks what others would get.
func (r release) clients() error {
	for _, folder := range packages {
		if err := r.do(nil, "npm", "--prefix", folder, "run", "--silent", "build"); err != nil {
			return err
		}
		if err := r.do(nil, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", r.out, "./"+folder); err != nil {
			return err
		}
	}
	tarballs, err := filepath.Glob(filepath.Join(r.out, "*.tgz"))
	if err != nil {
		return err
	}
	return r.do(nil, "tools/packages", tarballs...)
}

func (r release) copy(from, to string) error {
	data, err := os.ReadFile(filepath.Join(r.root, from))
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// checksums writes what `sha256sum --check` reads.
func (r release) checksums() error {
	files, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(r.out, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), f.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// list prints what was made, and what is left to do.
func (r release) list(w io.Writer) error {
	files, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\nrelease %s of commit %s, in %s:\n", r.version, r.commit, r.out)
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "  %9d  %s\n", info.Size(), f.Name())
	}
	fmt.Fprintf(&text, "\nto publish it:\n  git push origin HEAD %s\n", strings.Join(r.tags(), " "))
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".tgz") {
			fmt.Fprintf(&text, "  npm publish %s\n", filepath.Join(r.out, f.Name()))
		}
	}
	_, err = io.WriteString(w, text.String())
	return err
}

// do runs a command in the repository, with more environment than this program has.
func (r release) do(environment []string, name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Dir, command.Env = r.root, append(os.Environ(), environment...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (r release) output(name string, args ...string) (string, error) {
	command := exec.Command(name, args...)
	command.Dir, command.Stderr = r.root, os.Stderr
	text, err := command.Output()
	return string(text), err
}
