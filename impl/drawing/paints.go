package drawing

import (
	"context"
	"errors"
	"iter"
	"unicode/utf8"

	"github.com/google/uuid"
)

// paintNamespace is where a paint's id becomes a UUID (RFC 9562, version 5). It
// never changes: drawings are stored under what it gives.
var paintNamespace = uuid.MustParse("4d0a3f5c-8d7b-4c0e-9a51-0c6f6a2b7e11")

// PaintDrawingID returns the id, in lower case, of the drawing that programs of
// 2017 know by a paint id. An id that is a UUID in lower case stands for
// itself, so that those programs can save and delete what was drawn since; any
// other becomes the UUID of version 5 that its name gives.
func PaintDrawingID(paintID string) string {
	if isDrawingID(paintID) {
		return paintID
	}
	return uuid.NewSHA1(paintNamespace, []byte(paintID)).String()
}

// Paints yields all of the owner's drawings as paints, oldest first: with the
// actions that were saved where these still are the drawing, or else with
// [ToActions] of its strokes. An error ends it.
func (s *Service) Paints(ctx context.Context, owner string) iter.Seq2[Paint, error] {
	return func(yield func(Paint, error) bool) {
		for r, err := range s.store.All(ctx, owner) {
			var p Paint
			if err == nil {
				p, err = r.paint()
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// SavePaint adds a drawing made by a program of 2017, or changes the one of that
// id, whoever wrote it last: 2017 has no preconditions. Saving what [Service.Paints]
// shows changes nothing. A drawing that is changed keeps its title.
//
// It returns [InvalidErrors] for an id that is empty, longer than [MaxPaintID]
// or not UTF-8, and for actions longer than [MaxActions]; [ErrQuota] for one
// drawing too many.
func (s *Service) SavePaint(ctx context.Context, owner string, p Paint) error {
	if err := p.validate(); err != nil {
		return err
	}
	id := PaintDrawingID(p.ID)
	actions := []byte(p.Actions)
	draft := newRecord(id, fromActions(actions)) // which only reads them
	draft.Actions = actions
	if p.ID != id {
		draft.PaintID = p.ID
	}
	for {
		// Most are new: to look first would cost each of them a question.
		refusal := s.insert(ctx, owner, draft.created(s.now()))
		if !errors.Is(refusal, ErrChanged) && !errors.Is(refusal, ErrQuota) {
			return refusal
		}
		stored, err := s.store.Get(ctx, owner, id)
		switch {
		case errors.Is(err, ErrNotFound) && errors.Is(refusal, ErrQuota):
			return refusal
		case errors.Is(err, ErrNotFound):
			continue // deleted in between
		case err != nil:
			return err
		case stored.shows(p.Actions):
			return nil
		}
		changed := draft
		changed.Title = stored.Title
		err = s.store.Replace(ctx, owner, stored.ETag, changed.replacing(stored, s.now()))
		if !errors.Is(err, ErrChanged) {
			return err
		}
		// Somebody wrote in between; this comes after.
	}
}

// DeletePaint removes the drawing of a paint id. It is no error when there is
// none.
func (s *Service) DeletePaint(ctx context.Context, owner, id string) error {
	if (Paint{ID: id}).validate() != nil {
		return nil
	}
	return s.store.Delete(ctx, owner, PaintDrawingID(id), IfPresent())
}

func (p Paint) validate() error {
	var f findings
	switch n := utf8.RuneCountInString(p.ID); {
	case n == 0:
		f.add("id", "minLength", "is empty")
	case n > MaxPaintID:
		f.add("id", "maxLength", "has %d characters, the limit is %d", n, MaxPaintID)
	case !utf8.ValidString(p.ID):
		f.add("id", "format", "is not UTF-8")
	}
	if len(p.Actions) > MaxActions {
		f.add("actions", "maxLength", "has %d bytes, the limit is %d", len(p.Actions), MaxActions)
	}
	return f.err()
}

// paint returns the record as programs of 2017 see it.
func (r Record) paint() (Paint, error) {
	p := Paint{ID: r.paintID(), Actions: string(r.Actions)}
	if r.Actions != nil {
		return p, nil
	}
	d, err := r.drawing()
	if err != nil {
		return Paint{}, err
	}
	p.Actions = ToActions(Content{Canvas: d.Canvas, Strokes: d.Strokes})
	return p, nil
}

// shows tells whether programs of 2017 see these actions already.
func (r Record) shows(actions string) bool {
	p, err := r.paint()
	return err == nil && p.Actions == actions
}

func (r Record) paintID() string {
	if r.PaintID != "" {
		return r.PaintID
	}
	return r.ID
}
