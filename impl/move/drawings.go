package move

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/sqlitestore"
)

// DrawingCounts says how many drawings of how many users were moved and compared.
type DrawingCounts struct{ Drawings, Owners int }

// Drawings copies all drawings, with their shares and with what programs of 2017
// saved, and then compares the number and the digest of each user's drawings. It
// calls progress with the number of drawings that were copied, and again with the
// number that were compared, since the last call.
//
// Quotas need no copy: the target counts the drawings that it has.
func Drawings(ctx context.Context, from *sqlitestore.Drawings, to gallery.Store, progress func(drawings int)) (n DrawingCounts, err error) {
	for owner, err := range from.Owners(ctx) {
		if err == nil {
			err = copyDrawings(ctx, owner, from, to, progress)
		}
		if err != nil {
			return n, err
		}
	}
	for owner, err := range from.Owners(ctx) {
		if err != nil {
			return n, err
		}
		var compared int
		err := again(ctx, func() (err error) {
			compared, err = compareDrawings(ctx, owner, from, to)
			return err
		})
		if err != nil {
			return n, err
		}
		progress(compared)
		n.Drawings += compared
		n.Owners++
	}
	return n, nil
}

func copyDrawings(ctx context.Context, owner string, from, to gallery.Store, progress func(int)) error {
	writes, ctx := errgroup.WithContext(ctx)
	writes.SetLimit(atOnce)
	for r, err := range from.All(ctx, owner) {
		if err != nil {
			return cmp.Or(writes.Wait(), err) // that of a write ends the reading, too
		}
		writes.Go(func() error {
			defer progress(1)
			if err := again(ctx, func() error { return copyDrawing(ctx, owner, r, from, to) }); err != nil {
				return fmt.Errorf("drawing %s of user %s: %w", r.ID, owner, err)
			}
			return nil
		})
	}
	return writes.Wait()
}

// copyDrawing writes a drawing, and then its share.
func copyDrawing(ctx context.Context, owner string, r gallery.Record, from, to gallery.Store) error {
	share := r.Share
	r.Share = gallery.Share{}
	err := to.Insert(ctx, owner, r)
	if errors.Is(err, gallery.ErrChanged) {
		err = nil // it was written before, and the answer lost; the comparison finds anything else
	}
	if err != nil || share == (gallery.Share{}) {
		return err
	}
	if _, err := to.Share(ctx, owner, r.ID, share); err != nil {
		return err
	}
	return copyCode(ctx, owner, share.Token, from, to)
}

// copyCode copies the code of a share, if it was made.
func copyCode(ctx context.Context, owner, token string, from, to gallery.Store) error {
	code, err := from.Code(ctx, owner, token)
	if err != nil || code == nil {
		return err
	}
	return to.SetCode(ctx, owner, token, code)
}

// compareDrawings returns how many drawings a user has, the same in both stores.
func compareDrawings(ctx context.Context, owner string, from, to gallery.Store) (int, error) {
	expected := map[drawing.ID][sha256.Size]byte{}
	for r, err := range from.All(ctx, owner) {
		if err != nil {
			return 0, err
		}
		expected[r.ID] = digest(current(r))
	}
	n := 0
	for r, err := range to.All(ctx, owner) {
		if err != nil {
			return 0, err
		}
		n++
		if want, ok := expected[r.ID]; !ok || want != digest(current(r)) {
			return 0, fmt.Errorf("drawing %s of user %s is not the same in the target: was the target used meanwhile?", r.ID, owner)
		}
		if err := compareShare(ctx, owner, r, from, to); err != nil {
			return 0, err
		}
	}
	if n != len(expected) {
		return 0, fmt.Errorf("user %s has %d drawings in the file, and %d in the target: was the target used meanwhile?", owner, len(expected), n)
	}
	return n, nil
}

// current replaces the check of an earlier revision by what it says of this one: nothing,
// unless a person refused that revision.
func current(r gallery.Record) gallery.Record {
	switch {
	case r.Check.Version == r.ETag:
	case r.Check.Person:
		r.Check = moderation.Check{Version: r.ETag, Verdict: r.Check.On(r.ETag), Person: true}
	default:
		r.Check = moderation.Check{}
	}
	return r
}

// compareShare follows a share's token to its drawing, and compares its code.
func compareShare(ctx context.Context, owner string, r gallery.Record, from, to gallery.Store) error {
	if r.Share == (gallery.Share{}) {
		return nil
	}
	sharer, id, err := to.FindShare(ctx, r.Share.Token)
	if err != nil && !errors.Is(err, gallery.ErrNotFound) {
		return err
	}
	if err != nil || sharer != owner || id != r.ID {
		return fmt.Errorf("the share of drawing %s of user %s does not lead to it in the target", r.ID, owner)
	}
	code, err := from.Code(ctx, owner, r.Share.Token)
	if err != nil {
		return err
	}
	moved, err := to.Code(ctx, owner, r.Share.Token)
	if err == nil && !bytes.Equal(moved, code) {
		err = fmt.Errorf("the code of drawing %s of user %s is not the same in the target: was the target used meanwhile?", r.ID, owner)
	}
	return err
}

// digest is equal for two sessions or records with equal fields.
func digest(v any) [sha256.Size]byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // every field of both types has a JSON form
	}
	return sha256.Sum256(text)
}
