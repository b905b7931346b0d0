package orders

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"time"
)

// connector is a database/sql driver whose queries take a while and return one order.
type connector struct{ delay time.Duration }

// Open returns a database that answers each query after a delay, on at most that many connections.
func Open(delay time.Duration, maxOpenConns int) *sql.DB {
	db := sql.OpenDB(connector{delay})
	db.SetMaxOpenConns(maxOpenConns)
	db.SetMaxIdleConns(maxOpenConns)
	return db
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return conn(c), nil }
func (c connector) Driver() driver.Driver                        { return nil }

type conn struct{ delay time.Duration }

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not implemented") }
func (conn) Begin() (driver.Tx, error)           { return nil, errors.New("not implemented") }
func (conn) Close() error                        { return nil }

func (c conn) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	time.Sleep(c.delay)
	return &rows{id: args[0].Value}, nil
}

type rows struct {
	id   driver.Value
	done bool
}

func (*rows) Columns() []string { return []string{"id"} }
func (*rows) Close() error      { return nil }

func (r *rows) Next(dest []driver.Value) error {
	if r.done {
		return io.EOF
	}
	dest[0], r.done = r.id, true
	return nil
}
