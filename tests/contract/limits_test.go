package contract

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/api"
	"onestroke/api/wire"
	"onestroke/impl/config"
	"onestroke/impl/drawing"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/drawing/render"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

// The limits of the contract are those of the rules.
func TestLimitsAreThoseOfTheContract(t *testing.T) {
	doc := document(t)
	schema := func(name string) *openapi3.Schema { return doc.Components.Schemas[name].Value }
	member := func(of, name string) *openapi3.Schema { return schema(of).Properties[name].Value }
	query := func(path, name string) *openapi3.Schema {
		return doc.Paths.Find(path).Get.Parameters.GetByInAndName("query", name).Schema.Value
	}
	for what, c := range map[string]struct {
		schema      *openapi3.Schema
		least, most int
	}{
		"title":               {schema("Title"), 0, drawing.MaxTitle},
		"format":              {schema("FormatVersion"), drawing.Format, drawing.Format},
		"canvas width":        {member("Canvas", "width"), 1, drawing.MaxSide},
		"canvas height":       {member("Canvas", "height"), 1, drawing.MaxSide},
		"stroke width":        {member("Stroke", "width"), 1, drawing.MaxWidth},
		"points of a stroke":  {schema("Coordinates"), 1, drawing.MaxStrokePoints},
		"coordinate":          {schema("Coordinate"), -drawing.MaxSide, drawing.MaxSide},
		"times":               {member("Stroke", "t"), 1, drawing.MaxStrokePoints},
		"time":                {member("Stroke", "t").Items.Value, 0, drawing.MaxTime},
		"pressures":           {member("Stroke", "p"), 1, drawing.MaxStrokePoints},
		"strokes sent":        {member("DrawingContent", "strokes"), 0, drawing.MaxStrokes},
		"strokes answered":    {member("Drawing", "strokes"), 0, drawing.MaxStrokes},
		"strokes shared":      {member("SharedDrawing", "strokes"), 0, drawing.MaxStrokes},
		"stroke count":        {schema("StrokeCount"), 0, drawing.MaxStrokes},
		"point count":         {schema("PointCount"), 0, drawing.MaxPoints},
		"duration":            {schema("DurationMs"), 0, drawing.MaxTime},
		"thumbnail":           {schema("Thumbnail"), 0, render.MaxThumbnail},
		"picture":             {query("/v1/drawings/{id}/image", "width"), render.MinWidth, render.MaxWidth},
		"shared picture":      {query("/v1/shared/{token}/image", "width"), render.MinWidth, render.MaxWidth},
		"page asked for":      {query("/v1/drawings", "limit"), 1, gallery.MaxPage},
		"page answered":       {member("DrawingList", "items"), 0, gallery.MaxPage},
		"paint id":            {schema("PaintId"), 0, paint2017.MaxID}, // that it is not empty is said by the handler, as 2017 did
		"actions":             {schema("PaintActions"), 0, paint2017.MaxActions},
		"errors of a drawing": {member("Problem", "errors"), 1, drawing.MaxFindings},
		"errors of a request": {member("Problem", "errors"), 1, wire.MaxFindings},
		"session label":       {member("SessionSummary", "label"), 0, session.MaxLabel},
		"nickname":            {member("User", "nickname"), 0, session.MaxName},
		"avatar URL":          {member("User", "avatarUrl"), 0, session.MaxAvatarURL},
		"language":            {member("User", "language"), 0, session.MaxLanguage},
		"country":             {member("User", "country"), 0, session.MaxName},
		"province":            {member("User", "province"), 0, session.MaxName},
		"city":                {member("User", "city"), 0, session.MaxName},
		"sessions":            {member("SessionList", "items"), 0, session.MaxTokens + 1}, // and one of 2017
	} {
		if c.schema == nil {
			t.Errorf("%s: not in the contract", what)
			continue
		}
		if least, most := bounds(c.schema); least != c.least || most != c.most {
			t.Errorf("%s: %d to %d in the contract, %d to %d in the rules", what, least, most, c.least, c.most)
		}
	}

	c, err := config.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.MaxBodyBytes != api.MaxBody || c.MaxHeaderBytes != api.MaxHeaders {
		t.Errorf("by default %d bytes of body and %d of headers, promised are %d and %d", c.MaxBodyBytes, c.MaxHeaderBytes, api.MaxBody, api.MaxHeaders)
	}
}

// bounds are the least and the most of a number, or of how long a text or an array
// is.
func bounds(s *openapi3.Schema) (least, most int) {
	switch {
	case s.Type.Is("string"):
		least, most = int(s.MinLength), -1
		if s.MaxLength != nil {
			most = int(*s.MaxLength)
		}
	case s.Type.Is("array"):
		least, most = int(s.MinItems), -1
		if s.MaxItems != nil {
			most = int(*s.MaxItems)
		}
	case s.Enum != nil:
		least, most = int(s.Enum[0].(float64)), int(s.Enum[len(s.Enum)-1].(float64))
	default:
		least, most = int(*s.Min), int(*s.Max)
	}
	return least, most
}
