package sqlitestore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/ncruces/go-sqlite3"

	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
)

// Drawings fills [gallery.Store], [moderation.Store], [profile.Store] and [operator.Store].
type Drawings struct{ db part }

// Drawings returns the database as the store of the drawings.
func (db *DB) Drawings() *Drawings { return &Drawings{part{db, gallery.ErrUnavailable}} }

const (
	summaryColumns = `id, created_at, updated_at, revision, etag, properties, measures`
	recordColumns  = summaryColumns + `, thumbnail, previous_etag, paint_id, share_token, packed, actions, verdict`
)

// Insert fills [gallery.Store].
func (d *Drawings) Insert(ctx context.Context, owner string, r gallery.Record) error {
	return d.db.write(ctx, "insert a drawing", func(c *conn) error {
		if err := d.db.hasRoom(c); err != nil {
			return err
		}
		taken, err := c.first(`SELECT 1 FROM drawings WHERE owner = ?1 AND id = ?2`, ignore, owner, r.ID[:])
		if err != nil {
			return err
		}
		if taken {
			return gallery.ErrChanged
		}
		properties, measures, err := encode(r)
		if err != nil {
			return err
		}
		verdict, err := encodeCheck(r.Check)
		if err != nil {
			return err
		}
		token, digest := shareValues(r.Share)
		if _, err := c.change(`INSERT INTO contents (packed, actions) VALUES (?1, ?2)`, r.Packed, r.Actions); err != nil {
			return err
		}
		_, err = c.change(`INSERT INTO drawings (owner, id, created_at, updated_at, revision, etag, previous_etag, properties, measures,
			paint_id, share_token, share_digest, content, thumbnail, verdict)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, last_insert_rowid(), ?13, ?14)`,
			owner, r.ID[:], r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli(), r.Revision, r.ETag, r.PreviousETag, properties, measures,
			r.PaintID, token, digest, r.Thumbnail, verdict)
		return err
	})
}

// Replace fills [gallery.Store].
func (d *Drawings) Replace(ctx context.Context, owner, etag string, r gallery.Record) error {
	return d.db.write(ctx, "replace a drawing", func(c *conn) error {
		if r.ETag == etag {
			found, err := c.first(`SELECT 1 FROM drawings WHERE owner = ?1 AND id = ?2 AND etag = ?3`, ignore, owner, r.ID[:], etag)
			if err == nil && !found {
				err = gallery.ErrChanged
			}
			return err
		}
		if err := d.db.hasRoom(c); err != nil {
			return err
		}
		properties, measures, err := encode(r)
		if err != nil {
			return err
		}
		n, err := c.change(`UPDATE drawings SET updated_at = ?3, revision = ?4, etag = ?5, previous_etag = ?6, properties = ?7, measures = ?8,
			paint_id = ?9, thumbnail = ?10 WHERE owner = ?1 AND id = ?2 AND etag = ?11`,
			owner, r.ID[:], r.UpdatedAt.UnixMilli(), r.Revision, r.ETag, r.PreviousETag, properties, measures,
			r.PaintID, r.Thumbnail, etag)
		if err != nil {
			return err
		}
		if n == 0 {
			return gallery.ErrChanged
		}
		_, err = c.change(`UPDATE contents SET packed = ?3, actions = ?4
			WHERE content = (SELECT content FROM drawings WHERE owner = ?1 AND id = ?2)`, owner, r.ID[:], r.Packed, r.Actions)
		return err
	})
}

// Get fills [gallery.Store].
func (d *Drawings) Get(ctx context.Context, owner string, id drawing.ID) (r gallery.Record, err error) {
	err = d.db.read(ctx, "get a drawing", func(c *conn) error {
		found, err := c.first(`SELECT `+recordColumns+` FROM drawings JOIN contents USING (content) WHERE owner = ?1 AND id = ?2`,
			func(s *sqlite3.Stmt) (err error) {
				r, err = scanRecord(s)
				return err
			}, owner, id[:])
		if err == nil && !found {
			err = gallery.ErrNotFound
		}
		return err
	})
	return r, err
}

// Delete fills [gallery.Store].
func (d *Drawings) Delete(ctx context.Context, owner string, id drawing.ID, p gallery.Precondition) error {
	return d.db.write(ctx, "delete a drawing", func(c *conn) error {
		var etag string
		var content int64
		found, err := c.first(`SELECT etag, content FROM drawings WHERE owner = ?1 AND id = ?2`, func(s *sqlite3.Stmt) error {
			etag, content = s.ColumnText(0), s.ColumnInt64(1)
			return nil
		}, owner, id[:])
		if err != nil || !found {
			return err
		}
		if !p.Allows(etag) {
			return gallery.ErrChanged
		}
		if _, err := c.change(`DELETE FROM drawings WHERE owner = ?1 AND id = ?2`, owner, id[:]); err != nil {
			return err
		}
		_, err = c.change(deleteContent, content)
		return err
	})
}

const deleteContent = `DELETE FROM contents WHERE content = ?1`

// List fills [gallery.Store].
func (d *Drawings) List(ctx context.Context, owner string, after gallery.Position, limit int, thumbnails bool) ([]gallery.Summary, error) {
	ms := int64(math.MaxInt64)
	if after != (gallery.Position{}) {
		ms = after.CreatedAt.UnixMilli()
	}
	columns := summaryColumns
	if thumbnails {
		columns += `, thumbnail`
	}
	items := make([]gallery.Summary, 0, min(limit, gallery.MaxPage+1))
	err := d.db.read(ctx, "list drawings", func(c *conn) error {
		return c.each(`SELECT `+columns+` FROM drawings WHERE owner = ?1 AND (created_at, id) < (?2, ?3)
			ORDER BY created_at DESC, id DESC LIMIT ?4`, func(s *sqlite3.Stmt) error {
			item, err := scanSummary(s)
			if thumbnails {
				item.Thumbnail = s.ColumnText(thumbnailColumn)
			}
			items = append(items, item)
			return err
		}, owner, ms, after.ID[:], limit)
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// allBatch is how many bytes of drawings All has in memory before it ends a batch.
// The largest drawing takes 640 KB.
const allBatch = 256 << 10

// errEnough ends a read before its last row.
var errEnough = errors.New("enough was read")

// All fills [gallery.Store]. Each batch is a read of its own: a slow caller
// delays nobody.
func (d *Drawings) All(ctx context.Context, owner string) iter.Seq2[gallery.Record, error] {
	return batches(func(after gallery.Record) (batch []gallery.Record, err error) {
		ms := int64(math.MinInt64)
		if after.Revision > 0 {
			ms = after.CreatedAt.UnixMilli()
		}
		bytes := 0
		err = d.db.read(ctx, "read drawings", func(c *conn) error {
			err := c.each(`SELECT `+recordColumns+` FROM drawings JOIN contents USING (content)
				WHERE owner = ?1 AND (created_at, id) > (?2, ?3) ORDER BY created_at, id`, func(s *sqlite3.Stmt) error {
				r, err := scanRecord(s)
				batch = append(batch, r)
				if bytes += len(r.Packed) + len(r.Actions) + len(r.Thumbnail); err == nil && bytes >= allBatch {
					err = errEnough
				}
				return err
			}, owner, ms, after.ID[:])
			if errors.Is(err, errEnough) {
				err = nil
			}
			return err
		})
		return batch, err
	})
}

// deleteBatch bounds one transaction: other writes wait for it.
const deleteBatch = 200

// DeleteAll fills [gallery.Store]. It deletes in batches, so that nobody waits for
// a large gallery.
func (d *Drawings) DeleteAll(ctx context.Context, owner string) error {
	for {
		n, err := write(ctx, d.db, "delete all drawings", func(c *conn) (int, error) { return deleteSome(c, owner) })
		if err != nil {
			return err
		}
		if n < deleteBatch {
			d.db.tallies.drop(owner)
			return d.db.write(ctx, "delete all checks", func(c *conn) error {
				_, err := c.change(`DELETE FROM tasks WHERE owner = ?1`, owner)
				return err
			})
		}
	}
}

func deleteSome(c *conn, owner string) (int, error) {
	type row struct {
		id      []byte
		content int64
	}
	var rows []row
	err := c.each(`SELECT id, content FROM drawings WHERE owner = ?1 LIMIT ?2`, func(s *sqlite3.Stmt) error {
		rows = append(rows, row{data(s, 0), s.ColumnInt64(1)})
		return nil
	}, owner, deleteBatch)
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if _, err := c.change(`DELETE FROM drawings WHERE owner = ?1 AND id = ?2`, owner, r.id); err != nil {
			return 0, err
		}
		if _, err := c.change(deleteContent, r.content); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// Share fills [gallery.Store].
func (d *Drawings) Share(ctx context.Context, owner string, id drawing.ID, offered gallery.Share) (gallery.Share, error) {
	return write(ctx, d.db, "share a drawing", func(c *conn) (stored gallery.Share, err error) {
		found, err := c.first(`SELECT share_token FROM drawings WHERE owner = ?1 AND id = ?2`, func(s *sqlite3.Stmt) error {
			stored = gallery.Share{Token: s.ColumnText(0)}
			return nil
		}, owner, id[:])
		switch {
		case err != nil:
			return stored, err
		case !found:
			return stored, gallery.ErrNotFound
		case stored.Token != "":
			return stored, nil
		}
		return offered, setShare(c, owner, id, offered)
	})
}

// Unshare fills [gallery.Store].
func (d *Drawings) Unshare(ctx context.Context, owner string, id drawing.ID) error {
	return d.db.write(ctx, "end a share", func(c *conn) error { return setShare(c, owner, id, gallery.Share{}) })
}

// FindShare fills [gallery.Store].
func (d *Drawings) FindShare(ctx context.Context, token string) (owner string, id drawing.ID, err error) {
	err = d.db.read(ctx, "find a share", func(c *conn) error {
		found, err := c.first(`SELECT owner, id FROM drawings WHERE share_digest = ?1`, func(s *sqlite3.Stmt) error {
			owner = s.ColumnText(0)
			copy(id[:], s.ColumnRawBlob(1))
			return nil
		}, digest(token))
		if err == nil && !found {
			err = gallery.ErrNotFound
		}
		return err
	})
	return owner, id, err
}

// Shared fills [gallery.Store].
func (d *Drawings) Shared(ctx context.Context, owner string, after *drawing.ID, limit int) (ids []drawing.ID, err error) {
	from := []byte{} // before every ID
	if after != nil {
		from = after[:]
	}
	err = d.db.read(ctx, "list shares", func(c *conn) error {
		return c.each(`SELECT id FROM drawings WHERE owner = ?1 AND id > ?2 AND share_token IS NOT NULL ORDER BY id LIMIT ?3`, func(s *sqlite3.Stmt) error {
			ids = append(ids, drawing.ID(s.ColumnRawBlob(0)))
			return nil
		}, owner, from, limit)
	})
	return ids, err
}

// Code fills [gallery.Store].
func (d *Drawings) Code(ctx context.Context, owner, token string) (code []byte, err error) {
	err = d.db.read(ctx, "read a code", func(c *conn) error {
		_, err := c.first(`SELECT picture FROM codes JOIN drawings USING (share_digest) WHERE share_digest = ?1 AND owner = ?2`,
			func(s *sqlite3.Stmt) error {
				code = data(s, 0)
				return nil
			}, digest(token), owner)
		return err
	})
	return code, err
}

// SetCode fills [gallery.Store]. Triggers delete the code with the share.
func (d *Drawings) SetCode(ctx context.Context, owner, token string, code []byte) error {
	return d.db.write(ctx, "store a code", func(c *conn) error {
		if err := d.db.hasRoom(c); err != nil {
			return err
		}
		n, err := c.change(`INSERT OR REPLACE INTO codes (share_digest, picture)
			SELECT share_digest, ?3 FROM drawings WHERE share_digest = ?1 AND owner = ?2`, digest(token), owner, code)
		if err == nil && n == 0 {
			return gallery.ErrNotFound
		}
		return err
	})
}

// SwapCheck fills [gallery.Store]. It compares no text: an earlier version wrote another
// one for the same check.
func (d *Drawings) SwapCheck(ctx context.Context, owner string, id drawing.ID, from, to moderation.Check) error {
	return d.db.write(ctx, "store a check", func(c *conn) error {
		var stored moderation.Check
		found, err := c.first(`SELECT verdict FROM drawings WHERE owner = ?1 AND id = ?2 AND etag = ?3`, func(s *sqlite3.Stmt) (err error) {
			stored, err = scanCheck(s, 0)
			return err
		}, owner, id[:], to.Version)
		if err == nil && (!found || stored != from) {
			err = gallery.ErrChanged
		}
		if err != nil {
			return err
		}
		verdict, err := encodeCheck(to)
		if err != nil {
			return err
		}
		_, err = c.change(`UPDATE drawings SET verdict = ?3 WHERE owner = ?1 AND id = ?2`, owner, id[:], verdict)
		return err
	})
}

func setShare(c *conn, owner string, id drawing.ID, share gallery.Share) error {
	token, digest := shareValues(share)
	_, err := c.change(`UPDATE drawings SET share_token = ?3, share_digest = ?4 WHERE owner = ?1 AND id = ?2`,
		owner, id[:], token, digest)
	return err
}

// shareValues are the values of its columns; no share is twice NULL.
func shareValues(share gallery.Share) (token, hash any) {
	if share == (gallery.Share{}) {
		return nil, nil
	}
	return share.Token, digest(share.Token)
}

// digest is what a share is found by. How long a look-up takes says nothing about
// the tokens that there are.
func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func ignore(*sqlite3.Stmt) error { return nil }

func encode(r gallery.Record) (properties, measures string, err error) {
	p, err := json.Marshal(r.Properties)
	if err != nil {
		return "", "", fmt.Errorf("encode the properties of a drawing: %w", err)
	}
	m, err := json.Marshal(r.Measures)
	if err != nil {
		return "", "", fmt.Errorf("encode the measures of a drawing: %w", err)
	}
	return string(p), string(m), nil
}

// encodeCheck returns the value of the column verdict; no check is NULL.
func encodeCheck(c moderation.Check) (any, error) {
	if c == (moderation.Check{}) {
		return nil, nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode a check: %w", err)
	}
	return string(text), nil
}

// thumbnailColumn follows the summaryColumns.
const thumbnailColumn = 7

func scanSummary(s *sqlite3.Stmt) (gallery.Summary, error) {
	item := gallery.Summary{
		CreatedAt: milliseconds(s, 1),
		UpdatedAt: milliseconds(s, 2),
		Revision:  s.ColumnInt(3),
		ETag:      s.ColumnText(4),
	}
	copy(item.ID[:], s.ColumnRawBlob(0))
	err := json.Unmarshal(s.ColumnRawText(5), &item.Properties)
	if err == nil {
		err = json.Unmarshal(s.ColumnRawText(6), &item.Measures)
	}
	if err != nil {
		return item, &gallery.CorruptError{ID: item.ID.String(), Err: err}
	}
	return item, nil
}

func scanRecord(s *sqlite3.Stmt) (gallery.Record, error) {
	summary, err := scanSummary(s)
	summary.Thumbnail = s.ColumnText(thumbnailColumn)
	check, invalid := scanCheck(s, 13)
	if invalid != nil && err == nil {
		err = &gallery.CorruptError{ID: summary.ID.String(), Err: invalid}
	}
	return gallery.Record{
		Check:        check,
		Summary:      summary,
		PreviousETag: s.ColumnText(8),
		PaintID:      s.ColumnText(9),
		Share:        gallery.Share{Token: s.ColumnText(10)},
		Packed:       data(s, 11),
		Actions:      data(s, 12),
	}, err
}

// scanCheck reads what [encodeCheck] returned.
func scanCheck(s *sqlite3.Stmt, column int) (c moderation.Check, err error) {
	if s.ColumnType(column) != sqlite3.NULL {
		err = json.Unmarshal(s.ColumnRawText(column), &c)
	}
	return c, err
}

func milliseconds(s *sqlite3.Stmt, column int) time.Time {
	return time.UnixMilli(s.ColumnInt64(column)).UTC()
}
