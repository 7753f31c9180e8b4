// Package move copies all that the SQLite file of a service holds to the stores of
// a service that runs on many machines, and compares both afterwards.
//
// What the target could not do in time is done again. A move that was interrupted is
// run again: what is in the target already is not written a second time. The service
// must not run meanwhile, neither on the file nor on the target.
package move

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"golang.org/x/sync/errgroup"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
	"onestroke/impl/session"
	"onestroke/impl/sqlitestore"
)

// atOnce bounds the writes under way. Each waits for the disks of a replica set.
const atOnce = 16

// SessionTarget is a store of sessions that takes one that was opened elsewhere.
type SessionTarget interface {
	session.Store
	// Open stores a session and its user's profile. It may be called again.
	Open(ctx context.Context, s session.Session) (session.Session, error)
}

// SessionCounts says how many sessions and login attempts were moved and compared.
type SessionCounts struct{ Sessions, Attempts int }

// Sessions copies sessions, profiles and the outcomes of login attempts, and then
// finds each of them in the target. Limits are not copied: they start anew.
func Sessions(ctx context.Context, from *sqlitestore.Sessions, to SessionTarget) (SessionCounts, error) {
	err := copySessions(ctx, from, to)
	if err != nil {
		return SessionCounts{}, err
	}
	return compareSessions(ctx, from, to)
}

func copySessions(ctx context.Context, from *sqlitestore.Sessions, to SessionTarget) error {
	for x, err := range from.All(ctx) {
		if err != nil {
			return err
		}
		open := func(bool) error {
			_, err := to.Open(ctx, x)
			return err
		}
		if err := again(ctx, open); err != nil {
			return err
		}
	}
	for a, err := range settledAttempts(ctx, from) {
		if err != nil {
			return err
		}
		claim := func(bool) error {
			_, err := to.Claim(ctx, a.CodeID, a.Attempt, a.Left)
			return err
		}
		if err := again(ctx, claim); err != nil {
			return err
		}
	}
	return nil
}

func compareSessions(ctx context.Context, from *sqlitestore.Sessions, to SessionTarget) (n SessionCounts, err error) {
	for x, err := range from.All(ctx) {
		if err != nil {
			return n, err
		}
		var moved session.Session
		err := again(ctx, func(bool) (err error) {
			moved, err = to.Find(ctx, x.User.ID, x.ID)
			return err
		})
		if err != nil && !errors.Is(err, session.ErrExpired) {
			return n, err
		}
		if err != nil || digest(moved) != digest(x) {
			return n, fmt.Errorf("session %s is not the same in the target: was the target used meanwhile?", x.ID)
		}
		n.Sessions++
	}
	for a, err := range settledAttempts(ctx, from) {
		if err != nil {
			return n, err
		}
		var moved session.Attempt
		err := again(ctx, func(bool) (err error) {
			moved, err = to.Attempt(ctx, a.CodeID)
			return err
		})
		if err != nil {
			return n, err
		}
		if !sameAttempt(moved, a.Attempt) {
			return n, fmt.Errorf("login attempt %s is not the same in the target: was the target used meanwhile?", a.CodeID)
		}
		n.Attempts++
	}
	return n, nil
}

// settledAttempts leaves out those that are pending: nobody waits for them any more.
func settledAttempts(ctx context.Context, from *sqlitestore.Sessions) func(yield func(sqlitestore.StoredAttempt, error) bool) {
	return func(yield func(sqlitestore.StoredAttempt, error) bool) {
		for a, err := range from.Attempts(ctx) {
			if err == nil && a.Pending() {
				continue
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

func sameAttempt(a, b session.Attempt) bool {
	return a.Kind == b.Kind && a.Proof == b.Proof && string(a.Nonce) == string(b.Nonce) && a.UserID == b.UserID &&
		fmt.Sprint(a.Err) == fmt.Sprint(b.Err)
}

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

// Checks makes the checks of the target those of the file, with all reports, compares
// them, and returns how many there are.
func Checks(ctx context.Context, from, to moderation.Store) (n int, err error) {
	if err := again(ctx, func(bool) error { return removeChecks(ctx, to) }); err != nil {
		return n, err
	}
	for t, err := range moderation.AllTasks(ctx, from) {
		if err != nil {
			return n, err
		}
		var moved moderation.Task
		err := again(ctx, func(bool) (err error) {
			if _, err = to.SwapTask(ctx, moderation.Task{Thing: t.Thing}, t); err == nil {
				moved, err = to.Task(ctx, t.Thing)
			}
			return err
		})
		if err != nil {
			return n, err
		}
		if !reflect.DeepEqual(moved, t) {
			return n, fmt.Errorf("the check of %s %s of user %s is not the same in the target: was the target used meanwhile?", t.Kind, t.ID, t.Owner)
		}
		n++
	}
	return n, nil
}

// removeChecks removes the checks of an earlier move.
func removeChecks(ctx context.Context, to moderation.Store) error {
	for t, err := range moderation.AllTasks(ctx, to) {
		if err == nil {
			_, err = to.SwapTask(ctx, t, moderation.Task{Thing: t.Thing})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// OperatorCounts says how many suspensions and entries of the trail were moved.
type OperatorCounts struct{ Suspensions, Entries int }

// Operators makes the suspensions of the target those of the file, copies the trail of
// the operators, and compares both.
func Operators(ctx context.Context, from, to operator.Store) (n OperatorCounts, err error) {
	for s, err := range operator.AllSuspensions(ctx, to) {
		if err == nil {
			err = to.RemoveSuspension(ctx, s.User) // of an earlier move
		}
		if err != nil {
			return n, err
		}
	}
	for s, err := range operator.AllSuspensions(ctx, from) {
		if err == nil {
			err = to.PutSuspension(ctx, s)
		}
		if err != nil {
			return n, err
		}
		moved, err := to.Suspension(ctx, s.User)
		if err != nil {
			return n, err
		}
		if moved != s {
			return n, fmt.Errorf("the suspension of user %s is not the same in the target: was the target used meanwhile?", s.User)
		}
		n.Suspensions++
	}
	for e, err := range operator.AllEntries(ctx, from) {
		if err == nil {
			err = to.PutEntry(ctx, e)
		}
		if err != nil {
			return n, err
		}
		n.Entries++
	}
	moved := map[string]operator.Entry{}
	for e, err := range operator.AllEntries(ctx, to) {
		if err != nil {
			return n, err
		}
		moved[e.ID] = e
	}
	for e, err := range operator.AllEntries(ctx, from) {
		if err != nil {
			return n, err
		}
		if moved[e.ID] != e {
			return n, fmt.Errorf("entry %s of the operators' trail is not the same in the target", e.ID)
		}
	}
	return n, nil
}

// Profiles copies all profiles, compares each with the copy, and returns how many
// there are. One that the target has is replaced.
func Profiles(ctx context.Context, from *sqlitestore.Drawings, to profile.Store) (n int, err error) {
	for p, err := range from.Profiles(ctx) {
		if err != nil {
			return n, err
		}
		var moved profile.Record
		err := again(ctx, func(bool) (err error) {
			moved, err = copyProfile(ctx, p.UserID, p.Record, to)
			return err
		})
		if err != nil {
			return n, err
		}
		if !reflect.DeepEqual(moved, p.Record) {
			return n, fmt.Errorf("the profile of user %s is not the same in the target: was the target used meanwhile?", p.UserID)
		}
		n++
	}
	return n, nil
}

// copyProfile returns the profile that the target has then.
func copyProfile(ctx context.Context, userID string, r profile.Record, to profile.Store) (profile.Record, error) {
	present, err := to.Profile(ctx, userID)
	if err == nil {
		_, err = to.SwapProfile(ctx, userID, present.Turn, r)
	}
	if err != nil {
		return profile.Record{}, err
	}
	return to.Profile(ctx, userID)
}
