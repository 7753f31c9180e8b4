// Package rediscache stores sessions, login attempts and the buckets of rate limits
// in Redis. If Redis loses its data, everyone must log in again, and every limit
// starts anew; nothing else is lost.
//
// There are six kinds of keys. Every command or script uses one key, so that it is
// atomic on a single Redis and on Redis Cluster:
//
//	onestroke:user:{<user ID>}   hash: the profile "p", and one field for each session, named by its ID
//	onestroke:code:{<code ID>}   string: the login attempt with a code; says whose session the code opens
//	onestroke:rate:<limit>:{<subject>}   string: when a bucket is full again
//	onestroke:note:{<name>}   string: a small value for all replicas, such as WeChat's access token, sealed
//	onestroke:move:{move}   string: which move wrote the sessions, and whether a service has used this Redis
//	onestroke:check:{<random>}   string, for a second: whether Redis takes writes
//
// None holds a credential, a session key, or an openid that is not encrypted. The key of a user expires
// with the last session in it, that of a bucket when it is full.
package rediscache

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/session"
	"onestroke/impl/telemetry"
)

// Timeout is how long a call of a [Store] may take whose context has no deadline. The
// breakers of the store see to that.
const Timeout = 2 * time.Second

// Store fills [session.Store], [session.Buckets] and [session.Notes].
type Store struct {
	redis redis.UniversalClient
	// pipelines is nil for a cluster: one server that does not answer would hold up
	// the commands for the others.
	pipelines *pipelines
}

// New returns a store on client, which may be that of a single Redis, of a
// Sentinel group or of a cluster. Closing it stays with the caller.
func New(client redis.UniversalClient) *Store {
	if _, isCluster := client.(*redis.ClusterClient); isCluster {
		return &Store{redis: client}
	}
	return &Store{client, &pipelines{redis: client}}
}

// process sends a command and waits for its answer. If the context ends before, the
// command must not be read.
func (s *Store) process(ctx context.Context, command redis.Cmder) error {
	if s.pipelines == nil {
		return s.redis.Process(ctx, command)
	}
	if err := s.pipelines.send(ctx, command); err != nil {
		return err
	}
	return command.Err()
}

// run runs a script on a key.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	command := evalSHA(ctx, script, key, args)
	err := s.process(ctx, command)
	switch {
	case redis.HasErrorPrefix(err, "NOSCRIPT"):
		return script.Eval(ctx, s.redis, []string{key}, args...)
	case err != nil:
		return failed(ctx, err)
	}
	return command
}

func evalSHA(ctx context.Context, script *redis.Script, key string, args []any) *redis.Cmd {
	command := redis.NewCmd(ctx, append([]any{"evalsha", script.Hash(), 1, key}, args...)...)
	command.SetFirstKeyPos(3)
	return command
}

// failed is a command that has an error instead of an answer.
func failed(ctx context.Context, err error) *redis.Cmd {
	command := redis.NewCmd(ctx)
	command.SetErr(err)
	return command
}

// Pool is the state of the connections.
func (s *Store) Pool() telemetry.Pool {
	p := s.redis.PoolStats()
	return telemetry.Pool{Idle: int(p.IdleConns), InUse: int(p.TotalConns - p.IdleConns), Waiting: int(p.PendingRequests)}
}

// CanRead fails if Redis cannot be read. It is not a PING, which Redis refuses when
// it refuses writes. Each call may ask another server of a cluster.
func (s *Store) CanRead(ctx context.Context) error {
	err := s.redis.Exists(ctx, checkKey()).Err()
	return failure(ctx, "try to read", err)
}

// write writes what expires after a second.
var write = redis.NewScript(`return redis.call('SET', KEYS[1], '', 'PX', 1000)`)

// CanWrite fails if Redis refuses writes: it is full, it is a replica, it could not
// save its data, or its user may not run scripts, which open sessions.
func (s *Store) CanWrite(ctx context.Context) error {
	err := s.run(ctx, write, checkKey()).Err()
	return failure(ctx, "try to write", err)
}

// Open stores a session that was opened elsewhere; see move.SessionTarget.
func (s *Store) Open(ctx context.Context, x session.Session) (session.Session, error) {
	return opened(ctx, x, s.run(ctx, open, userKey(x.User.ID), openArgs(x)...))
}

// Find fills [session.Store].
func (s *Store) Find(ctx context.Context, userID, id string) (session.Session, error) {
	fields := redis.NewSliceCmd(ctx, "hmget", userKey(userID), id, profileField)
	if err := s.process(ctx, fields); err != nil {
		return session.Session{}, failure(ctx, "find a session", err)
	}
	values := fields.Val()
	found, ok := values[0].(string)
	if !ok || id == profileField {
		return session.Session{}, session.ErrExpired
	}
	profile, _ := values[1].(string)
	return decode(userID, id, found, profile)
}

// Renew fills [session.Store].
func (s *Store) Renew(ctx context.Context, from, to session.Session) (bool, error) {
	left := to.ExpiresAt.Sub(to.LastUsedAt)
	if to.Kind == session.Code {
		// First, and harmless alone: a code must be known for as long as its session lives.
		if err := s.redis.PExpire(ctx, codeKey(to.ID), left).Err(); err != nil {
			return false, failure(ctx, "renew a code", err)
		}
	}
	done, err := s.run(ctx, renew, userKey(to.User.ID), to.ID, encodeSession(from), encodeSession(to), left.Milliseconds()).Bool()
	return done, failure(ctx, "renew a session", err)
}

// List fills [session.Store].
func (s *Store) List(ctx context.Context, userID string) ([]session.Session, error) {
	fields, err := s.redis.HGetAll(ctx, userKey(userID)).Result()
	if err != nil {
		return nil, failure(ctx, "list sessions", err)
	}
	profile := fields[profileField]
	delete(fields, profileField)
	all := make([]session.Session, 0, len(fields))
	for id, value := range fields {
		x, err := decode(userID, id, value, profile)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

// End fills [session.Store].
func (s *Store) End(ctx context.Context, userID, id string) error {
	if id == profileField {
		return nil
	}
	return failure(ctx, "end a session", s.run(ctx, end, userKey(userID), id).Err())
}

// EndOthers fills [session.Store].
func (s *Store) EndOthers(ctx context.Context, userID, keep string) error {
	return failure(ctx, "end sessions", s.run(ctx, endOthers, userKey(userID), keep).Err())
}

// SetProfile fills [session.Store].
func (s *Store) SetProfile(ctx context.Context, userID string, from, to session.Profile) (bool, error) {
	next := ""
	if to != (session.Profile{}) {
		next = encodeProfile(to)
	}
	done, err := s.run(ctx, setProfile, userKey(userID), encodeProfile(from), next).Bool()
	return done, failure(ctx, "change a profile", err)
}

// Claim fills [session.Store].
func (s *Store) Claim(ctx context.Context, codeID string, a session.Attempt, hold time.Duration) (session.Attempt, error) {
	value, err := s.run(ctx, claim, codeKey(codeID), encodeAttempt(a), hold.Milliseconds()).Text()
	if err != nil {
		return session.Attempt{}, failure(ctx, "claim a login", err)
	}
	return decodeAttempt(value)
}

// Settle fills [session.Store].
func (s *Store) Settle(ctx context.Context, codeID string, from, to session.Attempt, hold time.Duration) error {
	return settled(ctx, s.run(ctx, settle, codeKey(codeID), settleArgs(from, to, hold)...))
}

// Complete fills [session.Store]. One server executes commands in the order in which
// they are sent. The nodes of a cluster do not, nor does a server that does not know
// a script yet.
func (s *Store) Complete(ctx context.Context, x session.Session, codeID string, from, to session.Attempt, hold time.Duration) (session.Session, error) {
	if s.pipelines != nil {
		opening := evalSHA(ctx, open, userKey(x.User.ID), openArgs(x))
		settling := evalSHA(ctx, settle, codeKey(codeID), settleArgs(from, to, hold))
		if err := s.pipelines.send(ctx, opening, settling); err != nil {
			return session.Session{}, failure(ctx, "open a session", err)
		}
		if !redis.HasErrorPrefix(opening.Err(), "NOSCRIPT") && !redis.HasErrorPrefix(settling.Err(), "NOSCRIPT") {
			stored, err := opened(ctx, x, opening)
			return stored, errors.Join(err, settled(ctx, settling))
		}
	}
	stored, err := s.Open(ctx, x)
	if err != nil {
		return stored, err
	}
	return stored, s.Settle(ctx, codeID, from, to, hold)
}

// Attempt fills [session.Store].
func (s *Store) Attempt(ctx context.Context, codeID string) (session.Attempt, error) {
	value, err := s.redis.Get(ctx, codeKey(codeID)).Result()
	if errors.Is(err, redis.Nil) {
		return session.Attempt{}, nil
	}
	if err != nil {
		return session.Attempt{}, failure(ctx, "look a code up", err)
	}
	return decodeAttempt(value)
}

// Forget fills [session.Store].
func (s *Store) Forget(ctx context.Context, codeID string) error {
	return failure(ctx, "forget a code", s.redis.Del(ctx, codeKey(codeID)).Err())
}

func openArgs(x session.Session) []any {
	newest := ""
	if x.User.Profile != (session.Profile{}) {
		newest = encodeProfile(x.User.Profile)
	}
	return []any{x.ID, encodeSession(x), newest, x.ExpiresAt.Unix() - x.LastUsedAt.Unix(), session.MaxTokens}
}

// opened returns the session with the profile that open answers with.
func opened(ctx context.Context, x session.Session, answer *redis.Cmd) (session.Session, error) {
	stored, err := answer.Text()
	if err != nil {
		return session.Session{}, failure(ctx, "open a session", err)
	}
	x.User.Profile, err = decodeProfile(stored)
	return x, err
}

func settleArgs(from, to session.Attempt, hold time.Duration) []any {
	return []any{encodeAttempt(from), encodeAttempt(to), hold.Milliseconds()}
}

var errClaimRunOut = errors.New("the claim has run out")

func settled(ctx context.Context, answer *redis.Cmd) error {
	done, err := answer.Bool()
	if err == nil && !done {
		return fmt.Errorf("settle a login: %w: %w", session.ErrUnavailable, errClaimRunOut)
	}
	return failure(ctx, "settle a login", err)
}

const profileField = "p" // no session's ID: those have 22 characters

func userKey(userID string) string { return "onestroke:user:{" + userID + "}" }
func codeKey(codeID string) string { return "onestroke:code:{" + codeID + "}" }
func checkKey() string             { return "onestroke:check:{" + rand.Text() + "}" }
