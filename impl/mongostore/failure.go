package mongostore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onestroke/impl/gallery"
)

// refused are the answers of a server that has done nothing: whatever was asked
// may be asked again.
var refused = []int{
	24,    // LockTimeout
	112,   // WriteConflict
	133,   // FailedToSatisfyReadPreference: a router found no server of a shard
	462,   // IngressRequestRateLimitExceeded
	16500, // TooManyRequests, of Cosmos DB
}

// lost are the answers of a server that may have done something: only what can be
// done twice may be asked again.
var lost = []int{
	202,   // NetworkInterfaceExceededTimeLimit
	11601, // Interrupted
}

var refusedOrLost = slices.Concat(refused, lost)

// transient are also the answers of a server that is starting, stopping, electing
// or cut off from its peers, from the driver specification on retryable reads
// and writes, and those of a write concern that was not met in time. The driver
// asks again by itself where it may.
var transient = append([]int{
	6,     // HostUnreachable
	7,     // HostNotFound
	50,    // MaxTimeMSExpired
	64,    // WriteConcernFailed
	89,    // NetworkTimeout
	91,    // ShutdownInProgress
	100,   // UnsatisfiableWriteConcern
	134,   // ReadConcernMajorityNotAvailableYet
	189,   // PrimarySteppedDown
	262,   // ExceededTimeLimit
	9001,  // SocketException
	10107, // NotWritablePrimary
	11600, // InterruptedAtShutdown
	11602, // InterruptedDueToReplStateChange
	13435, // NotPrimaryNoSecondaryOk
	13436, // NotPrimaryOrSecondary
	14031, // OutOfDiskSpace
}, refusedOrLost...)

// tries bounds how often a server is asked that answers with one of some codes.
const tries = 4

// repeated does something when it is its turn, and again, after a pause, while the
// server answers with one of these codes.
func repeated[T any](ctx context.Context, turns *turns, codes []int, do func(context.Context) (T, error)) (T, error) {
	for n := 1; ; n++ {
		v, err := inTurn(ctx, turns, do)
		if n == tries || !hasCode(err, codes...) || gallery.Backoff(ctx, n) != nil {
			return v, err
		}
	}
}

func hasCode(err error, codes ...int) bool {
	var answer mongo.ServerError
	return errors.As(err, &answer) && slices.ContainsFunc(codes, answer.HasErrorCode)
}

// failure says what a failed call means to its caller; nil stays nil.
func failure(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case errors.Is(err, gallery.ErrUnavailable):
		return fmt.Errorf("%s: %w", doing, err)
	case unavailable(err):
		return fmt.Errorf("%s: %w: %w", doing, gallery.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// NoAnswer reports whether an error of a [Store] says that MongoDB did not answer in
// time.
func NoAnswer(err error) bool {
	if !errors.Is(err, gallery.ErrUnavailable) {
		return false
	}
	return mongo.IsNetworkError(err) || mongo.IsTimeout(err) || !errors.As(err, new(mongo.ServerError))
}

// Forbidden reports whether an error of a [Store] says that the user may not do that, or
// that there is no user.
func Forbidden(err error) bool {
	if hasCode(err, 13) { // Unauthorized
		return true
	}
	var answer mongo.ServerError // MongoDB Atlas has one code for several failures
	return errors.As(err, &answer) && answer.HasErrorCode(8000) && answer.HasErrorMessage("not allowed")
}

func unavailable(err error) bool {
	if mongo.IsNetworkError(err) || mongo.IsTimeout(err) {
		return true
	}
	if own := (mongo.CommandError{}); errors.As(err, &own) && own.Code == 0 {
		return true // the driver's own: it cleared its connections when a server failed
	}
	var answer mongo.ServerError
	if errors.As(err, &answer) {
		return answer.HasErrorLabel("RetryableWriteError") || slices.ContainsFunc(transient, answer.HasErrorCode)
	}
	// No answer of a server, none that cannot be read, and no fault found before one was
	// asked: there was none to ask.
	return !errors.As(err, new(unreadableError)) && !errors.As(err, new(mongo.MarshalError)) && !errors.As(err, new(mongo.InvalidArgumentError))
}
