package validation

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"onestroke/api/wire"
	"onestroke/gen"
)

func TestFindingsNameTheFieldAndTheRule(t *testing.T) {
	const drawing = `{"canvas":{"width":1,"height":1},"format":1,"strokes":[{"tool":"pen","color":"#000000","width":1,"x":[1,2,3],"y":[1,2,3]}]}`
	for change, want := range map[[2]string][]string{
		{drawing, `[]`}:            {"body type: must be an object"},
		{drawing, ``}:              {"body required: is missing"},
		{drawing, ` `}:             {"body required: is missing"},
		{drawing, `{"format":1`}:   {"body json: must be JSON, and is not from byte 11 on"},
		{drawing, `{} {}`}:         {"body json: must be one JSON value, and goes on from byte 2 on"},
		{`"tool"`, `"x":1,"tool"`}: {"strokes[0].x duplicate: must be there once only"},
		{drawing, `null`}:          {"body type: must not be null"},
		{drawing, `{}`}: {
			"canvas required: is missing", "format required: is missing", "strokes required: is missing",
		},
		{"{", `{"owner":"me",`}:                     {"owner additionalProperties: is not a member: leave it out"},
		{"{", `{"Title":"me",`}:                     {"Title additionalProperties: is not a member; title is"},
		{"{", `{"":1,`}:                             {"body additionalProperties: is not a member: leave it out"},
		{"{", `{"format":1,`}:                       {"format duplicate: must be there once only"},
		{`"tool"`, `"X":[1],"tool"`}:                {"strokes[0].X additionalProperties: is not a member; x is"},
		{`"format":1`, `"format":2`}:                {"format enum: must be 1"},
		{`"format":1`, `"format":"1"`}:              {"format type: must be an integer"},
		{`"pen"`, `"brush"`}:                        {"strokes[0].tool enum: must be pen or eraser"},
		{`#000000`, `red`}:                          {"strokes[0].color pattern: must match ^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$"},
		{`"x":[1,2,3]`, `"x":[]`}:                   {"strokes[0].x minItems: must have at least 1 values"},
		{`"x":[1,2,3]`, `"x":{}`}:                   {"strokes[0].x type: must be an array"},
		{`"x":[1,2,3]`, `"x":[1,2.5,"3",null,1e6]`}: {"strokes[0].x[1] type: must be an integer", "strokes[0].x[2] type: must be an integer", "strokes[0].x[3] type: must not be null", "strokes[0].x[4] maximum: must be at most 65535"},
		{`"x":[1,2,3]`, `"x":[1,1e400]`}:            {"strokes[0].x[1] format: must fit into 32 bits", "strokes[0].x[1] maximum: must be at most 65535"},
		{`"canvas"`, `"id":"7","canvas"`}:           {"id pattern: must match ^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"},
		{`"canvas"`, `"title":"` + strings.Repeat("一", 81) + `","canvas"`}: {"title maxLength: must have at most 80 characters"},
		{`"canvas"`, `"title":7,"canvas"`}:                                 {"title type: must be a string"},
		{`"canvas"`, "\"title\":\"\xff\",\"c\""}:                           {"body utf8: must be UTF-8"},
		{`"canvas"`, `"title":"\ud83d","c"`}:                               {"title surrogate: has half of a surrogate pair: a character was cut in two"},
	} {
		text := strings.Replace(drawing, change[0], change[1], 1)
		t.Run(change[1], func(t *testing.T) {
			expect(t, drawingError(text), want...)
		})
	}
}

func TestFindingsAreInTheOrderOfTheContract(t *testing.T) {
	expect(t, drawingError(`{"more":1,"strokes":[{"y":[],"x":[true],"tool":1,"width":0}],"also":1,"format":0,"title":0}`),
		"title type: must be a string",
		"canvas required: is missing",
		"format enum: must be 1",
		"strokes[0].tool type: must be a string",
		"strokes[0].color required: is missing",
		"strokes[0].width minimum: must be at least 1",
		"strokes[0].x[0] type: must be an integer",
		"strokes[0].y minItems: must have at least 1 values",
		"also additionalProperties: is not a member: leave it out",
		"more additionalProperties: is not a member: leave it out",
	)
	_, err := wire.DecodeForm([]byte("actions=a&actions=b&ID=a&id="+strings.Repeat("a", 1025)), (*gen.PaintSave).DecodeForm)
	expect(t, err,
		"id maxLength: must have at most 1024 characters",
		"actions duplicate: must be there once only",
	)
}

func TestThereAreAtMostTwentyFindings(t *testing.T) {
	var invalid *wire.InvalidError
	err := drawingError(`{"strokes":[` + strings.Repeat(`{},`, 999) + `{}]}`)
	if !errors.As(err, &invalid) || len(invalid.Fields) != 20 {
		t.Errorf("findings: %v", err)
	}
}

func drawingError(text string) error {
	_, err := wire.Decode([]byte(text), (*gen.DrawingContent).DecodeJSON)
	return err
}

func expect(t *testing.T, err error, want ...string) {
	t.Helper()
	var (
		invalid *wire.InvalidError
		got     []string
	)
	if errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			got = append(got, fmt.Sprintf("%s %s: %s", f.Field, f.Rule, f.Detail))
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("findings are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
