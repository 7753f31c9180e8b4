package rediscache

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// MoveKey holds the mark: the ID of the move that wrote here, if one did, and usedSuffix
// once a service uses this Redis.
const (
	MoveKey    = "onestroke:move:{move}"
	usedSuffix = " used"
)

// use: usedSuffix → 1. Run twice, it does what it does once.
var use = redis.NewScript(`
local mark = redis.call('GET', KEYS[1]) or ''
if string.sub(mark, -#ARGV[1]) ~= ARGV[1] then redis.call('SET', KEYS[1], mark .. ARGV[1]) end
return 1
`)

// setMoved: ID, usedSuffix → whether there is no usedSuffix, and the mark is the ID.
var setMoved = redis.NewScript(`
local mark = redis.call('GET', KEYS[1]) or ''
if string.sub(mark, -#ARGV[2]) == ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
`)

// tryMark changes nothing. Redis asks for the right to read and to write the key of a
// script.
var tryMark = redis.NewScript(`return redis.call('EXISTS', KEYS[1])`)

// Moved fills move.Target.
func (s *Store) Moved(ctx context.Context) (id string, used bool, err error) {
	mark, err := s.redis.Get(ctx, MoveKey).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	id, used = strings.CutSuffix(mark, usedSuffix)
	return id, used, failure(ctx, "read the mark of a move", err)
}

// SetMoved fills move.Target.
func (s *Store) SetMoved(ctx context.Context, id string) (marked bool, err error) {
	marked, err = s.run(ctx, setMoved, MoveKey, id, usedSuffix).Bool()
	return marked, failure(ctx, "mark a move", err)
}

// Use notes that a service uses this Redis, also where no move wrote: what is in it is
// more than a move wrote. It may be called any number of times.
func (s *Store) Use(ctx context.Context) error {
	return failure(ctx, "note the use", s.run(ctx, use, MoveKey, usedSuffix).Err())
}

// errFound ends a scan.
var errFound = errors.New("found")

// IsEmpty fills move.Target. Without a user there is no session.
func (s *Store) IsEmpty(ctx context.Context) (bool, error) {
	err := s.scan(ctx, userKey("*"), func(redis.Cmdable, []string) error { return errFound })
	if errors.Is(err, errFound) {
		return false, nil
	}
	return err == nil, failure(ctx, "look for sessions", err)
}

// Clear fills move.Target.
func (s *Store) Clear(ctx context.Context) error {
	remove := func(server redis.Cmdable, keys []string) error {
		pipeline := server.Pipeline() // the keys of one command would have to be in one slot of a cluster
		for _, key := range keys {
			pipeline.Unlink(ctx, key)
		}
		_, err := pipeline.Exec(ctx)
		return err
	}
	err := s.scan(ctx, userKey("*"), remove)
	if err == nil {
		err = s.scan(ctx, codeKey("*"), remove)
	}
	return failure(ctx, "remove what a move wrote", err)
}

// scan calls found with the keys of each server that match a pattern, some at a time.
// One may be found twice.
func (s *Store) scan(ctx context.Context, pattern string, found func(server redis.Cmdable, keys []string) error) error {
	one := func(ctx context.Context, server redis.Cmdable) error {
		for cursor := uint64(0); ; {
			keys, next, err := server.Scan(ctx, cursor, pattern, scanBatch).Result()
			if err == nil && len(keys) > 0 {
				err = found(server, keys)
			}
			if err != nil || next == 0 {
				return err
			}
			cursor = next
		}
	}
	if cluster, ok := s.redis.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, server *redis.Client) error { return one(ctx, server) })
	}
	return one(ctx, s.redis)
}

// scanBatch is about how many keys Redis looks at for one command.
const scanBatch = 1000
