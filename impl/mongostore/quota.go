package mongostore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
)

const (
	// leaseShare is the part of a quota that a process admits in advance: a
	// hundredth. A quota below that is admitted one by one.
	leaseShare = 100
	leaseLife  = time.Minute
	maxLeases  = 10_000
)

// leases are what this process may still admit of each owner, so that not every
// creation costs a second write.
type leases struct {
	mu    sync.Mutex
	owner *simplelru.LRU[string, *lease]
}

type lease struct {
	left  int
	until time.Time
}

// Admit counts an owner's drawings where it must, which is seldom. The owner's
// document in owners holds how many drawings there were when they were last
// counted, and all that were admitted since: never less than there are, as what
// was deleted since is not taken off. While a share of the quota is left of it,
// the process takes that at once, and admits as many creations within a minute
// without another word; when there is less, one at a time. When there is none, the
// drawings are counted anew.
//
// That count, and it alone, misses what is not written yet: creations that are
// under way, and what other processes have left of a share that they took in
// the last minute. As many drawings may be had beyond the quota, which is at
// most a hundredth of it for each other process. The count walks the index of
// the list, up to quota keys.
func (s *Store) Admit(ctx context.Context, owner string, quota int) error {
	for !s.leases.take(owner) {
		if err := ctx.Err(); err != nil {
			return failure(ctx, "admit drawing", err)
		}
		// Creations that come at once share one share.
		_, err, _ := s.leasing.Do(owner, func() (any, error) {
			return nil, s.lease(context.WithoutCancel(ctx), owner, quota)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lease takes what may be admitted next.
func (s *Store) lease(ctx context.Context, owner string, quota int) error {
	share := max(1, quota/leaseShare)
	for _, n := range slices.Compact([]int{share, 1}) {
		room := bson.D{{Key: "admitted", Value: bson.D{{Key: "$lte", Value: quota - n}}}}
		taken, err := s.update(ctx, s.owners, owner, room, bson.D{{Key: "$inc", Value: bson.D{{Key: "admitted", Value: n}}}})
		if err != nil {
			return failure(ctx, "admit drawing", err)
		}
		if taken {
			s.leases.add(owner, n)
			return nil
		}
	}
	there, err := s.drawings.CountDocuments(ctx, bson.D{{Key: "owner", Value: owner}}, options.Count().SetLimit(int64(quota)))
	if err != nil {
		return failure(ctx, "count drawings", err)
	}
	n := min(share, quota-int(there))
	if n <= 0 {
		return drawing.ErrQuota
	}
	counted := bson.D{{Key: "$set", Value: bson.D{{Key: "admitted", Value: int(there) + n}}}}
	_, err = s.owners.UpdateOne(ctx, byKey(owner), counted, options.UpdateOne().SetUpsert(true))
	if err != nil && !mongo.IsDuplicateKeyError(err) { // counted by another at the same moment
		return failure(ctx, "admit drawing", err)
	}
	s.leases.add(owner, n)
	return nil
}

func newLeases() leases {
	owner, _ := simplelru.NewLRU[string, *lease](maxLeases, nil) // fails for no positive size
	return leases{owner: owner}
}

// take tells whether there was one left to admit.
func (l *leases) take(owner string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, ok := l.owner.Get(owner)
	if !ok || held.left == 0 || !time.Now().Before(held.until) {
		return false
	}
	held.left--
	return true
}

func (l *leases) add(owner string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner.Add(owner, &lease{left: n, until: time.Now().Add(leaseLife)})
}

func (l *leases) drop(owner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner.Remove(owner)
}
