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
	"testing/fstest"

	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
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

// New returns the handler of /docs and the paths below it. The page reads the
// contract at /openapi.json. An error means that the contract is invalid.
func New(o Options) (http.Handler, error) {
	list, err := operationList(o.Contract)
	if err != nil {
		return nil, err
	}
	without := "simulator"
	if o.Simulator {
		without = "token"
	}
	page := strings.Replace(cut(page, without), "<!-- operations -->", list, 1)
	mux := http.NewServeMux()
	index := statigz.FileServer(fstest.MapFS{"index.html": {Data: []byte(page)}}, statigz.EncodeOnInit)
	mux.Handle("GET /docs", http.StripPrefix("/docs", guarded(revalidated(index))))
	own := statigz.FileServer(files, statigz.EncodeOnInit)
	swagger := statigz.FileServer(static.FS)
	for name, from := range map[string]http.Handler{
		"docs.js": own, "docs.css": own, "icon.svg": own,
		"swagger-ui-bundle.js": swagger, "swagger-ui.css": swagger,
	} {
		mux.Handle("GET /docs/"+name, http.StripPrefix("/docs", revalidated(from)))
	}
	return mux, nil
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

// guarded gives the page its policy.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// revalidated lets browsers cache a file and check its ETag before each use.
func revalidated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, no-cache")
		next.ServeHTTP(w, r)
	})
}

var (
	//go:embed docs.js docs.css icon.svg
	files embed.FS

	// Not a template: html/template keeps the linker from leaving out unused methods,
	// which are several MB of the program.
	//
	//go:embed docs.html
	page string
)
