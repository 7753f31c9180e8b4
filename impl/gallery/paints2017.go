package gallery

import (
	"context"
	"errors"
	"iter"

	"onestroke/impl/drawing/paint2017"
)

// Paints yields all of the owner's drawings as paints, oldest first: with the
// actions that were saved if the strokes were not changed otherwise since, or else
// with [paint2017.ToActions] of its strokes. An error ends it.
func (s *Service) Paints(ctx context.Context, owner string) iter.Seq2[paint2017.Paint, error] {
	return func(yield func(paint2017.Paint, error) bool) {
		for r, err := range s.store.All(ctx, owner) {
			var p paint2017.Paint
			if err == nil {
				p, err = r.paint()
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// SavePaint adds a drawing made by a program of 2017, or changes the one with that
// id, whichever program wrote it last: 2017 has no preconditions. Saving what [Service.Paints]
// shows changes nothing. A drawing that is changed keeps its properties, apart
// from the canvas: 2017 does not know them. With a second stroke it is no drawing in
// one stroke any more.
//
// It returns the errors of [paint2017.Paint.Validate], and [ErrQuota] for one
// drawing too many.
func (s *Service) SavePaint(ctx context.Context, owner string, p paint2017.Paint) error {
	if err := p.Validate(); err != nil {
		return err
	}
	id := paint2017.DrawingID(p.ID)
	actions := []byte(p.Actions)
	content, incomplete := paint2017.FromActions(actions)
	draft := newRecord(id, content)
	draft.Actions, draft.Incomplete = actions, incomplete
	if p.ID != id.String() {
		draft.PaintID = p.ID
	}
	for attempt := 1; ; attempt++ {
		// Most are new, so that a read before the insert would usually be wasted.
		refusal := s.insert(ctx, owner, draft.created(s.now()))
		if !errors.Is(refusal, ErrChanged) && !errors.Is(refusal, ErrQuota) {
			return refusal
		}
		stored, err := s.store.Get(ctx, owner, id)
		switch {
		case errors.Is(err, ErrNotFound) && errors.Is(refusal, ErrQuota):
			return refusal
		case errors.Is(err, ErrNotFound):
			// Deleted meanwhile: the ID is free again.
			if err := Backoff(ctx, attempt); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case stored.shows(p.Actions):
			err = s.savedAgain(ctx, owner, stored)
		default:
			changed := draft
			changed.Properties = stored.Properties
			changed.Canvas = draft.Canvas
			changed.OneStroke = stored.OneStroke && len(content.Strokes) <= 1
			err = s.rewrite(ctx, owner, stored, changed.replacing(stored, s.now()))
		}
		if !errors.Is(err, ErrChanged) {
			return err
		}
		// Another write came first; this one comes after it.
		if err := Backoff(ctx, attempt); err != nil {
			return err
		}
	}
}

// DeletePaint removes the drawing with a paint id. It is not an error if there is
// none.
func (s *Service) DeletePaint(ctx context.Context, owner, id string) error {
	if (paint2017.Paint{ID: id}).Validate() != nil {
		return nil
	}
	return s.Delete(ctx, owner, paint2017.DrawingID(id), IfPresent())
}

// paint returns the record as programs of 2017 see it.
func (r Record) paint() (paint2017.Paint, error) {
	p := paint2017.Paint{ID: r.paintID(), Actions: string(r.Actions)}
	if r.Actions != nil {
		return p, nil
	}
	d, err := r.drawing()
	if err != nil {
		return paint2017.Paint{}, err
	}
	p.Actions = paint2017.ToActions(d.Content())
	return p, nil
}

// shows reports whether programs of 2017 see these actions already.
func (r Record) shows(actions string) bool {
	p, err := r.paint()
	return err == nil && p.Actions == actions
}

func (r Record) paintID() string {
	if r.PaintID != "" {
		return r.PaintID
	}
	return r.ID.String()
}
