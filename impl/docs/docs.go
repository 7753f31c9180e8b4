// Package docs serves the reference page of the contract. The page is a list of the
// operations, in two languages; Swagger UI shows an operation when it is opened. All
// files are in the program.
package docs

import (
	"embed"
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/swaggest/swgui/v5/static"
	"go.yaml.in/yaml/v3"
)

// Options of the page.
type Options struct {
	// Contract is the text of openapi.yaml.
	Contract []byte
	// Simulator adds a button that logs in as any user, with /simulator/login.
	// Without it there is a field for a token.
	Simulator bool
}

// Handlers returns what answers the page and each of its files, by pattern for
// http.ServeMux. A file is answered by what file returns for its name, its text and the
// header that it is sent with. The page reads the contract at /openapi.json. An error
// means that the contract is invalid.
func Handlers(o Options, file func(name string, text []byte, header http.Header) http.Handler) (map[string]http.Handler, error) {
	list, err := operationList(o.Contract)
	if err != nil {
		return nil, err
	}
	without := "simulator"
	if o.Simulator {
		without = "token"
	}
	page := strings.Replace(cut(page, without), "<!-- operations -->", list, 1)
	handlers := map[string]http.Handler{"GET /docs": file("docs.html", []byte(page), http.Header{
		"Cache-Control":           {caching},
		"Content-Security-Policy": {policy},
		"Referrer-Policy":         {"no-referrer"},
	})}
	for name, from := range map[string]embed.FS{
		"docs.js": files, "docs.css": files, "icon.svg": files,
		"swagger-ui-bundle.js.gz": static.FS, "swagger-ui.css.gz": static.FS,
	} {
		text, err := from.ReadFile(name)
		if err != nil {
			return nil, err
		}
		handlers["GET /docs/"+strings.TrimSuffix(name, ".gz")] = file(name, text, http.Header{"Cache-Control": {caching}})
	}
	return handlers, nil
}

// cut removes the part of the page between the comments <!-- name --> and
// <!-- end of name -->.
func cut(page, name string) string {
	before, rest, _ := strings.Cut(page, "<!-- "+name+" -->")
	_, after, _ := strings.Cut(rest, "<!-- end of "+name+" -->")
	return before + after
}

// contract is what the list shows of it. Paths and methods are in the order of the
// text, which a map would lose.
type contract struct {
	Tags []struct {
		Name          string
		Description   string
		DescriptionZH string `yaml:"x-description-zh"`
	}
	Paths yaml.Node
}

type operation struct {
	ID        string `yaml:"operationId"`
	Summary   string
	SummaryZH string `yaml:"x-summary-zh"`
	Tags      []string
}

// operationList is the HTML of all operations, below their tags.
func operationList(text []byte) (string, error) {
	var c contract
	if err := yaml.Unmarshal(text, &c); err != nil {
		return "", err
	}
	items := map[string]*strings.Builder{}
	for path, methods := range pairs(&c.Paths) {
		for method, node := range pairs(methods) {
			var o operation
			if err := node.Decode(&o); err != nil || o.ID == "" {
				continue // not an operation but, say, the parameters of a path
			}
			tag := strings.Join(o.Tags, " ")
			if items[tag] == nil {
				items[tag] = &strings.Builder{}
			}
			fmt.Fprintf(items[tag], `<details class="operation" id="%s" data-method="%s" data-path="%s">`+
				`<summary><span class="method %[2]s">%[2]s</span> <code>%[3]s</code> %[4]s</summary><div class="ui"></div></details>`+"\n",
				html.EscapeString(o.ID), html.EscapeString(method), html.EscapeString(path), bilingual(o.Summary, o.SummaryZH))
		}
	}
	var list strings.Builder
	for _, tag := range c.Tags {
		if items[tag.Name] == nil {
			continue
		}
		fmt.Fprintf(&list, "<section>\n<h2>%s</h2>\n<p>%s</p>\n%s</section>\n",
			html.EscapeString(tag.Name), bilingual(tag.Description, tag.DescriptionZH), items[tag.Name])
	}
	return list.String(), nil
}

// pairs are the keys and values of a mapping, in the order of the text.
func pairs(mapping *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; mapping.Kind == yaml.MappingNode && i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i].Value, mapping.Content[i+1]) {
				return
			}
		}
	}
}

// bilingual is a text in both languages, of which the page shows one. Without a
// Chinese text it is English in both.
func bilingual(en, zh string) string {
	plain := strings.NewReplacer("`", "")
	if zh == "" {
		return html.EscapeString(plain.Replace(en))
	}
	return fmt.Sprintf(`<span lang="en">%s</span><span lang="zh-CN">%s</span>`,
		html.EscapeString(plain.Replace(en)), html.EscapeString(plain.Replace(zh)))
}

// policy allows the page to load from and connect to this service only. Swagger UI
// has icons in data: URLs and shows downloaded pictures in blob: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// caching lets browsers keep a file and check its ETag before each use.
const caching = "public, no-cache"

var (
	//go:embed docs.js docs.css icon.svg
	files embed.FS

	// Not a template: html/template keeps the linker from leaving out unused methods,
	// which are several MB of the program.
	//
	//go:embed docs.html
	page string
)
