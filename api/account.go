package api

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"

	"onestroke/gen"
	"onestroke/impl/gallery"
)

func (s *server) DeleteAccount(ctx context.Context, _ gen.DeleteAccountRequestObject) (gen.DeleteAccountResponseObject, error) {
	if err := s.Drawings.DeleteAll(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	// Last: as long as the rest has not succeeded the caller can ask again.
	if err := s.Sessions.EndAll(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	return gen.DeleteAccount204Response{}, nil
}

func (s *server) ExportDrawings(ctx context.Context, _ gen.ExportDrawingsRequestObject) (gen.ExportDrawingsResponseObject, error) {
	drawings, err := begin(s.Drawings.Export(ctx, owner(ctx)))
	return export{drawings}, err
}

// export answers with a drawing a line.
type export struct {
	drawings iter.Seq2[gallery.Exported, error]
}

func (e export) VisitExportDrawingsResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(newStream(w))
	for d, err := range e.drawings {
		breakOff(err)
		body := drawingBody(d.Drawing)
		if d.Actions != "" {
			body.Paint = &gen.Paint{ID: d.PaintID, Actions: d.Actions}
		}
		breakOff(lines.Encode(body))
	}
	return nil
}

// begin fetches the first item: a failure before it still gets an answer of its own.
func begin[T any](items iter.Seq2[T, error]) (iter.Seq2[T, error], error) {
	next, stop := iter.Pull2(items)
	first, err, ok := next()
	if err != nil {
		stop()
		return nil, err
	}
	return func(yield func(T, error) bool) {
		defer stop()
		for item, err := first, err; ok; item, err, ok = next() {
			if !yield(item, err) {
				return
			}
		}
	}, nil
}

// breakOff ends an answer that is under way where it cannot be completed: the
// client sees that it is not whole.
func breakOff(err error) {
	if err != nil {
		panic(brokenOff{err})
	}
}

type brokenOff struct{ cause error }

// stream lets an answer take as long as it needs, while the client keeps reading.
type stream struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newStream(w http.ResponseWriter) stream { return stream{w, http.NewResponseController(w)} }

func (s stream) Write(b []byte) (int, error) {
	// Writers without deadlines have no time-outs either.
	_ = s.control.SetWriteDeadline(time.Now().Add(time.Minute))
	return s.ResponseWriter.Write(b)
}
