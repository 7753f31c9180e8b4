package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// place is where files have the version: in the group of a pattern.
type place struct {
	files   string // a pattern of filepath.Glob
	pattern *regexp.Regexp
	times   int // how many of its matches, from the start of the file; -1 for all
}

var places = []place{
	{"openapi.yaml", regexp.MustCompile(`(?m)^  version: (\S+)$`), 1},
	{"clients/typescript/package*.json", regexp.MustCompile(`"version": "(\S+)"`), 2},
	{"clients/drawing/package*.json", regexp.MustCompile(`"version": "(\S+)"`), 2},
	{"clients/drawing/package*.json", regexp.MustCompile(`"onestroke-client": "([^"{]+)"`), -1},
	{"clients/typescript/README.md", regexp.MustCompile(`onestroke-client-(\S+?)\.tgz`), -1},
	{"deploy/kubernetes/kustomization.yaml", regexp.MustCompile(`newTag: (\S+)`), -1},
}

// commitVersion gives the source the version, and commits that. It does nothing if the
// source has it already. If it fails, the source is as before.
func commitVersion(version, root string) error {
	r := release{version: version[1:], root: root}
	changed, err := r.output("git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changed != "" {
		return fmt.Errorf("commit these changes first, or take them back:\n%s", changed)
	}
	err = r.writeVersion(time.Now())
	if err == nil {
		err = r.do(nil, "tools/generate")
	}
	if err == nil {
		err = r.do(nil, "tools/contract-diff", "breaking")
	}
	if err != nil {
		return errors.Join(err, r.do(nil, "git", "checkout", "--quiet", "."))
	}
	changed, err = r.output("git", "status", "--porcelain")
	if err != nil || changed == "" {
		return err
	}
	return r.do(nil, "git", "commit", "--quiet", "--all", "--message", "release: "+version)
}

// writeVersion writes the version at all places, and into the changelog.
func (r release) writeVersion(today time.Time) error {
	for _, p := range places {
		files, err := filepath.Glob(filepath.Join(r.root, p.files))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("there is no %s", p.files)
		}
		for _, file := range files {
			if err := rewrite(file, func(text string) (string, error) { return p.write(text, r.version) }); err != nil {
				return err
			}
		}
	}
	return rewrite(filepath.Join(r.root, "CHANGELOG.md"), func(text string) (string, error) {
		return changelog(text, r.version, today)
	})
}

// write returns a text with the version at a place.
func (p place) write(text, version string) (string, error) {
	matches := p.pattern.FindAllStringSubmatchIndex(text, p.times)
	if matches == nil {
		return "", fmt.Errorf("nothing matches %s", p.pattern)
	}
	var result strings.Builder
	from := 0
	for _, match := range matches {
		result.WriteString(text[from:match[2]] + version)
		from = match[3]
	}
	result.WriteString(text[from:])
	return result.String(), nil
}

const unreleased = "## [Unreleased]\n"

// changelog returns the text of the changelog with what is unreleased as the version.
func changelog(text, version string, today time.Time) (string, error) {
	heading := "## [" + version + "]"
	if strings.Contains(text, heading) {
		return text, nil
	}
	before, after, found := strings.Cut(text, unreleased)
	changes, _, _ := strings.Cut(after, "\n## [")
	if !found || strings.TrimSpace(changes) == "" {
		return "", errors.New("nothing is listed as unreleased")
	}
	before = strings.Replace(before, "There is no release yet. ", "", 1)
	return before + unreleased + "\n" + heading + " - " + today.UTC().Format(time.DateOnly) + "\n" + after, nil
}

func rewrite(file string, change func(string) (string, error)) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed, err := change(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(changed), 0o644)
}
