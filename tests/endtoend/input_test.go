package endtoend

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

// wrong is a request that must be rejected. Without a method and a path, it is a PUT
// of a drawing.
type wrong struct {
	method, path string
	header       http.Header
	body         any

	status      int // 400 when 0
	code        gen.ErrorCode
	field, rule string // of one of errors[]; empty if there is none
}

func TestInvalidInputIsRejectedByNameAndNotStored(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	for name, w := range merge(wrongBodies(), wrongDrawings(), wrongHeaders(), wrongPlaces(), wrongLogins()) {
		t.Run(name, func(t *testing.T) {
			if w.path == "" {
				w.method, w.path = http.MethodPut, path(newID())
			}
			if w.status == 0 {
				w.status, w.code = http.StatusBadRequest, gen.ErrInvalidRequest
			}
			headers := creating()
			for name, values := range w.header {
				headers[name] = values
			}
			answer := caller.Do(t, w.method, w.path, w.body, headers)
			if w.method == http.MethodHead {
				answer.Expect(t, w.status)
				return
			}
			problem := answer.ExpectProblem(t, w.status, w.code)
			if !names(problem, w.field, w.rule) {
				t.Errorf("want %q of %q among the errors of %s", w.rule, w.field, answer.Body)
			}
		})
	}
	if seen := list(t, caller); len(seen) != 0 {
		t.Errorf("stored: %v", seen)
	}
	if seen := paints(t, caller); len(seen) != 0 {
		t.Errorf("stored: %v", seen)
	}
}

func names(p gen.Problem, field, rule string) bool {
	if p.Errors == nil {
		return field == ""
	}
	for _, e := range *p.Errors {
		if e.Field == field && e.Rule == rule {
			return true
		}
	}
	return false
}

func wrongBodies() map[string]wrong {
	good := mustJSON(oneStroke("large"))
	large := strings.Replace(good, "{", "{"+strings.Repeat(" ", 513<<10-len(good)), 1)
	tooLarge := wrong{body: large, status: http.StatusRequestEntityTooLarge, code: gen.ErrTooLarge}
	inChunks := tooLarge
	inChunks.body = io.MultiReader(strings.NewReader(large))
	return map[string]wrong{
		"no body":                        {body: "", field: "body", rule: "required"},
		"not JSON":                       {body: `{"canvas":`, field: "body", rule: "json"},
		"JSON and something after it":    {body: good + "x", field: "body", rule: "json"},
		"another JSON value":             {body: `[]`, field: "body", rule: "type"},
		"null":                           {body: `null`, field: "body", rule: "type"},
		"not UTF-8":                      {body: strings.Replace(good, "large", "\xff", 1), field: "body", rule: "utf8"},
		"half a surrogate pair":          {body: strings.Replace(good, "large", `\ud83c`, 1), field: "title", rule: "surrogate"},
		"a member twice":                 {body: strings.Replace(good, "{", `{"format":1,`, 1), field: "format", rule: "duplicate"},
		"a member twice, deep down":      {body: strings.Replace(good, `"tool"`, `"width":1,"tool"`, 1), field: "strokes[0].width", rule: "duplicate"},
		"a member in another case":       {body: strings.Replace(good, `"title"`, `"Title"`, 1), field: "Title", rule: "additionalProperties"},
		"a member in another case, deep": {body: strings.Replace(good, `"tool"`, `"X":[1],"tool"`, 1), field: "strokes[0].X", rule: "additionalProperties"},
		"an unknown member":              {body: strings.Replace(good, "{", `{"owner":"me",`, 1), field: "owner", rule: "additionalProperties"},
		"another media type":             {body: good, header: header("Content-Type", "text/plain"), status: http.StatusUnsupportedMediaType, code: gen.ErrUnsupportedMediaType},
		"a form":                         {body: good, header: header("Content-Type", "application/x-www-form-urlencoded"), status: http.StatusUnsupportedMediaType, code: gen.ErrUnsupportedMediaType},
		"another charset":                {body: good, header: header("Content-Type", "application/json; charset=gbk"), status: http.StatusUnsupportedMediaType, code: gen.ErrUnsupportedMediaType},
		"no media type":                  {body: good, header: header("Content-Type"), status: http.StatusUnsupportedMediaType, code: gen.ErrUnsupportedMediaType},
		"513 KiB":                        tooLarge,
		"513 KiB in chunks":              inChunks,
	}
}

// wrongDrawings change one thing in a valid drawing.
func wrongDrawings() map[string]wrong {
	// with returns the valid drawing with another value at a path of members.
	with := func(value any, path ...any) string {
		var drawing any
		if err := json.Unmarshal([]byte(mustJSON(oneStroke("wrong"))), &drawing); err != nil {
			panic(err)
		}
		at := drawing
		for _, step := range path[:len(path)-1] {
			switch step := step.(type) {
			case string:
				at = at.(map[string]any)[step]
			case int:
				at = at.([]any)[step]
			}
		}
		members, name := at.(map[string]any), path[len(path)-1].(string)
		if members[name] = value; value == missing {
			delete(members, name)
		}
		return mustJSON(drawing)
	}
	inStroke := func(name string, value any) string { return with(value, "strokes", 0, name) }
	stroke := func(points int) gen.Stroke {
		return gen.Stroke{Tool: gen.Pen, Color: "#000000", Width: 1, X: make([]int32, points), Y: make([]int32, points)}
	}
	many := make([]gen.Stroke, 1001)
	for i := range many {
		many[i] = stroke(1)
	}
	return map[string]wrong{
		"a text for a number":       {body: inStroke("width", "5"), field: "strokes[0].width", rule: "type"},
		"a number for a text":       {body: with(7, "title"), field: "title", rule: "type"},
		"half a point":              {body: inStroke("x", []any{1, 2.5, 3}), field: "strokes[0].x[1]", rule: "type"},
		"null for an object":        {body: with(nil, "canvas"), field: "canvas", rule: "type"},
		"null for a text":           {body: with(nil, "title"), field: "title", rule: "type"},
		"no canvas":                 {body: with(missing, "canvas"), field: "canvas", rule: "required"},
		"no format":                 {body: with(missing, "format"), field: "format", rule: "required"},
		"no width of the canvas":    {body: with(missing, "canvas", "width"), field: "canvas.width", rule: "required"},
		"a stroke without y":        {body: inStroke("y", missing), field: "strokes[0].y", rule: "required"},
		"an unknown format":         {body: with(2, "format"), field: "format", rule: "enum"},
		"an unknown tool":           {body: inStroke("tool", "brush"), field: "strokes[0].tool", rule: "enum"},
		"a colour by name":          {body: inStroke("color", "red"), field: "strokes[0].color", rule: "pattern"},
		"a background with alpha":   {body: with("#FFFFFF00", "canvas", "background"), field: "canvas.background", rule: "pattern"},
		"no width":                  {body: inStroke("width", 0), field: "strokes[0].width", rule: "minimum"},
		"a canvas too large":        {body: with(65_536, "canvas", "width"), field: "canvas.width", rule: "maximum"},
		"81 characters":             {body: with(strings.Repeat("笔", 81), "title"), field: "title", rule: "maxLength"},
		"a point too far":           {body: inStroke("x", []any{1, 2, 65_536}), field: "strokes[0].x[2]", rule: "maximum"},
		"a point beyond 64 bits":    {body: inStroke("x", []any{1, 2, json.Number("1e400")}), field: "strokes[0].x[2]", rule: "format"},
		"a time before the drawing": {body: inStroke("t", []any{-1, 2, 3}), field: "strokes[0].t[0]", rule: "minimum"},
		"too much pressure":         {body: inStroke("p", []any{1, 2, 256}), field: "strokes[0].p[2]", rule: "maximum"},
		"fewer y than x":            {body: inStroke("y", []any{1, 2}), field: "strokes[0].y", rule: "equalLength"},
		"more t than x":             {body: inStroke("t", []any{1, 2, 3, 4}), field: "strokes[0].t", rule: "equalLength"},
		"fewer p than x":            {body: inStroke("p", []any{1}), field: "strokes[0].p", rule: "equalLength"},
		"no strokes":                {body: with(missing, "strokes"), field: "strokes", rule: "required"},
		"a stroke of no points":     {body: inStroke("x", []any{}), field: "strokes[0].x", rule: "minItems"},
		"5,001 points in a stroke":  {body: with([]gen.Stroke{stroke(5001)}, "strokes"), field: "strokes[0].x", rule: "maxItems"},
		"20,001 points": {
			body:  with([]gen.Stroke{stroke(5000), stroke(5000), stroke(5000), stroke(5000), stroke(1)}, "strokes"),
			field: "strokes", rule: "maxPoints",
		},
		"a second stroke of one": {
			body:  strings.Replace(with([]gen.Stroke{stroke(1), stroke(1)}, "strokes"), "{", `{"oneStroke":true,`, 1),
			field: "strokes", rule: "oneStroke",
		},
		"1,001 strokes":      {body: with(many, "strokes"), field: "strokes", rule: "maxItems"},
		"another id":         {body: with(newID(), "id"), field: "id", rule: "samePath"},
		"an id that is none": {body: with("1", "id"), field: "id", rule: "pattern"},
	}
}

// missing removes a member.
const missing = "\x00missing"

func merge(tables ...map[string]wrong) map[string]wrong {
	all := map[string]wrong{}
	for _, table := range tables {
		for name, w := range table {
			if _, there := all[name]; there {
				panic(fmt.Sprintf("%q is there twice", name))
			}
			all[name] = w
		}
	}
	return all
}

func mustJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}
