package rediscache

import "github.com/redis/go-redis/v9"

// open: field, session, profile or "", seconds that the session has left, most tokens
// → the profile that is stored then. What has expired is decided by the clock of the
// server: that of a replica may be wrong. The profile ends with the last session, also if
// the key outlasts that, as it does when a longer one was ended. Run twice for one session,
// it does what it does once.
var open = redis.NewScript(`
local key, id, session, profile = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local left, most = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = tonumber(redis.call('TIME')[1])

local function kind(s) return string.lower(string.sub(s, 1, 1)) end
local function expires(s) return tonumber(string.sub(s, 2, 9), 16) end
local function created(s) return tonumber(string.sub(s, 10, 17), 16) end

local last, tokens, alive = expires(session), {}, false
local fields = redis.call('HGETALL', key)
for i = 1, #fields, 2 do
  local f, s = fields[i], fields[i + 1]
  if f == id then
    alive = true
  elseif f ~= 'p' then
    alive = alive or expires(s) > now
    if expires(s) <= now or (kind(s) == 'c' and kind(session) == 'c') then
      redis.call('HDEL', key, f)
    else
      last = math.max(last, expires(s))
      if kind(s) == 't' then table.insert(tokens, {f, created(s)}) end
    end
  end
end
if kind(session) == 't' then
  table.sort(tokens, function(a, b) return a[2] < b[2] end)
  for i = 1, #tokens - most + 1 do redis.call('HDEL', key, tokens[i][1]) end
end
if not alive then redis.call('HDEL', key, 'p') end
redis.call('HSET', key, id, session)
if profile ~= '' then redis.call('HSET', key, 'p', profile) end
redis.call('PEXPIRE', key, math.max(last - now, left) * 1000)
return redis.call('HGET', key, 'p') or ''
`)

// renew: field, session as it was, as it becomes, milliseconds it has left → 1 if done.
var renew = redis.NewScript(`
local key, id, left = KEYS[1], ARGV[1], tonumber(ARGV[4])
if redis.call('HGET', key, id) ~= ARGV[2] then return 0 end
redis.call('HSET', key, id, ARGV[3])
if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, left) end
return 1
`)

// end: field → 1. A profile without a session is not kept.
var end = redis.NewScript(`
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[1]) == redis.call('HEXISTS', KEYS[1], 'p') then redis.call('DEL', KEYS[1]) end
return 1
`)

// endOthers: field to keep → 1. As end, it keeps no profile alone.
var endOthers = redis.NewScript(`
for _, f in ipairs(redis.call('HKEYS', KEYS[1])) do
  if f ~= 'p' and f ~= ARGV[1] then redis.call('HDEL', KEYS[1], f) end
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then redis.call('DEL', KEYS[1]) end
return 1
`)

// claim: attempt, milliseconds → the attempt that stands.
var claim = redis.NewScript(`
local standing = redis.call('GET', KEYS[1])
if standing then return standing end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`)

// settle: attempt as it was, its outcome, milliseconds → 1 if done. Run twice, it is done once.
var settle = redis.NewScript(`
local standing = redis.call('GET', KEYS[1])
if standing == ARGV[2] then return 1 end
if standing ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`)

// setProfile: profile as it was, as it becomes or "" → 1 if done.
var setProfile = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'p') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], 'p') else redis.call('HSET', KEYS[1], 'p', ARGV[2]) end
return 1
`)
