package rediscache

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"onestroke/impl/session"
)

// answered is an error that Redis answers.
type answered string

func (a answered) Error() string { return string(a) }
func (answered) RedisError()     {}

func TestFailure(t *testing.T) {
	for _, c := range []struct {
		err         error
		unavailable bool
	}{
		{errors.New("dial tcp: connection refused"), true},
		{answered("LOADING Redis is loading the dataset in memory"), true},
		{answered("READONLY You can't write against a read only replica."), true},
		{answered("OOM command not allowed when used memory > 'maxmemory'."), true},
		{answered("NOAUTH Authentication required."), true},
		{answered("WRONGPASS invalid username-password pair or user is disabled."), true},
		{answered("ERR max number of clients reached"), true},
		{answered("ERR max number of clients + cluster connections reached"), true},
		{fmt.Errorf("wrapped: %w", answered("ERR max number of clients reached")), true},
		{answered("ERR unknown command"), false},
		{answered("WRONGTYPE Operation against a key holding the wrong kind of value"), false},
	} {
		if got := errors.Is(failure(context.Background(), "find a session", c.err), session.ErrUnavailable); got != c.unavailable {
			t.Errorf("%v: unavailable is %t", c.err, got)
		}
	}
}
