package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"

	"onestroke/gen"
	"onestroke/impl/drawing/paint2017"
)

func (s *server) ListPaints(ctx context.Context, _ gen.ListPaintsRequestObject) (gen.ListPaintsResponseObject, error) {
	paints, err := begin(s.Drawings.Paints(ctx, owner(ctx)))
	return paintList{paints}, err
}

// paintList answers with one paint after the other, as a gen.PaintList: the
// list of 2017 has no pages.
type paintList struct {
	paints iter.Seq2[paint2017.Paint, error]
}

func (l paintList) VisitListPaintsResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	body := bufio.NewWriterSize(newStream(w), 32<<10)
	body.WriteString(`{"code":0,"msg":"success","data":[`)
	separator := ""
	for p, err := range l.paints {
		breakOff(err)
		item, err := json.Marshal(gen.Paint{ID: p.ID, Actions: p.Actions})
		breakOff(err)
		body.WriteString(separator)
		body.Write(item)
		separator = ","
	}
	body.WriteString("]}\n")
	breakOff(body.Flush())
	return nil
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
	if err := s.Drawings.SavePaint(ctx, owner(ctx), paint2017.Paint{ID: id, Actions: actions}); err != nil {
		return nil, err
	}
	return paintDone{}, nil
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
	return paintDone{}, nil
}

// paintDone answers as 2017 did when there was nothing more to say.
type paintDone struct{}

func (d paintDone) VisitSavePaintResponse(w http.ResponseWriter) error   { return d.write(w) }
func (d paintDone) VisitDeletePaintResponse(w http.ResponseWriter) error { return d.write(w) }

func (paintDone) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := io.WriteString(w, `{"code":0,"msg":"success","data":{}}`+"\n")
	return err
}
