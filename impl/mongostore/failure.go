package mongostore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onestroke/impl/gallery"
)

// transient are the answers of a server that is starting, stopping, electing
// or cut off from its peers, from the driver specification on retryable reads
// and writes, and those of a write concern that was not met in time.
var transient = []int{
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
}

// failure says what a failed call means to its caller; nil stays nil.
func failure(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case unavailable(err):
		return fmt.Errorf("%s: %w: %w", doing, gallery.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

func unavailable(err error) bool {
	if mongo.IsNetworkError(err) || mongo.IsTimeout(err) {
		return true
	}
	var answer mongo.ServerError
	if errors.As(err, &answer) {
		return answer.HasErrorLabel("RetryableWriteError") || slices.ContainsFunc(transient, answer.HasErrorCode)
	}
	// No answer of a server, and no fault found before one was asked: there was
	// none to ask.
	return !errors.As(err, new(mongo.MarshalError)) && !errors.As(err, new(mongo.InvalidArgumentError))
}
