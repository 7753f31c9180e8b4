package api

import (
	"context"

	"onestroke/gen"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
)

// paints2017 are the operations of 2017. Their answers have HTTP status 200 and
// a code in the body.
type paints2017 struct {
	gallery *gallery.Service
	exports *exports
}

// What 2017 answered to a request without the members that it needs.
var (
	errIDMissing          = &problem{code: gen.ErrInvalidRequest, detail: "id is missing"}
	errIDOrActionsMissing = &problem{code: gen.ErrInvalidRequest, detail: "id or actions is missing"}
)

func (h paints2017) ListPaints(ctx context.Context, _ gen.ListPaintsRequest) (gen.ListPaintsAnswer, error) {
	return gen.ListPaints200PaintList{
		Body: gen.PaintList{Msg: gen.Success},
		Data: inSlot(ctx, h.exports, bodies(h.gallery.Paints(ctx, owner(ctx)), func(p paint2017.Paint) *gen.Paint {
			return &gen.Paint{ID: p.ID, Actions: p.Actions}
		})),
	}, nil
}

func (h paints2017) SavePaint(ctx context.Context, r gen.SavePaintRequest) (gen.SavePaintAnswer, error) {
	id, actions := value(r.Body.ID), value(r.Body.Actions)
	if id == "" || actions == "" {
		return nil, errIDOrActionsMissing
	}
	if err := h.gallery.SavePaint(ctx, owner(ctx), paint2017.Paint{ID: id, Actions: actions}); err != nil {
		return nil, err
	}
	return gen.SavePaint200PaintDone{Body: gen.PaintDone{Msg: gen.Success}}, nil
}

func (h paints2017) DeletePaint(ctx context.Context, r gen.DeletePaintRequest) (gen.DeletePaintAnswer, error) {
	id := value(r.Body.ID)
	if id == "" {
		return nil, errIDMissing
	}
	if err := h.gallery.DeletePaint(ctx, owner(ctx), id); err != nil {
		return nil, err
	}
	return gen.DeletePaint200PaintDone{Body: gen.PaintDone{Msg: gen.Success}}, nil
}
