// Readme writes the table of error codes into the READMEs, from the contract,
// between two marks:
//
//	go run ./readme openapi.yaml README.md README.zh-CN.md
package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// contract is the part of openapi.yaml that tells of error codes. A description
// in English begins with the status.
type contract struct {
	Components struct {
		Schemas struct {
			ErrorCode struct {
				Enum    []string
				English map[string]string `yaml:"x-enumDescriptions"`
				Chinese map[string]string `yaml:"x-enumDescriptions-zh"`
			} `yaml:"ErrorCode"`
		}
	}
}

const (
	begin = "<!-- error codes, from openapi.yaml: make generate -->\n"
	end   = "<!-- end of error codes -->\n"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "readme:", err)
		os.Exit(1)
	}
}

func run(contractFile, englishFile, chineseFile string) error {
	text, err := os.ReadFile(contractFile)
	if err != nil {
		return err
	}
	var c contract
	if err := yaml.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("%s: %w", contractFile, err)
	}
	english, chinese, err := tables(c)
	if err != nil {
		return fmt.Errorf("%s: %w", contractFile, err)
	}
	if err := insert(englishFile, english); err != nil {
		return err
	}
	return insert(chineseFile, chinese)
}

var (
	described = regexp.MustCompile(`^([0-9][0-9, or]*)\. (.+)$`)
	status    = regexp.MustCompile(`[0-9]{3}`)
)

func tables(c contract) (english, chinese string, err error) {
	english = "| code | status | what to do |\n|---|---|---|\n"
	chinese = "| code | 状态码 | 该怎么做 |\n|---|---|---|\n"
	codes := c.Components.Schemas.ErrorCode
	for _, code := range codes.Enum {
		m := described.FindStringSubmatch(strings.TrimSpace(codes.English[code]))
		zh := strings.TrimSpace(codes.Chinese[code])
		if m == nil || zh == "" {
			return "", "", fmt.Errorf("%s is not described in both languages", code)
		}
		statuses := strings.Join(status.FindAllString(m[1], -1), ", ")
		english += fmt.Sprintf("| `%s` | %s | %s |\n", code, statuses, m[2])
		chinese += fmt.Sprintf("| `%s` | %s | %s |\n", code, statuses, zh)
	}
	return english, chinese, nil
}

// insert replaces what is between the marks in a file.
func insert(file, table string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the marks %q and %q", file, begin, end)
	}
	return os.WriteFile(file, []byte(string(before)+begin+table+end+string(after)), 0o644)
}
