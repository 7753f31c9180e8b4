package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// conn is a connection to the database, for one goroutine at a time. It prepares
// every statement once.
type conn struct {
	*sqlite3.Conn
	statements map[string]*sqlite3.Stmt
	stored     []func() // see whenStored
}

// whenStored has tell called when the write that is under way is on disk, before anyone
// is told of it, and also if nobody waits for it any more.
func (c *conn) whenStored(tell func()) { c.stored = append(c.stored, tell) }

// logPages is how many pages the log grows to until SQLite moves them to the database.
// A page that was written several times is moved once. See
// docs/decisions/0023-writes-share-a-commit.md.
const logPages = 4000

// settings of every connection. With synchronous=FULL, a commit is on disk. A log that
// grew to more than twice its pages, while a backup read it, is cut. No temporary file
// holds anything of a drawing.
var settings = fmt.Sprintf(`
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = %d;
PRAGMA journal_size_limit = %d;
PRAGMA foreign_keys = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA busy_timeout = 2000;
PRAGMA cache_size = -8000;
PRAGMA trusted_schema = OFF;
`, logPages, 2*logPages*pageSize)

func connect(path string, flags sqlite3.OpenFlag) (*conn, error) {
	if flags&sqlite3.OPEN_READWRITE != 0 {
		if err := createIndex(path); err != nil {
			return nil, err
		}
	}
	opened, err := sqlite3.OpenFlags(location(path), flags|sqlite3.OPEN_URI|sqlite3.OPEN_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: opened, statements: map[string]*sqlite3.Stmt{}}
	if err := c.Exec(settings); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// setCache sets how many bytes of the file's pages the connection holds in memory.
// A page that is not there is read again, which takes 2 µs.
func (c *conn) setCache(bytes int64) error {
	return c.Exec(fmt.Sprintf("PRAGMA cache_size = -%d", bytes>>10))
}

// createIndex creates onestroke.db-shm, unless it is there, with the permissions of the
// database. The driver would create it with those that the umask leaves: others who can
// write there can damage the database.
func createIndex(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path+"-shm", os.O_RDWR|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(info.Mode().Perm()), file.Close())
}

// location names a file to SQLite, whatever characters are in its path. The log and the
// journal, which SQLite adds, get the permissions of the database.
func location(path string) string {
	var escaped strings.Builder
	for _, b := range []byte(path) {
		if b == '/' || b == '.' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' {
			escaped.WriteByte(b)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", b)
		}
	}
	return "file:" + escaped.String() + "?modeof=" + escaped.String()
}

// Close closes the statements and the connection.
func (c *conn) Close() error {
	for _, s := range c.statements {
		_ = s.Close() // reports again what its last step did
	}
	return c.Conn.Close()
}

// each runs a statement and calls row for each row of the result. What row reads
// is valid until it returns.
func (c *conn) each(sql string, row func(*sqlite3.Stmt) error, args ...any) (err error) {
	s, err := c.prepared(sql)
	if err != nil {
		return err
	}
	if err := bind(s, args); err != nil {
		return err
	}
	for s.Step() {
		if err := row(s); err != nil {
			_ = s.Reset()
			return err
		}
	}
	err = s.Err()
	if resetErr := s.Reset(); err == nil {
		err = resetErr
	}
	return err
}

// first reads the first row, and reports whether there is one.
func (c *conn) first(sql string, row func(*sqlite3.Stmt) error, args ...any) (found bool, err error) {
	err = c.each(sql, func(s *sqlite3.Stmt) error {
		if found {
			return nil
		}
		found = true
		return row(s)
	}, args...)
	return found, err
}

// change runs a statement that has no result, and returns how many rows it changed.
func (c *conn) change(sql string, args ...any) (int, error) {
	s, err := c.prepared(sql)
	if err != nil {
		return 0, err
	}
	if err := bind(s, args); err != nil {
		return 0, err
	}
	err = s.Exec()
	return int(c.Changes()), err
}

func (c *conn) prepared(sql string) (*sqlite3.Stmt, error) {
	if s, ok := c.statements[sql]; ok {
		return s, nil
	}
	s, _, err := c.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	c.statements[sql] = s
	return s, nil
}

// bind sets the parameters ?1, ?2 and so on. No bytes are NULL.
func bind(s *sqlite3.Stmt, args []any) error {
	for i, arg := range args {
		var err error
		switch v := arg.(type) {
		case string:
			err = s.BindText(i+1, v)
		case []byte:
			err = s.BindBlob(i+1, v)
		case int:
			err = s.BindInt(i+1, v)
		case int64:
			err = s.BindInt64(i+1, v)
		case nil:
			err = s.BindNull(i + 1)
		default:
			err = fmt.Errorf("no way to bind a %T", v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// data reads a column of bytes; NULL is nil.
func data(s *sqlite3.Stmt, column int) []byte {
	if s.ColumnType(column) == sqlite3.NULL {
		return nil
	}
	return append([]byte{}, s.ColumnRawBlob(column)...)
}
