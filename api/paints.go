package api

import (
	"context"

	"onestroke/gen"
	"onestroke/impl/drawing"
)

func (s *server) ListPaints(ctx context.Context, _ gen.ListPaintsRequestObject) (gen.ListPaintsResponseObject, error) {
	paints, err := s.Drawings.Paints(ctx, owner(ctx))
	if err != nil {
		return nil, err
	}
	list := gen.PaintList{Code: 0, Msg: gen.Success, Data: make([]gen.Paint, len(paints))}
	for i, p := range paints {
		list.Data[i] = gen.Paint{ID: p.ID, Actions: p.Actions}
	}
	var answer gen.PaintListAnswer
	if err := answer.FromPaintList(list); err != nil {
		return nil, err
	}
	return gen.ListPaints200JSONResponse{Body: answer}, nil
}

func (s *server) SavePaint(ctx context.Context, r gen.SavePaintRequestObject) (gen.SavePaintResponseObject, error) {
	paint := r.JSONBody
	if paint == nil {
		paint = r.FormdataBody
	}
	id, actions := value(paint.ID), value(paint.Actions)
	if id == "" || actions == "" {
		return nil, errIDOrActionsMissing
	}
	if err := s.Drawings.SavePaint(ctx, owner(ctx), drawing.Paint{ID: id, Actions: actions}); err != nil {
		return nil, err
	}
	answer, err := paintDone()
	return gen.SavePaint200JSONResponse{Body: answer}, err
}

func (s *server) DeletePaint(ctx context.Context, r gen.DeletePaintRequestObject) (gen.DeletePaintResponseObject, error) {
	paint := r.JSONBody
	if paint == nil {
		paint = r.FormdataBody
	}
	id := value(paint.ID)
	if id == "" {
		return nil, errIDMissing
	}
	if err := s.Drawings.DeletePaint(ctx, owner(ctx), id); err != nil {
		return nil, err
	}
	answer, err := paintDone()
	return gen.DeletePaint200JSONResponse{Body: answer}, err
}

func paintDone() (answer gen.PaintDoneAnswer, err error) {
	err = answer.FromPaintDone(gen.PaintDone{Code: 0, Msg: gen.Success, Data: map[string]any{}})
	return answer, err
}
