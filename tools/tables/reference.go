package main

import (
	"fmt"
	"html"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tag is a group of operations.
type tag struct {
	Name    string
	English string `yaml:"description"`
	Chinese string `yaml:"x-description-zh"`
}

// operationList is the HTML of all operations below their tags, as the reference page
// of the service shows them.
func operationList(contract *yaml.Node) (string, error) {
	all, err := at(contract, "tags")
	if err != nil {
		return "", err
	}
	var tags []tag
	if err := all.Decode(&tags); err != nil {
		return "", err
	}
	paths, err := at(contract, "paths")
	if err != nil {
		return "", err
	}
	items := map[string]string{} // by tag
	for path, methods := range pairs(paths) {
		for method, node := range pairs(methods) {
			var o operation
			if err := node.Decode(&o); err != nil {
				return "", err
			}
			items[strings.Join(o.Tags, " ")] += fmt.Sprintf(`<details class="operation" id="%s" data-method="%s" data-path="%s">`+
				`<summary><span class="method %[2]s">%[2]s</span> <code>%[3]s</code> %[4]s</summary><div class="ui"></div></details>`+"\n",
				html.EscapeString(o.ID), html.EscapeString(method), html.EscapeString(path), bilingual(o.English, o.Chinese))
		}
	}
	var list strings.Builder
	for _, t := range tags {
		if items[t.Name] == "" {
			return "", fmt.Errorf("the tag %s has no operation", t.Name)
		}
		fmt.Fprintf(&list, "<section>\n<h2>%s</h2>\n<p>%s</p>\n%s</section>\n",
			html.EscapeString(t.Name), bilingual(t.English, t.Chinese), items[t.Name])
		delete(items, t.Name)
	}
	for name := range items {
		return "", fmt.Errorf("the tag %s has no description", name)
	}
	return list.String(), nil
}

// bilingual is a text in both languages, of which the page shows one.
func bilingual(english, chinese string) string {
	plain := strings.NewReplacer("`", "")
	return fmt.Sprintf(`<span lang="en">%s</span><span lang="zh-CN">%s</span>`,
		html.EscapeString(plain.Replace(english)), html.EscapeString(plain.Replace(chinese)))
}
