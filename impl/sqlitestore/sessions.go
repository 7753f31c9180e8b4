package sqlitestore

import (
	"context"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/session"
)

// Sessions fills [session.Store], [session.Buckets] and [session.Notes].
type Sessions struct{ db part }

// Sessions returns the database as the store of the sessions.
func (db *DB) Sessions() *Sessions { return &Sessions{part{db, session.ErrUnavailable}} }

const sessionColumns = `sessions.user_id, id, kind, label, created_at, last_used_at, expires_at, ` +
	`nickname, avatar_url, gender, language, country, province, city, sealed`

const deleteSession = `DELETE FROM sessions WHERE user_id = ?1 AND id = ?2`

func (s *Sessions) open(c *conn, x session.Session) (session.Session, error) {
	all, err := sessionsOf(c, x.User.ID)
	if err != nil {
		return x, err
	}
	now := s.db.now()
	for _, other := range ending(all, x, now) {
		if _, err := c.change(deleteSession, x.User.ID, other); err != nil {
			return x, err
		}
	}
	var stored session.Profile // the same with each session
	alive := slices.IndexFunc(all, func(other session.Session) bool { return other.ExpiresAt.After(now) })
	switch {
	case alive >= 0:
		stored = all[alive].User.Profile
	case len(all) > 0: // the profile has ended with the last of them
		if _, err := c.change(deleteProfile, x.User.ID); err != nil {
			return x, err
		}
	}
	_, err = c.change(`INSERT OR REPLACE INTO sessions (user_id, id, kind, label, created_at, last_used_at, expires_at, remove_at, sealed)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
		x.User.ID, x.ID, string(x.Kind), x.Label, x.CreatedAt.Unix(), x.LastUsedAt.Unix(), x.ExpiresAt.Unix(), s.removeAt(x), []byte(x.Sealed))
	switch {
	case err != nil:
	case x.User.Profile == session.Profile{}:
		x.User.Profile = stored
	case x.User.Profile != stored:
		err = putProfile(c, x.User.ID, x.User.Profile)
	}
	return x, err
}

func putProfile(c *conn, userID string, p session.Profile) error {
	_, err := c.change(`INSERT OR REPLACE INTO profiles (user_id, nickname, avatar_url, gender, language, country, province, city)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		userID, p.Nickname, p.AvatarURL, p.Gender, p.Language, p.Country, p.Province, p.City)
	return err
}

// SetProfile fills [session.Store].
func (s *Sessions) SetProfile(ctx context.Context, userID string, from, to session.Profile) (bool, error) {
	return write(ctx, s.db, "change a profile", func(c *conn) (bool, error) {
		all, err := sessionsOf(c, userID)
		if err != nil || len(all) == 0 || all[0].User.Profile != from || from == (session.Profile{}) {
			return false, err
		}
		if to == (session.Profile{}) {
			_, err = c.change(deleteProfile, userID)
		} else {
			err = putProfile(c, userID, to)
		}
		return err == nil, err
	})
}

const deleteProfile = `DELETE FROM profiles WHERE user_id = ?1`

// ending returns the IDs of the sessions that end when x begins.
func ending(all []session.Session, x session.Session, now time.Time) (ids []string) {
	var tokens []session.Session // oldest first
	for _, other := range all {
		switch {
		case other.ID == x.ID:
		case !other.ExpiresAt.After(now), other.Kind == session.Code && x.Kind == session.Code:
			ids = append(ids, other.ID)
		case other.Kind == session.Token && x.Kind == session.Token:
			tokens = append(tokens, other)
		}
	}
	for i := range len(tokens) - session.MaxTokens + 1 {
		ids = append(ids, tokens[i].ID)
	}
	return ids
}

// removeAt is when a session may be removed: its life as the caller counts it,
// from now on by the clock here. Redis does the same.
func (s *Sessions) removeAt(x session.Session) int64 {
	return s.db.after(x.ExpiresAt.Sub(x.LastUsedAt))
}

// after is the time in a while, in Unix milliseconds.
func (db *DB) after(d time.Duration) int64 { return db.now().Add(d).UnixMilli() }

// Find fills [session.Store].
func (s *Sessions) Find(ctx context.Context, userID, id string) (x session.Session, err error) {
	err = s.db.read(ctx, "find a session", func(c *conn) error {
		var found bool
		x, found, err = sessionOf(c, userID, id)
		if err == nil && !found {
			err = session.ErrExpired
		}
		return err
	})
	return x, err
}

// Renew fills [session.Store].
func (s *Sessions) Renew(ctx context.Context, from, to session.Session) (bool, error) {
	return write(ctx, s.db, "renew a session", func(c *conn) (bool, error) {
		n, err := c.change(`UPDATE sessions SET kind = ?3, label = ?4, created_at = ?5, last_used_at = ?6, expires_at = ?7, remove_at = ?8
			WHERE user_id = ?1 AND id = ?2 AND kind = ?9 AND label = ?10 AND created_at = ?11 AND last_used_at = ?12 AND expires_at = ?13`,
			to.User.ID, to.ID, string(to.Kind), to.Label, to.CreatedAt.Unix(), to.LastUsedAt.Unix(), to.ExpiresAt.Unix(), s.removeAt(to),
			string(from.Kind), from.Label, from.CreatedAt.Unix(), from.LastUsedAt.Unix(), from.ExpiresAt.Unix())
		if err != nil || n == 0 || to.Kind != session.Code {
			return n == 1, err
		}
		// A code must be known for as long as its session lives.
		_, err = c.change(`UPDATE attempts SET remove_at = ?2 WHERE code_id = ?1`, to.ID, s.removeAt(to))
		return true, err
	})
}

// List fills [session.Store].
func (s *Sessions) List(ctx context.Context, userID string) (all []session.Session, err error) {
	err = s.db.read(ctx, "list sessions", func(c *conn) error {
		all, err = sessionsOf(c, userID)
		return err
	})
	return all, err
}

// End fills [session.Store].
func (s *Sessions) End(ctx context.Context, userID, id string) error {
	return s.endWhere(ctx, "end a session", deleteSession, userID, id)
}

// EndOthers fills [session.Store].
func (s *Sessions) EndOthers(ctx context.Context, userID, keep string) error {
	return s.endWhere(ctx, "end sessions", `DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2`, userID, keep)
}

// endWhere runs a statement that deletes sessions of a user, and the profile with the
// last one.
func (s *Sessions) endWhere(ctx context.Context, what, statement, userID, id string) error {
	return s.db.write(ctx, what, func(c *conn) error {
		n, err := c.change(statement, userID, id)
		if err != nil || n == 0 {
			return err
		}
		return dropProfile(c, userID)
	})
}

// dropProfile removes the profile of a user who has no session.
func dropProfile(c *conn, userID string) error {
	_, err := c.change(`DELETE FROM profiles WHERE user_id = ?1 AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1)`, userID)
	return err
}

// sessionsOf returns the sessions of a user, oldest first.
func sessionsOf(c *conn, userID string) (all []session.Session, err error) {
	err = c.each(`SELECT `+sessionColumns+` FROM sessions LEFT JOIN profiles USING (user_id) WHERE sessions.user_id = ?1`,
		func(s *sqlite3.Stmt) error {
			all = append(all, scanSession(s))
			return nil
		}, userID)
	slices.SortFunc(all, func(a, b session.Session) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, err
}

func sessionOf(c *conn, userID, id string) (x session.Session, found bool, err error) {
	found, err = c.first(`SELECT `+sessionColumns+` FROM sessions LEFT JOIN profiles USING (user_id) WHERE sessions.user_id = ?1 AND id = ?2`,
		func(s *sqlite3.Stmt) error {
			x = scanSession(s)
			return nil
		}, userID, id)
	return x, found, err
}

func scanSession(s *sqlite3.Stmt) session.Session {
	return session.Session{
		ID:         s.ColumnText(1),
		Kind:       session.Kind(s.ColumnText(2)),
		Label:      s.ColumnText(3),
		CreatedAt:  seconds(s, 4),
		LastUsedAt: seconds(s, 5),
		ExpiresAt:  seconds(s, 6),
		Sealed:     string(s.ColumnRawBlob(14)),
		User: session.User{ID: s.ColumnText(0), Profile: session.Profile{ // no profile is NULL, which reads as zero
			Nickname:  s.ColumnText(7),
			AvatarURL: s.ColumnText(8),
			Gender:    s.ColumnInt(9),
			Language:  s.ColumnText(10),
			Country:   s.ColumnText(11),
			Province:  s.ColumnText(12),
			City:      s.ColumnText(13),
		}},
	}
}

func seconds(s *sqlite3.Stmt, column int) time.Time { return time.Unix(s.ColumnInt64(column), 0).UTC() }
