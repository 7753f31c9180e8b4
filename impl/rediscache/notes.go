package rediscache

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// swap: value as it was, as it becomes, milliseconds → 1 if done. No value is "".
var swap = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
`)

// Note fills [session.Notes].
func (s *Store) Note(ctx context.Context, name string) (string, error) {
	value, err := s.redis.Get(ctx, noteKey(name)).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return value, failure(ctx, "read a note", err)
}

// SwapNote fills [session.Notes].
func (s *Store) SwapNote(ctx context.Context, name, from, to string, hold time.Duration) (bool, error) {
	done, err := s.run(ctx, swap, noteKey(name), from, to, hold.Milliseconds()).Bool()
	return done, failure(ctx, "write a note", err)
}

func noteKey(name string) string { return "onestroke:note:{" + name + "}" }
