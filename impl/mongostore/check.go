package mongostore

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

// Check tries whether the drawings can be read. It changes nothing. The error says
// what is wrong and what the operator can do about it.
func (s *Store) Check(ctx context.Context) error {
	err := s.client.Ping(ctx, readpref.Primary())
	if err == nil {
		if err = s.drawings.FindOne(ctx, bson.D{{Key: "_id", Value: ""}}).Err(); errors.Is(err, mongo.ErrNoDocuments) {
			return nil
		}
	}
	if err == nil {
		return nil
	}
	return errors.Join(errors.New(advice(err)), err)
}

func advice(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "auth error"), strings.Contains(text, "AuthenticationFailed"):
		return "it refuses the user or the password: correct them in MONGODB_URI; authSource= names the database in which the user was created"
	case Forbidden(err):
		return "MONGODB_URI gives no right to read the drawings: name a user in it who has readWrite on its database"
	case strings.Contains(text, "x509: "), errors.As(err, new(x509.UnknownAuthorityError)):
		return "its certificate is not trusted: name the trusted authorities with tlsCAFile= in MONGODB_URI"
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return "it does not speak TLS: take tls=true out of MONGODB_URI"
	case strings.Contains(text, "reports wire version"):
		return "it is too old: MongoDB 4.4 is the oldest that can be used"
	default:
		return "it cannot be reached; is it running, are the addresses and the replicaSet= in MONGODB_URI right, is there a firewall between?"
	}
}
