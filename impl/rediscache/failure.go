package rediscache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/session"
)

// transient are the first words of errors of a server that is starting, that has
// lost its master or its cluster, that is full, or whose password is being changed.
var transient = []string{
	"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "NOREPLICAS", "MISCONF", "OOM", "BUSY", "UNBLOCKED",
	"NOAUTH", "WRONGPASS",
}

// tooManyClients begins the answer to a connection more than the server's maxclients. A
// server of a cluster says "max number of clients + cluster connections reached".
const tooManyClients = "ERR max number of clients"

// failure says what a failed call means to its caller; nil stays nil. An error that
// the server answers is a bug of this package or a wrong configuration, unless it is
// transient. Without an answer, the server cannot be reached.
func failure(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case unavailable(err):
		return fmt.Errorf("%s: %w: %w", doing, session.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// NoAnswer reports whether an error of a [Store] says that Redis did not answer in
// time.
func NoAnswer(err error) bool {
	return errors.Is(err, session.ErrUnavailable) && !errors.As(err, new(redis.Error)) && !errors.Is(err, errClaimRunOut)
}

// Forbidden reports whether an error of a [Store] says that the user lacks
// [Permissions]. What a Sentinel forbids is something else.
func Forbidden(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer) && strings.Contains(answer.Error(), "NOPERM") && !ofSentinels(err)
}

// ofSentinels reports whether an error is what all Sentinels answered when they were
// asked for the master. The client has no type for it.
func ofSentinels(err error) bool {
	return strings.Contains(err.Error(), "all sentinels specified in configuration are unreachable")
}

func unavailable(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) || errors.Is(err, redis.ErrClosed) {
		return true
	}
	text := answer.Error()
	if _, inScript, ok := strings.Cut(text, ": -"); ok && strings.HasPrefix(text, "ERR Error running script") {
		text = inScript // Redis before 7.0
	}
	word, _, _ := strings.Cut(text, " ")
	return slices.Contains(transient, word) || strings.HasPrefix(text, tooManyClients)
}
