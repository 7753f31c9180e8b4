package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

// shares are the operations on shared drawings, except for their pictures.
type shares struct {
	gallery *gallery.Service
}

func (h shares) ShareDrawing(ctx context.Context, r gen.ShareDrawingRequest) (gen.ShareDrawingAnswer, error) {
	author := callerOf(ctx).session.User
	shared, created, err := h.gallery.Share(ctx, author.ID, author.Profile.Nickname, drawing.ID(r.ID))
	if err != nil {
		return nil, err
	}
	if created {
		return gen.ShareDrawing201{Body: gen.Share{Token: shared.Token}}, nil
	}
	return gen.ShareDrawing200{Body: gen.Share{Token: shared.Token}}, nil
}

func (h shares) UnshareDrawing(ctx context.Context, r gen.UnshareDrawingRequest) (gen.UnshareDrawingAnswer, error) {
	if err := h.gallery.Unshare(ctx, owner(ctx), drawing.ID(r.ID)); err != nil {
		return nil, err
	}
	return gen.UnshareDrawing204{}, nil
}

func (h shares) GetSharedDrawing(ctx context.Context, r gen.GetSharedDrawingRequest) (gen.GetSharedDrawingAnswer, error) {
	d, author, err := shared(ctx, h.gallery, r.Token)
	if err != nil {
		return nil, err
	}
	tag := sharedTag(d, author)
	if isCurrent(tag, r.Params.IfNoneMatch) {
		return gen.GetSharedDrawing304{ETag: entityTag(tag)}, nil
	}
	b := drawingBody(d)
	return gen.GetSharedDrawing200{ETag: entityTag(tag), Body: gen.SharedDrawing{
		Title: b.Title, Author: optional(author), OneStroke: b.OneStroke, Canvas: b.Canvas, Format: b.Format, Strokes: b.Strokes,
		StrokeCount: b.StrokeCount, PointCount: b.PointCount, DurationMs: b.DurationMs, Bounds: b.Bounds, Incomplete: b.Incomplete,
	}}, nil
}

// shared returns the drawing that a token leads to, and its author's nickname.
func shared(ctx context.Context, g *gallery.Service, token string) (gallery.Drawing, string, error) {
	d, author, err := g.Visit(ctx, token)
	if errors.Is(err, gallery.ErrNotFound) {
		err = errNoShare
	}
	return d, author, err
}

// sharedTag is the tag of what a visitor sees: the drawing and the author's
// nickname.
func sharedTag(d gallery.Drawing, author string) string {
	sum := sha256.Sum256([]byte(author))
	return d.ETag + "-" + base64.RawURLEncoding.EncodeToString(sum[:6])
}
