package api

import (
	"context"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
)

// drawings are the operations on the caller's drawings.
type drawings struct {
	gallery *gallery.Service
}

// The contract's default for the size of a page.
const defaultLimit = 20

func (h drawings) ListDrawings(ctx context.Context, r gen.ListDrawingsRequest) (gen.ListDrawingsAnswer, error) {
	limit := defaultLimit
	if r.Params.Limit != nil {
		limit = int(*r.Params.Limit)
	}
	thumbnails := r.Params.Thumbnail == nil || *r.Params.Thumbnail != gen.ListDrawingsParamsThumbnailNone
	page, next, err := h.gallery.List(ctx, owner(ctx), limit, value(r.Params.Cursor), thumbnails)
	if err != nil {
		return nil, err
	}
	items := make([]gen.DrawingSummary, len(page))
	for i, item := range page {
		items[i] = summaryBody(item)
		items[i].Thumbnail = optional(item.Thumbnail)
	}
	return gen.ListDrawings200{Body: gen.DrawingList{Items: items, NextCursor: optional(next)}}, nil
}

func (h drawings) GetDrawing(ctx context.Context, r gen.GetDrawingRequest) (gen.GetDrawingAnswer, error) {
	d, err := h.gallery.Get(ctx, owner(ctx), drawing.ID(r.ID))
	if err != nil {
		return nil, err
	}
	etag, current := revalidate(ctx, d.ETag, r.Params.IfNoneMatch)
	if current {
		return gen.GetDrawing304{ETag: etag}, nil
	}
	return gen.GetDrawing200{ETag: etag, Body: drawingBody(d)}, nil
}

func (h drawings) PutDrawing(ctx context.Context, r gen.PutDrawingRequest) (gen.PutDrawingAnswer, error) {
	precondition, err := preconditionOf(r.Params)
	if err != nil {
		return nil, err
	}
	if r.Body.ID != nil && *r.Body.ID != r.ID {
		return nil, invalidRequest(gen.FieldError{Field: "id", Rule: "samePath", Detail: "must be the id in the path, or left out"})
	}
	if r.Params.ReplaceIncomplete != nil && *r.Params.ReplaceIncomplete {
		precondition = precondition.OrIncomplete()
	}
	d, created, err := h.gallery.Put(ctx, owner(ctx), drawing.ID(r.ID), contentOf(*r.Body), precondition)
	if err != nil {
		return nil, err
	}
	etag, body := entityTag(d.ETag), summaryBody(d.Summary)
	if created {
		return gen.PutDrawing201{ETag: etag, Body: body}, nil
	}
	return gen.PutDrawing200{ETag: etag, Body: body}, nil
}

func (h drawings) DeleteDrawing(ctx context.Context, r gen.DeleteDrawingRequest) (gen.DeleteDrawingAnswer, error) {
	precondition := gallery.IfPresent()
	if r.Params.IfMatch != nil {
		precondition = ifMatch(*r.Params.IfMatch)
	}
	if err := h.gallery.Delete(ctx, owner(ctx), drawing.ID(r.ID), precondition); err != nil {
		return nil, err
	}
	return gen.DeleteDrawing204{}, nil
}
