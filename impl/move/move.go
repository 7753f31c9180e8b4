// Package move copies all that the SQLite file of a service holds to the stores of
// a service that runs on many machines, and compares both afterwards.
//
// What the target could not do in time is done again. A move that was interrupted is
// run again, and begins anew: see [Begin]. The service must not run meanwhile, neither
// on the file nor on the target.
package move

import (
	"context"
	"fmt"
	"reflect"

	"onestroke/impl/moderation"
	"onestroke/impl/operator"
	"onestroke/impl/profile"
	"onestroke/impl/sqlitestore"
)

// atOnce bounds the writes under way. Each waits for the disks of a replica set.
const atOnce = 16

// Checks copies all checks, with their reports, compares each with the copy, and returns
// how many there are.
func Checks(ctx context.Context, from, to moderation.Store) (n int, err error) {
	for t, err := range moderation.AllTasks(ctx, from) {
		if err != nil {
			return n, err
		}
		var moved moderation.Task
		err := again(ctx, func() (err error) {
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

// OperatorCounts says how many suspensions and entries of the trail were moved.
type OperatorCounts struct{ Suspensions, Entries int }

// Operators copies the suspensions and the trail of the operators, and compares both.
func Operators(ctx context.Context, from, to operator.Store) (n OperatorCounts, err error) {
	for s, err := range operator.AllSuspensions(ctx, from) {
		if err != nil {
			return n, err
		}
		var moved operator.Suspension
		err := again(ctx, func() (err error) {
			if err = to.PutSuspension(ctx, s); err == nil {
				moved, err = to.Suspension(ctx, s.User)
			}
			return err
		})
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
			err = again(ctx, func() error { return to.PutEntry(ctx, e) })
		}
		if err != nil {
			return n, err
		}
		n.Entries++
	}
	moved := map[string]operator.Entry{}
	err = again(ctx, func() error {
		for e, err := range operator.AllEntries(ctx, to) {
			if err != nil {
				return err
			}
			moved[e.ID] = e
		}
		return nil
	})
	if err != nil {
		return n, err
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
// there are.
func Profiles(ctx context.Context, from *sqlitestore.Drawings, to profile.Store) (n int, err error) {
	for p, err := range from.Profiles(ctx) {
		if err != nil {
			return n, err
		}
		var moved profile.Record
		err := again(ctx, func() (err error) {
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
