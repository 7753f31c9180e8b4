package main

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

const contractSource = "openapi.yaml"

type operation struct {
	ID      string `yaml:"operationId"`
	English string `yaml:"summary"`
	Chinese string `yaml:"x-summary-zh"`
	Tags    []string
}

func operationTable(contract *yaml.Node) (table, error) {
	t := table{
		name: "operations", source: contractSource,
		english: "| operation | method and path | what it does |\n|---|---|---|\n",
		chinese: "| 操作 | 方法与路径 | 作用 |\n|---|---|---|\n",
	}
	paths, err := at(contract, "paths")
	if err != nil {
		return t, err
	}
	for path, methods := range pairs(paths) {
		for method, node := range pairs(methods) {
			var o operation
			if err := node.Decode(&o); err != nil {
				return t, err
			}
			place := strings.ToUpper(method) + " " + path
			if o.ID == "" || o.English == "" || o.Chinese == "" {
				return t, fmt.Errorf("%s has no summary in both languages", place)
			}
			t.english += fmt.Sprintf("| `%s` | `%s` | %s |\n", o.ID, place, o.English)
			t.chinese += fmt.Sprintf("| `%s` | `%s` | %s |\n", o.ID, place, o.Chinese)
		}
	}
	return t, nil
}

// errorCodes is the schema of the error codes. The description of a code in
// English begins with its status.
type errorCodes struct {
	Codes   []string          `yaml:"x-extensible-enum"`
	English map[string]string `yaml:"x-enumDescriptions"`
	Chinese map[string]string `yaml:"x-enumDescriptions-zh"`
}

var (
	described = regexp.MustCompile(`^([0-9][0-9, or]*)\. (.+)$`)
	status    = regexp.MustCompile(`[0-9]{3}`)
)

func errorTable(contract *yaml.Node) (table, error) {
	t := table{
		name: "error codes", source: contractSource,
		english: "| code | status | what to do |\n|---|---|---|\n",
		chinese: "| code | 状态码 | 该怎么做 |\n|---|---|---|\n",
	}
	node, err := at(contract, "components/schemas/ErrorCode")
	if err != nil {
		return t, err
	}
	var codes errorCodes
	if err := node.Decode(&codes); err != nil {
		return t, err
	}
	for _, code := range codes.Codes {
		m := described.FindStringSubmatch(strings.TrimSpace(codes.English[code]))
		zh := strings.TrimSpace(codes.Chinese[code])
		if m == nil || zh == "" {
			return t, fmt.Errorf("%s has no description in both languages", code)
		}
		statuses := status.FindAllString(m[1], -1)
		cell := fmt.Sprintf("<a id=\"%s\"></a>`%s`", strings.ToLower(code), code) // the type of a problem leads there
		t.english += fmt.Sprintf("| %s | %s | %s |\n", cell, strings.Join(statuses, ", "), m[2])
		t.chinese += fmt.Sprintf("| %s | %s | %s |\n", cell, strings.Join(statuses, "、"), zh)
	}
	return t, nil
}

// limits are the limits of a drawing and of what surrounds it: what is limited,
// in both languages, and where the contract has the number.
var limits = []struct{ english, chinese, pointer string }{
	{"strokes in a drawing", "一幅画的笔画数", "components/schemas/DrawingContent/properties/strokes/maxItems"},
	{"points in a stroke", "一笔的点数", "components/schemas/Coordinates/maxItems"},
	{"points in a drawing", "一幅画的点数", "components/schemas/PointCount/maximum"},
	{"characters of a title", "标题的字符数", "components/schemas/Title/maxLength"},
	{"width or height of a canvas", "画布的宽或高", "components/schemas/Canvas/properties/width/maximum"},
	{"coordinate, to either side of zero", "坐标的绝对值", "components/schemas/Coordinate/maximum"},
	{"drawings on one page of a list", "列表每页的画作数", "components/schemas/DrawingList/properties/items/maxItems"},
	{"findings in one error answer", "一个错误响应列出的问题数", "components/schemas/Problem/properties/errors/maxItems"},
}

func limitTable(contract *yaml.Node) (table, error) {
	t := table{
		name: "limits", source: contractSource,
		english: "| what | at most |\n|---|---|\n",
		chinese: "| 内容 | 上限 |\n|---|---|\n",
	}
	for _, l := range limits {
		node, err := at(contract, l.pointer)
		if err != nil {
			return t, err
		}
		t.english += fmt.Sprintf("| %s | `%s` |\n", l.english, node.Value)
		t.chinese += fmt.Sprintf("| %s | `%s` |\n", l.chinese, node.Value)
	}
	return t, nil
}

// at follows a path of keys, with slashes between them.
func at(node *yaml.Node, pointer string) (*yaml.Node, error) {
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
	}
	for key := range strings.SplitSeq(pointer, "/") {
		var next *yaml.Node
		for k, v := range pairs(node) {
			if k == key {
				next = v
			}
		}
		if next == nil {
			return nil, fmt.Errorf("the contract has no %s", pointer)
		}
		node = next
	}
	return node, nil
}

// pairs yields the keys and values of a mapping in their order in the file, which a
// map would lose.
func pairs(mapping *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i].Value, mapping.Content[i+1]) {
				return
			}
		}
	}
}
