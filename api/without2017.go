package api

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// without2017 returns the contract without what only programs of 2017 use: what has
// x-2017, what refers to that, and components that nothing else refers to.
func without2017(contract []byte) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(contract, &document); err != nil {
		return nil, err
	}
	f := filter{root: document.Content[0], schemes: map[string]bool{}, references: map[string]bool{}, members: map[string]bool{}}
	f.findMarked()
	f.pruneErrorCodes()
	f.prune(f.root, "")
	f.pruneExamples(f.root, "")
	f.pruneOverview()
	for f.pruneUnused() {
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	err := encoder.Encode(&document)
	return text.Bytes(), err
}

// languages are the members that hold a description.
var languages = []string{"description", "x-description-zh"}

// filter removes what programs of 2017 use from a contract.
type filter struct {
	root       *yaml.Node
	schemes    map[string]bool // the names of removed security schemes
	references map[string]bool // to removed components
	members    map[string]bool // the names of removed members of objects
}

// findMarked finds the components that are removed.
func (f *filter) findMarked() {
	components := entry(f.root, "components")
	for kind, all := range entries(components) {
		for name, component := range entries(all) {
			if entry(component, "x-2017") == nil {
				continue
			}
			f.references["#/components/"+kind+"/"+name] = true
			if kind == "securitySchemes" {
				f.schemes[name] = true
			}
		}
	}
}

// pruneErrorCodes removes from each response the error codes whose examples go: from
// the list of codes, and from the description, which has a line about each.
func (f *filter) pruneErrorCodes() {
	for _, response := range entries(entry(entry(f.root, "components"), "responses")) {
		for _, content := range entries(entry(response, "content")) {
			for _, example := range entries(entry(content, "examples")) {
				if entry(example, "x-2017") == nil {
					continue
				}
				code := entry(entry(example, "value"), "code").Value
				codes := entry(response, "x-error-codes")
				codes.Content = slices.DeleteFunc(codes.Content, func(item *yaml.Node) bool { return item.Value == code })
				for _, language := range languages {
					text := entry(response, language)
					lines := strings.SplitAfter(text.Value, "\n")
					text.Value = strings.Join(slices.DeleteFunc(lines, func(line string) bool {
						return strings.HasPrefix(line, "- `"+code+"`")
					}), "")
				}
			}
		}
	}
}

// prune removes from a node what goes, and reports whether nothing of use is left
// of it. key is its place in the node above.
func (f *filter) prune(node *yaml.Node, key string) (gone bool) {
	switch node.Kind {
	case yaml.MappingNode:
		if entry(node, "x-2017") != nil {
			return true
		}
		if ref := entry(node, "$ref"); ref != nil {
			return f.references[ref.Value]
		}
		keepEntries(node, func(name string, child *yaml.Node) bool {
			childGone := f.prune(child, name)
			// A schema that is all of what goes, goes; so does a path without operations.
			gone = gone || childGone && name == "allOf"
			if childGone && key == "properties" {
				f.members[name] = true
			}
			return !childGone
		})
		return gone || strings.HasPrefix(key, "/") && len(node.Content) == 0
	case yaml.SequenceNode:
		before := len(node.Content)
		node.Content = slices.DeleteFunc(node.Content, func(item *yaml.Node) bool {
			if key == "security" {
				return f.needsRemovedScheme(item)
			}
			return f.prune(item, "")
		})
		return len(node.Content) < before && len(node.Content) == 0
	}
	return false
}

func (f *filter) needsRemovedScheme(requirement *yaml.Node) bool {
	for name := range entries(requirement) {
		if f.schemes[name] {
			return true
		}
	}
	return false
}

// pruneExamples removes the removed members, which are all of a problem, from the
// examples of problems. mediaType is that of the body which the node is in.
func (f *filter) pruneExamples(node *yaml.Node, mediaType string) {
	for key, child := range entries(node) {
		switch {
		case strings.Contains(key, "/") && !strings.HasPrefix(key, "/"):
			f.pruneExamples(child, key)
		case (key == "example" || key == "value") && child.Kind == yaml.MappingNode:
			if mediaType == problemType {
				keepEntries(child, func(name string, _ *yaml.Node) bool { return !f.members[name] })
			}
		default:
			f.pruneExamples(child, mediaType)
		}
	}
}

// pruneOverview removes the paragraphs about 2017 from the description of the whole.
func (f *filter) pruneOverview() {
	info := entry(f.root, "info")
	for _, language := range languages {
		overview := entry(info, language)
		paragraphs := strings.Split(overview.Value, "\n\n")
		paragraphs = slices.DeleteFunc(paragraphs, func(p string) bool { return strings.Contains(p, "2017") })
		overview.Value = strings.Join(paragraphs, "\n\n")
	}
}

// pruneUnused removes components that nothing refers to, and reports whether there
// were any. What only they refer to is found the next time.
func (f *filter) pruneUnused() (found bool) {
	used := map[string]bool{}
	collectReferences(f.root, used)
	for kind, all := range entries(entry(f.root, "components")) {
		if kind == "securitySchemes" {
			continue // they are referred to by name
		}
		keepEntries(all, func(name string, _ *yaml.Node) bool {
			isUsed := used["#/components/"+kind+"/"+name]
			found = found || !isUsed
			return isUsed
		})
	}
	return found
}

func collectReferences(node *yaml.Node, into map[string]bool) {
	if ref := entry(node, "$ref"); ref != nil {
		into[ref.Value] = true
	}
	for _, child := range node.Content {
		collectReferences(child, into)
	}
}

// keepEntries removes the entries of a mapping that keep refuses.
func keepEntries(mapping *yaml.Node, keep func(name string, value *yaml.Node) bool) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if keep(mapping.Content[i].Value, mapping.Content[i+1]) {
			kept = append(kept, mapping.Content[i], mapping.Content[i+1])
		}
	}
	mapping.Content = kept
}

// entry returns the value of a name in a mapping, nil if it has none.
func entry(mapping *yaml.Node, name string) *yaml.Node {
	for key, value := range entries(mapping) {
		if key == name {
			return value
		}
	}
	return nil
}

// entries walks through a mapping; another node has none.
func entries(mapping *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if mapping == nil || mapping.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i].Value, mapping.Content[i+1]) {
				return
			}
		}
	}
}
