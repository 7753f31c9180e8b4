package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

func (s *server) ListDrawings(ctx context.Context, r gen.ListDrawingsRequestObject) (gen.ListDrawingsResponseObject, error) {
	limit := 20 // as the contract says
	if r.Params.Limit != nil {
		limit = int(*r.Params.Limit)
	}
	thumbnails := r.Params.Thumbnail == nil || *r.Params.Thumbnail != gen.None
	items, next, err := s.Drawings.List(ctx, owner(ctx), limit, value(r.Params.Cursor), thumbnails)
	if err != nil {
		return nil, err
	}
	body := gen.DrawingList{Items: make([]gen.DrawingSummary, len(items)), NextCursor: optional(next)}
	for i, item := range items {
		body.Items[i] = summaryBody(item)
		body.Items[i].Thumbnail = optional(item.Thumbnail)
	}
	return answer{status: http.StatusOK, body: &body}, nil
}

func (s *server) GetDrawing(ctx context.Context, r gen.GetDrawingRequestObject) (gen.GetDrawingResponseObject, error) {
	d, err := s.Drawings.Get(ctx, owner(ctx), drawing.ID(r.ID))
	if err != nil {
		return nil, err
	}
	caching := "private, no-cache"
	if r.Params.IfNoneMatch != nil && parseEntityTags(*r.Params.IfNoneMatch).include(d.ETag) {
		return gen.GetDrawing304Response{Headers: gen.GetDrawing304ResponseHeaders{
			ETag: quote(d.ETag), CacheControl: &caching,
		}}, nil
	}
	body := drawingBody(d)
	return answer{http.StatusOK, d.ETag, caching, &body}, nil
}

func (s *server) PutDrawing(ctx context.Context, r gen.PutDrawingRequestObject) (gen.PutDrawingResponseObject, error) {
	precondition, err := preconditionOf(r.Params)
	if err != nil {
		return nil, err
	}
	if r.Body.ID != nil && *r.Body.ID != r.ID {
		return nil, invalidRequest(gen.FieldError{Field: "id", Rule: "samePath", Detail: "must be the id in the path, or left out"})
	}
	d, created, err := s.Drawings.Put(ctx, owner(ctx), drawing.ID(r.ID), contentOf(*r.Body), precondition)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	body := summaryBody(d.Summary)
	return answer{status: status, etag: d.ETag, body: &body}, nil
}

func (s *server) DeleteDrawing(ctx context.Context, r gen.DeleteDrawingRequestObject) (gen.DeleteDrawingResponseObject, error) {
	precondition := gallery.IfPresent()
	if r.Params.IfMatch != nil {
		precondition = ifMatch(*r.Params.IfMatch)
	}
	if err := s.Drawings.Delete(ctx, owner(ctx), drawing.ID(r.ID), precondition); err != nil {
		return nil, err
	}
	return gen.DeleteDrawing204Response{}, nil
}

// preconditionOf reads If-None-Match and If-Match of a PUT. Both together can
// never hold.
func preconditionOf(p gen.PutDrawingParams) (gallery.Precondition, error) {
	switch {
	case p.IfNoneMatch != nil && p.IfMatch != nil:
		return gallery.Precondition{}, gallery.ErrChanged
	case p.IfNoneMatch != nil:
		return gallery.IfAbsent(), nil
	case p.IfMatch == nil:
		return gallery.Precondition{}, errPreconditionRequired
	}
	return ifMatch(*p.IfMatch), nil
}

// ifMatch compares strongly: a tag that a proxy weakened names nothing.
func ifMatch(text string) gallery.Precondition {
	tags := parseEntityTags(text)
	if tags.any {
		return gallery.IfPresent()
	}
	return gallery.IfMatch(tags.strong...)
}

// entityTags is the value of If-Match or If-None-Match (RFC 9110, section
// 13.1), without the quotes.
type entityTags struct {
	any          bool
	strong, weak []string
}

// parseEntityTags reads what the contract's pattern allows.
func parseEntityTags(text string) (tags entityTags) {
	if text == "*" {
		return entityTags{any: true}
	}
	for {
		prefix, rest, ok := strings.Cut(text, `"`)
		if !ok {
			return tags
		}
		var tag string
		tag, text, _ = strings.Cut(rest, `"`)
		if strings.HasSuffix(prefix, "W/") {
			tags.weak = append(tags.weak, tag)
		} else {
			tags.strong = append(tags.strong, tag)
		}
	}
}

// include compares weakly, as If-None-Match does: a proxy may have weakened
// the tag when it compressed the answer.
func (t entityTags) include(tag string) bool {
	for _, known := range append(t.strong, t.weak...) {
		if known == tag {
			return true
		}
	}
	return t.any
}

func quote(tag string) string { return `"` + tag + `"` }

func contentOf(b gen.DrawingContent) drawing.Content {
	c := drawing.Content{
		Properties: drawing.Properties{
			Title:  value(b.Title),
			Canvas: drawing.Canvas{Width: int(b.Canvas.Width), Height: int(b.Canvas.Height), Background: value(b.Canvas.Background)},
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
		Canvas:      canvasBody(s.Canvas),
		Format:      gen.Format1,
		StrokeCount: int32(s.StrokeCount),
		PointCount:  int32(s.PointCount),
		DurationMs:  int32(s.DurationMs),
		Bounds:      boundsBody(s.Bounds),
		Revision:    int32(s.Revision),
		CreatedAt:   s.CreatedAt,
		UpdatedAt:   s.UpdatedAt,
	}
}

func drawingBody(d gallery.Drawing) gen.Drawing {
	s := summaryBody(d.Summary)
	b := gen.Drawing{
		ID: s.ID, Title: s.Title, Canvas: s.Canvas, Format: s.Format,
		StrokeCount: s.StrokeCount, PointCount: s.PointCount, DurationMs: s.DurationMs, Bounds: s.Bounds,
		Revision: s.Revision, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
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

func canvasBody(c drawing.Canvas) gen.Canvas {
	return gen.Canvas{Width: int32(c.Width), Height: int32(c.Height), Background: optional(c.Background)}
}

func boundsBody(b drawing.Bounds) gen.Bounds {
	return gen.Bounds{MinX: int32(b.MinX), MinY: int32(b.MinY), MaxX: int32(b.MaxX), MaxY: int32(b.MaxY)}
}
