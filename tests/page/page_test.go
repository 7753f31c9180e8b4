// Package page_test tests how the page at / is served. Its look and its behaviour are
// tested in clients/playground.
package page_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

func TestMain(m *testing.M) { stores.Main(m, service.RemoveBinaries) }

func TestThePageLoadsNothingFromElsewhereAndIsRevalidated(t *testing.T) {
	p := service.Build(t).Start(t)
	page := ask(t, http.MethodGet, p.URL+"/")
	page.expect(t, http.StatusOK, map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"Cache-Control":          "no-cache",
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
	})
	policy := page.Header.Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, rule) {
			t.Errorf("the policy is %q, without %q", policy, rule)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "//") {
		t.Errorf("the policy allows other origins: %q", policy)
	}

	tag := page.Header.Get("ETag")
	again := ask(t, http.MethodGet, p.URL+"/", "If-None-Match", tag)
	again.expect(t, http.StatusNotModified, map[string]string{"ETag": tag, "Content-Security-Policy": policy})
	head := ask(t, http.MethodHead, p.URL+"/")
	head.expect(t, http.StatusOK, map[string]string{"ETag": tag, "Content-Length": page.Header.Get("Content-Length")})
	if again.body != "" || head.body != "" {
		t.Errorf("bodies where there are none: %q, %q", again.body, head.body)
	}
}

func TestAFileOfThePageIsCachedForeverIfItsNameChangesWithIt(t *testing.T) {
	p := service.Build(t).Start(t)
	page := ask(t, http.MethodGet, p.URL+"/")
	files := regexp.MustCompile(`(?:src|href)="(.*?)"`).FindAllStringSubmatch(page.body, -1)
	if len(files) < 4 {
		t.Fatalf("the page names %d files", len(files))
	}
	for _, file := range append(files, []string{"", "./sw.js"}) {
		name, relative := strings.CutPrefix(file[1], "./") // behind a proxy the page may have a path prefix
		if !relative {
			t.Errorf("%s is not beside the page", file[1])
		}
		caching := "no-cache"
		if strings.HasPrefix(name, "assets/") {
			caching = "public, max-age=31536000, immutable"
		}
		whole := ask(t, http.MethodGet, p.URL+"/"+name)
		whole.expect(t, http.StatusOK, map[string]string{"Cache-Control": caching, "X-Content-Type-Options": "nosniff"})
		packed := ask(t, http.MethodGet, p.URL+"/"+name, "Accept-Encoding", "gzip")
		if packed.Header.Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(strings.NewReader(packed.body))
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(unpacked); err != nil || string(text) != whole.body {
				t.Errorf("%s is another file when it is compressed: %v", name, err)
			}
		} else if packed.body != whole.body {
			t.Errorf("%s is another file when it may be compressed", name)
		}
		ask(t, http.MethodHead, p.URL+"/"+name).expect(t, http.StatusOK, map[string]string{"Content-Type": whole.Header.Get("Content-Type")})
	}
}

// The files of the pages have tags and codings as all answers of the service.
func TestEachFileHasATagForEachCoding(t *testing.T) {
	p := service.Build(t).Start(t, "ADMIN_TOKEN="+service.AdminToken)
	for _, name := range []string{
		"/", "/sw.js", "/icon.svg", "/manifest.webmanifest",
		"/docs", "/docs/docs.js", "/docs/icon.svg", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css",
		"/admin", "/admin/admin.js", "/admin/admin.css",
	} {
		url := p.URL + name
		plain := ask(t, http.MethodGet, url)
		tag := plain.Header.Get("ETag")
		if !regexp.MustCompile(`^"[A-Za-z0-9_-]+"$`).MatchString(tag) {
			t.Errorf("the tag of %s is %s", name, tag)
			continue
		}
		packedTag := strings.TrimSuffix(tag, `"`) + `.gzip"`
		for accepted, packed := range map[string]bool{
			"gzip": true, "br, gzip;q=0.5": true, "*": true,
			"identity": false, "gzip;q=0": false, "*;q=0": false, "gzip;q=0, *": false, "gzip;q=0.5, identity": false, "br": false,
		} {
			want := map[string]string{
				"ETag": tag, "Content-Encoding": "", "Content-Length": strconv.Itoa(len(plain.body)), "Vary": "Accept-Encoding",
				"Content-Type": plain.Header.Get("Content-Type"),
			}
			got := ask(t, http.MethodGet, url, "Accept-Encoding", accepted)
			if packed {
				want["ETag"], want["Content-Encoding"], want["Content-Length"] = packedTag, "gzip", strconv.Itoa(len(got.body))
			}
			got.expect(t, http.StatusOK, want)
			ask(t, http.MethodHead, url, "Accept-Encoding", accepted).expect(t, http.StatusOK, want)
		}
		for known, want := range map[string]string{
			tag: tag, "W/" + tag: tag, `"other", W/` + tag: tag, "*": tag, packedTag: packedTag, "W/" + packedTag: packedTag,
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				again := ask(t, method, url, "Accept-Encoding", "gzip", "If-None-Match", known)
				again.expect(t, http.StatusNotModified, map[string]string{
					"ETag": want, "Vary": "Accept-Encoding", "Cache-Control": plain.Header.Get("Cache-Control"),
				})
				if again.body != "" {
					t.Errorf("%s, not changed, has a body", name)
				}
			}
		}
		ask(t, http.MethodGet, url, "If-None-Match", `"other"`).expect(t, http.StatusOK, nil)
	}
}

func TestTheFilesOfThePageWeighWhatItsREADMESays(t *testing.T) {
	p := service.Build(t).Start(t)
	folder := filepath.Join(root.Dir(), "clients", "playground")
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| ([0-9.]+) \\| [^|]+ \\| (`[^|]+`) \\|").FindAllStringSubmatch(string(readme), -1) {
		bytes := 0
		for _, pattern := range regexp.MustCompile("`(.+?)`").FindAllStringSubmatch(row[2], -1) {
			files, err := fs.Glob(os.DirFS(filepath.Join(folder, "dist")), pattern[1])
			if err != nil || len(files) != 1 {
				t.Errorf("%s is %d files, not one: %v", pattern[1], len(files), err)
			}
			for _, file := range files {
				listed[file] = true
				bytes += len(ask(t, http.MethodGet, p.URL+"/"+strings.TrimPrefix(file, "index.html"), "Accept-Encoding", "gzip").body)
			}
		}
		stated, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if measured := float64(bytes) / 1024; math.Abs(measured-stated) > 0.1 {
			t.Errorf("%s: the README says %.1f KB, the service sends %.1f", row[2], stated, measured)
		}
	}
	scripts, err := fs.Glob(os.DirFS(filepath.Join(folder, "dist")), "assets/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(scripts, "index.html", "sw.js") {
		if !listed[file] {
			t.Errorf("the README does not list %s", file)
		}
	}
}

func TestOtherPathsBelongToTheContract(t *testing.T) {
	for basePath, p := range map[string]*service.Process{
		"as in 2017": service.Build(t).Start(t),
		"elsewhere":  service.Build(t).Start(t, "BASE_PATH=/moved"),
	} {
		for request, want := range map[string]struct {
			status int
			code   gen.ErrorCode
		}{
			"GET /assets/":            {http.StatusNotFound, gen.ErrNotFound},
			"GET /assets/index.js":    {http.StatusNotFound, gen.ErrNotFound},
			"GET /index.html":         {http.StatusNotFound, gen.ErrNotFound},
			"GET /dist/index.html":    {http.StatusNotFound, gen.ErrNotFound},
			"GET /anything":           {http.StatusNotFound, gen.ErrNotFound},
			"POST /":                  {http.StatusMethodNotAllowed, gen.ErrMethodNotAllowed},
			"GET /v1/drawings":        {http.StatusUnauthorized, gen.ErrLoginRequired},
			"GET /v1/shared/nonsense": {http.StatusBadRequest, gen.ErrInvalidRequest},
		} {
			method, path, _ := strings.Cut(request, " ")
			got := ask(t, method, p.URL+path)
			var problem gen.Problem
			if err := json.Unmarshal([]byte(got.body), &problem); err != nil || got.StatusCode != want.status || problem.Code != want.code {
				t.Errorf("%s: %s answered %d: %s", basePath, request, got.StatusCode, got.body)
			}
		}
		ask(t, http.MethodGet, p.URL+"/").expect(t, http.StatusOK, nil)
	}
}

func TestThePageShowsWhetherWeChatIsSimulated(t *testing.T) {
	for mark, p := range map[string]*service.Process{
		`data-simulator="true"`:  service.Build(t).Start(t),
		`data-simulator="false"`: service.Build(t).Start(t, "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=secret"),
	} {
		if page := ask(t, http.MethodGet, p.URL+"/"); !strings.Contains(page.body, mark) {
			t.Errorf("%s is not in\n%s", mark, page.body)
		}
	}
}

type answer struct {
	*http.Response
	body string
}

// ask sends a request with this header and does not decompress the answer.
func ask(t *testing.T, method, url string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := plain.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, string(body)}
}

var plain = &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}

func (a answer) expect(t *testing.T, status int, header map[string]string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s answered %d, not %d", a.Request.URL, a.StatusCode, status)
	}
	for name, want := range header {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s has %s: %q, not %q", a.Request.URL, name, got, want)
		}
	}
}
