package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

func (s *server) ShareDrawing(ctx context.Context, r gen.ShareDrawingRequestObject) (gen.ShareDrawingResponseObject, error) {
	author := callerOf(ctx).session.User
	token, created, err := s.Drawings.Share(ctx, author.ID, author.Profile.Nickname, drawing.ID(r.ID))
	if err != nil {
		return nil, err
	}
	if created {
		return gen.ShareDrawing201JSONResponse{Body: gen.Share{Token: token}}, nil
	}
	return gen.ShareDrawing200JSONResponse{Body: gen.Share{Token: token}}, nil
}

func (s *server) UnshareDrawing(ctx context.Context, r gen.UnshareDrawingRequestObject) (gen.UnshareDrawingResponseObject, error) {
	if err := s.Drawings.Unshare(ctx, owner(ctx), drawing.ID(r.ID)); err != nil {
		return nil, err
	}
	return gen.UnshareDrawing204Response{}, nil
}

func (s *server) GetSharedDrawing(ctx context.Context, r gen.GetSharedDrawingRequestObject) (gen.GetSharedDrawingResponseObject, error) {
	d, author, err := s.Drawings.Shared(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	caching := publicCaching
	tag := sharedTag(d, author)
	if r.Params.IfNoneMatch != nil && parseEntityTags(*r.Params.IfNoneMatch).include(tag) {
		return gen.GetSharedDrawing304Response{Headers: gen.GetSharedDrawing304ResponseHeaders{
			ETag: quote(tag), CacheControl: &caching,
		}}, nil
	}
	whole := drawingBody(d)
	return answer{http.StatusOK, tag, caching, &gen.SharedDrawing{
		Title: whole.Title, Author: optional(author), Canvas: whole.Canvas, Format: whole.Format, Strokes: whole.Strokes,
		StrokeCount: whole.StrokeCount, PointCount: whole.PointCount, DurationMs: whole.DurationMs, Bounds: whole.Bounds,
	}}, nil
}

// sharedTag names what a stranger sees: the drawing, and whose it is.
func sharedTag(d gallery.Drawing, author string) string {
	sum := sha256.Sum256([]byte(author))
	return d.ETag + "-" + base64.RawURLEncoding.EncodeToString(sum[:6])
}
