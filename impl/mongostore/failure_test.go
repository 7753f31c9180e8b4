package mongostore

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		err       error
		forbidden bool
	}{
		{mongo.CommandError{Code: 13, Message: `not authorized on onestroke to execute command { update: "moves" }`}, true},
		{mongo.CommandError{Code: 13, Message: "Command update requires authentication"}, true}, // the URI names no user
		{mongo.CommandError{Code: 8000, Name: "AtlasError", Message: "user is not allowed to do action [update] on [onestroke.moves]"}, true},
		{mongo.CommandError{Code: 8000, Name: "AtlasError", Message: "bad auth : Authentication failed."}, false},
		{mongo.CommandError{Code: 11600, Message: "interrupted at shutdown"}, false},
		{errors.New("it is not allowed to connect"), false},
	} {
		err := failure(context.Background(), "note the use", c.err)
		if Forbidden(err) != c.forbidden {
			t.Errorf("%v: forbidden is %t", err, !c.forbidden)
		}
		if c.forbidden && !strings.Contains(advice(err), "name a user in it who has readWrite") {
			t.Errorf("%v: %s", err, advice(err))
		}
	}
}
