package sqlitestore

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/profile"
)

const profileColumns = `turn, content, avatar`

// Profile fills [profile.Store].
func (d *Drawings) Profile(ctx context.Context, userID string) (a profile.Record, err error) {
	err = d.db.read(ctx, "read a profile", func(c *conn) error {
		_, err := c.first(`SELECT `+profileColumns+` FROM public_profiles WHERE user_id = ?1`, func(s *sqlite3.Stmt) (err error) {
			a, err = scanProfile(s)
			return err
		}, userID)
		return err
	})
	return a, err
}

// SwapProfile fills [profile.Store]. Only another nickname or avatar needs room: none, or a
// decision about the one that is there, may use the reserve.
func (d *Drawings) SwapProfile(ctx context.Context, userID, turn string, to profile.Record) (bool, error) {
	content, err := json.Marshal(to)
	if err != nil {
		return false, fmt.Errorf("encode a profile: %w", err)
	}
	return write(ctx, d.db, "write a profile", func(c *conn) (bool, error) {
		stored, known := "", false
		_, err := c.first(`SELECT turn, (?2 = '' OR content ->> 'nickname' IS ?2) AND (?3 IS NULL OR avatar IS ?3) FROM public_profiles WHERE user_id = ?1`,
			func(s *sqlite3.Stmt) error {
				stored, known = s.ColumnText(0), s.ColumnBool(1)
				return nil
			}, userID, to.Nickname, to.Avatar)
		if err != nil || stored != turn {
			return false, err
		}
		if to.Turn == turn {
			return true, nil
		}
		if to.Turn == "" {
			_, err = c.change(`DELETE FROM public_profiles WHERE user_id = ?1`, userID)
			return err == nil, err
		}
		if !known {
			if err := d.db.hasRoom(c); err != nil {
				return false, err
			}
		}
		_, err = c.change(`INSERT OR REPLACE INTO public_profiles (user_id, `+profileColumns+`) VALUES (?1, ?2, ?3, ?4)`,
			userID, to.Turn, string(content), to.Avatar)
		return err == nil, err
	})
}

// StoredProfile is a profile with its user.
type StoredProfile struct {
	profile.Record
	UserID string
}

// profileBatch bounds how many profiles are in memory: an avatar takes up to 100 KB.
const profileBatch = 50

// Profiles yields every profile, in the order of their users. An error ends it.
func (d *Drawings) Profiles(ctx context.Context) iter.Seq2[StoredProfile, error] {
	return batches(func(after StoredProfile) (batch []StoredProfile, err error) {
		err = d.db.read(ctx, "read all profiles", func(c *conn) error {
			return c.each(`SELECT `+profileColumns+`, user_id FROM public_profiles WHERE user_id > ?1 ORDER BY user_id LIMIT ?2`,
				func(s *sqlite3.Stmt) error {
					a, err := scanProfile(s)
					batch = append(batch, StoredProfile{a, s.ColumnText(3)})
					return err
				}, after.UserID, profileBatch)
		})
		return batch, err
	})
}

func scanProfile(s *sqlite3.Stmt) (a profile.Record, err error) {
	if err := json.Unmarshal(s.ColumnRawText(1), &a); err != nil {
		return profile.Record{}, fmt.Errorf("read a stored profile: %w", err)
	}
	a.Turn, a.Avatar = s.ColumnText(0), data(s, 2)
	return a, nil
}
