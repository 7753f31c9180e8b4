package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/moderation"
)

// taskDocument is a [moderation.Task]. There are few: one is removed when its check
// has a result.
type taskDocument struct {
	Key     string `bson:"_id,omitempty"` // <owner>/<kind>/<id>
	Owner   string `bson:"owner"`
	Kind    string `bson:"kind"`
	ID      string `bson:"id"`
	Turn    string `bson:"turn"`
	Due     int64  `bson:"due"` // Unix milliseconds; 0 for one that waits for its author
	Version string `bson:"version"`
	Trace   string `bson:"trace"`
	Asked   int    `bson:"asked"`
	Fetched bool   `bson:"fetched"`

	Reports []moderation.Report `bson:"reports"`
}

func taskKey(t moderation.Thing) string { return t.Owner + "/" + string(t.Kind) + "/" + t.ID }

func (d taskDocument) task() moderation.Task {
	return moderation.Task{
		Thing: moderation.Thing{Kind: moderation.Kind(d.Kind), Owner: d.Owner, ID: d.ID},
		Turn:  d.Turn, Due: d.Due, Version: d.Version, Trace: d.Trace, Asked: d.Asked, Fetched: d.Fetched,
		Reports: d.Reports,
	}
}

// Task fills [moderation.Store].
func (s *Store) Task(ctx context.Context, t moderation.Thing) (moderation.Task, error) {
	return s.oneTask(ctx, byKey(taskKey(t)))
}

// TaskOf fills [moderation.Store].
func (s *Store) TaskOf(ctx context.Context, trace string) (moderation.Task, error) {
	if trace == "" {
		return moderation.Task{}, nil
	}
	return s.oneTask(ctx, bson.D{{Key: "trace", Value: trace}})
}

func (s *Store) oneTask(ctx context.Context, filter bson.D) (moderation.Task, error) {
	raw, err := find(ctx, s.tasks, filter, nil)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return moderation.Task{}, nil
	}
	var d taskDocument
	if err == nil {
		err = unmarshal(raw, &d)
	}
	return d.task(), failure(ctx, "read a check", err)
}

// DueTasks fills [moderation.Store].
func (s *Store) DueTasks(ctx context.Context, at time.Time, limit int) ([]moderation.Task, error) {
	due := bson.D{{Key: "due", Value: bson.D{{Key: "$gt", Value: 0}, {Key: "$lte", Value: at.UnixMilli()}}}}
	return s.allTasks(ctx, due, options.Find().SetSort(bson.D{{Key: "due", Value: 1}}).SetLimit(int64(limit)))
}

// AwayTasks fills [moderation.Store].
func (s *Store) AwayTasks(ctx context.Context, owners []string, at time.Time) ([]moderation.Task, error) {
	due := bson.E{Key: "due", Value: bson.D{{Key: "$lte", Value: at.UnixMilli()}}}
	return s.allTasks(ctx, bson.D{{Key: "owner", Value: bson.D{{Key: "$in", Value: owners}}}, due}, options.Find())
}

// Tasks fills [moderation.Store].
func (s *Store) Tasks(ctx context.Context, after moderation.Thing, limit int) ([]moderation.Task, error) {
	following := bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: taskKey(after)}}}}
	if after == (moderation.Thing{}) {
		following = bson.D{}
	}
	return s.allTasks(ctx, following, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit)))
}

func (s *Store) allTasks(ctx context.Context, filter bson.D, o *options.FindOptionsBuilder) ([]moderation.Task, error) {
	found, err := all[taskDocument](ctx, s.tasks, filter, o)
	var tasks []moderation.Task
	for _, d := range found {
		tasks = append(tasks, d.task())
	}
	return tasks, failure(ctx, "read checks", err)
}

// SwapTask compares the turn. The driver may send it twice, and then reports that
// another change came first, which the caller looks at again.
func (s *Store) SwapTask(ctx context.Context, from, to moderation.Task) (done bool, err error) {
	written := taskDocument{
		Owner: from.Owner, Kind: string(from.Kind), ID: from.ID, Turn: to.Turn, Due: to.Due,
		Version: to.Version, Trace: to.Trace, Asked: to.Asked, Fetched: to.Fetched, Reports: to.Reports,
	}
	unchanged := append(byKey(taskKey(from.Thing)), bson.E{Key: "turn", Value: from.Turn})
	switch {
	case from.Turn == "" && to.Turn == "":
		stored, err := s.Task(ctx, from.Thing)
		return err == nil && stored.Turn == "", err
	case from.Turn == "":
		written.Key = taskKey(from.Thing)
		err = insert(ctx, s.tasks, written)
		if mongo.IsDuplicateKeyError(err) {
			return false, nil
		}
		done = err == nil
	case to.Turn == "":
		done, err = remove(ctx, s.tasks, unchanged)
	default:
		done, err = update(ctx, s.tasks, unchanged, bson.D{{Key: "$set", Value: written}})
	}
	return done, failure(ctx, "write a check", err)
}
