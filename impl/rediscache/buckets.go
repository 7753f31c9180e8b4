package rediscache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/session"
)

// take is the generic cell rate algorithm: the key holds the time, in ms, at which
// the bucket is full again. By the server's clock, so that replicas agree. A bucket
// fills in a minute: a time beyond that was stored before the clock stepped back.
// requests a minute, requests wanted → taken, left, ms until full, ms until the next.
var take = redis.NewScript(`
local key, limit, wanted = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local each = 60000 / limit
local stored = tonumber(redis.call('GET', key) or '0')
local full = math.min(math.max(stored, now), now + 60000)
local there = math.floor((60000 - (full - now)) / each + 0.000001)
local taken = math.max(0, math.min(wanted, there))
if taken > 0 or stored > full then
  full = full + taken * each
  redis.call('SET', key, string.format('%.3f', full), 'PX', math.ceil(full - now))
end
local wait = 0
if there - taken < 1 then wait = math.ceil(each - (60000 - (full - now))) end
return {taken, there - taken, math.ceil(full - now), wait}
`)

// Take fills [session.Buckets].
func (s *Store) Take(ctx context.Context, subject string, r session.Rate, n int) (int, session.Allowance, error) {
	v, err := s.run(ctx, take, rateKey(r.Name, subject), r.PerMinute, n).Int64Slice()
	if err != nil {
		return 0, session.Allowance{}, failure(ctx, "take from a bucket", err)
	}
	return int(v[0]), session.Allowance{
		Rate: r, Left: int(v[1]),
		Reset: time.Duration(v[2]) * time.Millisecond,
		Wait:  time.Duration(v[3]) * time.Millisecond,
	}, nil
}

func rateKey(name, subject string) string { return "onestroke:rate:" + name + ":{" + subject + "}" }
