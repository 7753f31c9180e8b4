package api

import (
	"iter"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/session"
)

// contentOf returns the content that a body describes.
func contentOf(b gen.DrawingContent) drawing.Content {
	c := drawing.Content{
		Properties: drawing.Properties{
			Title:     value(b.Title),
			OneStroke: b.OneStroke != nil && *b.OneStroke,
			Canvas:    drawing.Canvas{Width: int(b.Canvas.Width), Height: int(b.Canvas.Height), Background: value(b.Canvas.Background)},
		},
		Strokes: make([]drawing.Stroke, len(b.Strokes)),
	}
	for i, s := range b.Strokes {
		c.Strokes[i] = drawing.Stroke{Tool: drawing.Tool(s.Tool), Color: s.Color, Width: int(s.Width), X: s.X, Y: s.Y}
		if s.T != nil {
			c.Strokes[i].T = *s.T
		}
		if s.P != nil {
			c.Strokes[i].P = make([]uint8, len(*s.P))
			for j, p := range *s.P {
				c.Strokes[i].P[j] = uint8(p)
			}
		}
	}
	return c
}

func summaryBody(s gallery.Summary) gen.DrawingSummary {
	return gen.DrawingSummary{
		ID:          uuid.UUID(s.ID),
		Title:       s.Title,
		OneStroke:   &s.OneStroke,
		Canvas:      canvasBody(s.Canvas),
		Format:      gen.Format1,
		StrokeCount: int32(s.StrokeCount),
		PointCount:  int32(s.PointCount),
		DurationMs:  int32(s.DurationMs),
		Bounds:      boundsBody(s.Bounds),
		Revision:    int32(s.Revision),
		CreatedAt:   s.CreatedAt,
		UpdatedAt:   s.UpdatedAt,
		Incomplete:  unlessFalse(s.Incomplete),
	}
}

func drawingBody(d gallery.Drawing) gen.Drawing {
	s := summaryBody(d.Summary)
	b := gen.Drawing{
		ID: s.ID, Title: s.Title, OneStroke: s.OneStroke, Canvas: s.Canvas, Format: s.Format,
		StrokeCount: s.StrokeCount, PointCount: s.PointCount, DurationMs: s.DurationMs, Bounds: s.Bounds,
		Revision: s.Revision, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, Incomplete: s.Incomplete,
		Strokes: make([]gen.Stroke, len(d.Strokes)),
	}
	for i, stroke := range d.Strokes {
		b.Strokes[i] = gen.Stroke{Tool: gen.StrokeTool(stroke.Tool), Color: stroke.Color, Width: int32(stroke.Width), X: stroke.X, Y: stroke.Y}
		if stroke.T != nil {
			b.Strokes[i].T = &stroke.T
		}
		if stroke.P != nil {
			p := make([]int32, len(stroke.P))
			for j, v := range stroke.P {
				p[j] = int32(v)
			}
			b.Strokes[i].P = &p
		}
	}
	return b
}

func exportBody(e gallery.Exported) *gen.Drawing {
	body := drawingBody(e.Drawing)
	if e.Actions != "" {
		body.Paint = &gen.Paint{ID: e.PaintID, Actions: e.Actions}
	}
	return &body
}

func canvasBody(c drawing.Canvas) gen.Canvas {
	return gen.Canvas{Width: int32(c.Width), Height: int32(c.Height), Background: optional(c.Background)}
}

func boundsBody(b drawing.Bounds) gen.Bounds {
	return gen.Bounds{MinX: int32(b.MinX), MinY: int32(b.MinY), MaxX: int32(b.MaxX), MaxY: int32(b.MaxY)}
}

// userBody points into its copy of the user: one allocation for all members.
func userBody(u session.User) gen.User {
	p := &u.Profile
	body := gen.User{
		ID:        u.ID,
		Nickname:  unlessEmpty(&p.Nickname),
		AvatarURL: unlessEmpty(&p.AvatarURL),
		Language:  unlessEmpty(&p.Language),
		Country:   unlessEmpty(&p.Country),
		Province:  unlessEmpty(&p.Province),
		City:      unlessEmpty(&p.City),
	}
	if *p != (session.Profile{}) {
		body.Gender = new(int32(p.Gender))
	}
	return body
}

// bodies makes a body of each item of a stream.
func bodies[T, B any](items iter.Seq2[T, error], body func(T) *B) iter.Seq2[*B, error] {
	return func(yield func(*B, error) bool) {
		for item, err := range items {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(body(item), nil) {
				return
			}
		}
	}
}

// optional returns a member that is left out if it is empty.
func optional(text string) *string { return unlessEmpty(&text) }

func unlessFalse(value bool) *bool {
	if !value {
		return nil
	}
	return &value
}

func unlessEmpty(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}

// value returns a member, empty if it was left out.
func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
