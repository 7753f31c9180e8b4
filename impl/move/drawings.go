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
		err := again(ctx, func(bool) (err error) {
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
	var present map[drawing.ID]string
	err := again(ctx, func(bool) (err error) {
		present, err = etags(ctx, owner, to)
		return err
	})
	if err != nil {
		return err
	}
	writes, ctx := errgroup.WithContext(ctx)
	writes.SetLimit(atOnce)
	for r, err := range from.All(ctx, owner) {
		if err != nil {
			return cmp.Or(writes.Wait(), err) // that of a write ends the reading, too
		}
		writes.Go(func() error {
			defer progress(1)
			err := again(ctx, func(repeated bool) error {
				if !repeated {
					err := copyDrawing(ctx, owner, r, present[r.ID], from, to)
					if !errors.Is(err, gallery.ErrChanged) {
						return err
					}
				}
				// It may have been written, and the answer lost.
				present, err := etag(ctx, owner, r.ID, to)
				if err != nil {
					return err
				}
				return copyDrawing(ctx, owner, r, present, from, to)
			})
			if err != nil {
				return fmt.Errorf("drawing %s of user %s: %w", r.ID, owner, err)
			}
			return nil
		})
	}
	return writes.Wait()
}

// etags returns the etag of each drawing that the owner has in a store. An etag
// changes whenever the drawing does.
func etags(ctx context.Context, owner string, store gallery.Store) (map[drawing.ID]string, error) {
	all := map[drawing.ID]string{}
	for after := (gallery.Position{}); ; {
		page, err := store.List(ctx, owner, after, gallery.MaxPage, false)
		if err != nil {
			return nil, err
		}
		for _, s := range page {
			all[s.ID] = s.ETag
			after = gallery.Position{CreatedAt: s.CreatedAt, ID: s.ID}
		}
		if len(page) < gallery.MaxPage {
			return all, nil
		}
	}
}

// copyDrawing writes a drawing unless the target has it, and then its share.
func copyDrawing(ctx context.Context, owner string, r gallery.Record, present string, from, to gallery.Store) error {
	share := r.Share
	r.Share = gallery.Share{}
	var err error
	switch present {
	case r.ETag:
	case "":
		err = to.Insert(ctx, owner, r)
	default: // of an earlier move; the drawing was changed since
		err = to.Replace(ctx, owner, present, r)
	}
	if check := current(r).Check; err == nil && present != "" && check != (moderation.Check{}) {
		err = copyCheck(ctx, owner, r.ID, check, to)
	}
	if err == nil && (present != "" || share != (gallery.Share{})) {
		err = copyShare(ctx, owner, r.ID, share, to)
	}
	if err == nil && share != (gallery.Share{}) {
		err = copyCode(ctx, owner, share.Token, from, to)
	}
	return err
}

// copyCheck gives a drawing that an earlier move copied the check that it has now.
func copyCheck(ctx context.Context, owner string, id drawing.ID, check moderation.Check, to gallery.Store) error {
	stored, err := to.Get(ctx, owner, id)
	if err != nil {
		return err
	}
	return to.SwapCheck(ctx, owner, id, stored.Check, check)
}

// etag returns the etag of a drawing; empty if there is none.
func etag(ctx context.Context, owner string, id drawing.ID, store gallery.Store) (string, error) {
	r, err := store.Get(ctx, owner, id)
	if errors.Is(err, gallery.ErrNotFound) {
		err = nil
	}
	return r.ETag, err
}

func copyShare(ctx context.Context, owner string, id drawing.ID, share gallery.Share, to gallery.Store) error {
	if share == (gallery.Share{}) {
		return to.Unshare(ctx, owner, id)
	}
	moved, err := to.Share(ctx, owner, id, share)
	if err != nil || moved == share {
		return err
	}
	// Of an earlier move; the drawing was shared anew since.
	if err := to.Unshare(ctx, owner, id); err != nil {
		return err
	}
	_, err = to.Share(ctx, owner, id, share)
	return err
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
