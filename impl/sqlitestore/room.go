package sqlitestore

import (
	"fmt"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// reserve is the room on the disk, in bytes, that is left to deletions, logins and what
// operators decide: a deletion must write to the log, too, before it makes room. The
// log grows to 32 MB, and to a transaction more, until SQLite moves it to the
// database, which may grow by as much.
const reserve = 2 * logPages * pageSize

// hasRoom fails with [sqlite3.FULL] if only the reserve is left, on the disk and in
// the database, which does not shrink when something is deleted.
func (db *DB) hasRoom(c *conn) error { return hasRoom(c, db.path) }

func hasRoom(c *conn, path string) error {
	free, known := freeBytes(filepath.Dir(path))
	if !known || free >= reserve {
		return nil
	}
	var unused uint64 // in the database
	_, err := c.first(`SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size`, func(s *sqlite3.Stmt) error {
		unused = uint64(s.ColumnInt64(0))
		return nil
	})
	if err == nil && free+unused < reserve {
		err = fmt.Errorf("%w: %d bytes are free; %d are reserved for deletions", sqlite3.FULL, free+unused, reserve)
	}
	return err
}
