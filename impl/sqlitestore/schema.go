package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// migrations bring the schema from each version to the next; the version of a
// database is how many of them it has had (PRAGMA user_version). Never change one
// that was released: add another. Each runs in one transaction.
//
// A table WITHOUT ROWID is stored in the order of its primary key.
var migrations = []string{`
-- The newest profile of a user, for as long as there is a session.
CREATE TABLE profiles (
	user_id    TEXT NOT NULL PRIMARY KEY,
	nickname   TEXT NOT NULL,
	avatar_url TEXT NOT NULL,
	gender     INTEGER NOT NULL,
	language   TEXT NOT NULL,
	country    TEXT NOT NULL,
	province   TEXT NOT NULL,
	city       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Times are Unix seconds; remove_at is in milliseconds, by the clock of this machine.
CREATE TABLE sessions (
	user_id      TEXT NOT NULL,
	id           TEXT NOT NULL,
	kind         TEXT NOT NULL,
	label        TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	last_used_at INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL,
	remove_at    INTEGER NOT NULL,
	PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_removal ON sessions (remove_at);

-- The login attempt on a code. failure says why nobody logged in, or is empty.
CREATE TABLE attempts (
	code_id   TEXT NOT NULL PRIMARY KEY,
	kind      TEXT NOT NULL,
	proof     BLOB NOT NULL,
	nonce     BLOB,
	user_id   TEXT NOT NULL,
	failure   TEXT NOT NULL,
	detail    TEXT NOT NULL,
	err_code  INTEGER NOT NULL,
	remove_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_removal ON attempts (remove_at);

-- What a list shows of a drawing, in the order of the lists: a page of a list is
-- read from few pages of the file. Times are Unix milliseconds. properties and
-- measures are JSON. A share has a token, and the SHA-256 of it to find it by.
CREATE TABLE drawings (
	owner         TEXT NOT NULL,
	created_at    INTEGER NOT NULL,
	id            BLOB NOT NULL,
	updated_at    INTEGER NOT NULL,
	revision      INTEGER NOT NULL,
	etag          TEXT NOT NULL,
	previous_etag TEXT NOT NULL,
	properties    TEXT NOT NULL,
	measures      TEXT NOT NULL,
	paint_id      TEXT NOT NULL,
	share_token   TEXT,
	share_digest  BLOB,
	nickname      TEXT,
	content       INTEGER NOT NULL,
	thumbnail     TEXT NOT NULL,
	PRIMARY KEY (owner, created_at, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX drawings_by_id ON drawings (owner, id);
CREATE UNIQUE INDEX drawings_by_share ON drawings (share_digest) WHERE share_digest IS NOT NULL;

-- The rest of a drawing, under the number that drawings.content holds.
CREATE TABLE contents (
	content INTEGER NOT NULL PRIMARY KEY,
	packed  BLOB NOT NULL,
	actions BLOB
) STRICT;
`, `
-- The openid of the user, encrypted.
ALTER TABLE sessions ADD COLUMN sealed BLOB;

-- Small values for all parts of the service, each for a time.
CREATE TABLE notes (
	name      TEXT NOT NULL PRIMARY KEY,
	value     BLOB NOT NULL,
	remove_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_by_removal ON notes (remove_at);

-- The verdict on one revision, as JSON.
ALTER TABLE drawings ADD COLUMN verdict TEXT;

-- Checks that are to be done or under way. due is in Unix milliseconds, 0 for one
-- that waits for its author.
CREATE TABLE tasks (
	owner   TEXT NOT NULL,
	kind    TEXT NOT NULL,
	id      TEXT NOT NULL,
	turn    TEXT NOT NULL,
	due     INTEGER NOT NULL,
	version TEXT NOT NULL,
	trace   TEXT NOT NULL,
	asked   INTEGER NOT NULL,
	fetched INTEGER NOT NULL,
	PRIMARY KEY (owner, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_due ON tasks (due) WHERE due > 0;
CREATE INDEX tasks_by_trace ON tasks (trace) WHERE trace <> '';
`, `
-- What a user shows of themselves. content is JSON, avatar a JPEG.
CREATE TABLE public_profiles (
	user_id TEXT NOT NULL PRIMARY KEY,
	turn    TEXT NOT NULL,
	content TEXT NOT NULL,
	avatar  BLOB
) STRICT;
`, `
-- A share showed the nickname that its user had when it began. Now it shows that of
-- the public profile.
ALTER TABLE drawings DROP COLUMN nickname;
`, `
-- What others reported of a thing, as JSON.
ALTER TABLE tasks ADD COLUMN reports TEXT;
`, `
-- The mini program code of a share, a PNG, under the digest of its token.
CREATE TABLE codes (
	share_digest BLOB NOT NULL PRIMARY KEY,
	picture      BLOB NOT NULL
) STRICT;
CREATE TRIGGER code_of_ended_share AFTER UPDATE OF share_digest ON drawings WHEN old.share_digest IS NOT NULL
BEGIN DELETE FROM codes WHERE share_digest = old.share_digest; END;
CREATE TRIGGER code_of_deleted_drawing AFTER DELETE ON drawings WHEN old.share_digest IS NOT NULL
BEGIN DELETE FROM codes WHERE share_digest = old.share_digest; END;
`, `
-- The users who are suspended, and what operators did. content is JSON.
CREATE TABLE suspensions (
	user_id TEXT NOT NULL PRIMARY KEY,
	content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE trail (
	id      TEXT NOT NULL PRIMARY KEY,
	content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`, `
-- The parts of this file that were moved to a server, or began to be: ended_at is in
-- Unix seconds, and 0 for as long as the part belongs to this file.
CREATE TABLE moves (
	part     TEXT NOT NULL PRIMARY KEY,
	id       TEXT NOT NULL,
	target   TEXT NOT NULL,
	ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`}

// pageSize is that of a new file. A row of drawings that takes more than a quarter
// of it, because its thumbnail is large, goes to a page of its own.
const pageSize = 8192

// newerError says that a database has had migrations that this program does not know.
type newerError struct{ version int }

func (e *newerError) Error() string {
	return fmt.Sprintf("was written by a newer version of onestroke (schema %d, this one knows up to %d): run that version, or put a backup in its place",
		e.version, len(migrations))
}

// prepare examines the database and brings it to the newest schema. It writes to a
// database only if it can use it.
func prepare(c *conn) error {
	// Closing the connection moves the log to the database file: not of a database
	// of another program.
	if _, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return err
	}
	version, err := schemaVersion(c)
	if err != nil {
		return err
	}
	if version > len(migrations) {
		return &newerError{version}
	}
	if version < 0 {
		return fmt.Errorf("%w: it has schema %d", sqlite3.CORRUPT, version)
	}
	if version == 0 {
		if err := isEmpty(c); err != nil {
			return err
		}
	}
	if err := quickIntegrity(c); err != nil {
		return err
	}
	if _, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false); err != nil {
		return err
	}
	if err := migrate(c, version); err != nil {
		return err
	}
	// The files beside the database, which another user may have left, are writable.
	return c.Exec(`BEGIN IMMEDIATE; ROLLBACK`)
}

// isEmpty fails for a database that has tables: an empty one is about to get them.
func isEmpty(c *conn) error {
	return c.each(`PRAGMA schema_version`, func(s *sqlite3.Stmt) error {
		if s.ColumnInt(0) != 0 { // SQLite counts the changes of its tables here
			return fmt.Errorf("%w: it has tables, and schema 0", sqlite3.CORRUPT)
		}
		return nil
	})
}

func migrate(c *conn, version int) error {
	if version == 0 {
		// Before there is a log: the header of the file itself says whose it is, at
		// whatever moment the process is killed.
		if err := c.Exec(fmt.Sprintf(`PRAGMA page_size = %d; PRAGMA application_id = %d`, pageSize, applicationID)); err != nil {
			return err
		}
	}
	var mode string
	_, err := c.first(`PRAGMA journal_mode = WAL`, func(s *sqlite3.Stmt) error {
		mode = s.ColumnText(0)
		return nil
	})
	if err == nil && mode != "wal" {
		err = errors.New("its file system does not support SQLite's write-ahead log")
	}
	if err != nil {
		return err
	}
	for ; version < len(migrations); version++ {
		sql := fmt.Sprintf(`BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT`, migrations[version], version+1)
		if err := c.Exec(sql); err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", version+1, err)
		}
	}
	return nil
}

func schemaVersion(c *conn) (version int, err error) {
	_, err = c.first(`PRAGMA user_version`, func(s *sqlite3.Stmt) error {
		version = s.ColumnInt(0)
		return nil
	})
	return version, err
}

// openingCheck is how long the check of a database may take at start. What it does
// not reach in this time, [Check] finds.
var openingCheck = 50 * time.Millisecond

func quickIntegrity(c *conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), openingCheck)
	defer cancel()
	defer c.SetInterrupt(c.SetInterrupt(ctx))
	if err := integrity(c); !errors.Is(err, sqlite3.INTERRUPT) {
		return err
	}
	return nil
}

// integrity reports the first damage that SQLite finds as [sqlite3.CORRUPT].
func integrity(c *conn) error {
	return c.each(`PRAGMA quick_check(1)`, func(s *sqlite3.Stmt) error {
		if found := s.ColumnText(0); found != "ok" {
			return fmt.Errorf("%w: %s", sqlite3.CORRUPT, strings.Join(strings.Fields(found), " ")) // in one line
		}
		return nil
	})
}
