// Package session holds the rules of sessions: who may log in, what a credential
// opens, how long a session stays open, what ends it, and how many requests it may
// send.
//
// It knows neither HTTP nor Redis nor the form of WeChat's messages. What it needs
// of them is in the interfaces [Exchanger], [Store] and [Buckets].
package session

import (
	"context"
	"errors"
	"time"
)

// User is a person as this service knows them.
type User struct {
	// ID is a stable pseudonym made from the openid by [UserID]: 22 base64url
	// characters. It owns the user's drawings.
	ID string
	// Profile is the newest that WeChat signed or encrypted for a login, as long as
	// the user has a session. A login by code alone has none and changes none.
	Profile Profile
}

// Limits of a [Profile] and of [Session].Label.
const (
	MaxName      = 64  // characters, of a nickname or a place
	MaxLanguage  = 16  // characters
	MaxAvatarURL = 512 // bytes
	MaxLabel     = 64  // characters
)

// Profile is what a user let the mini program see of them, as WeChat signed or
// encrypted it. Unknown members are dropped and over-long ones are cut at login.
type Profile struct {
	Nickname  string // at most [MaxName]
	AvatarURL string // at most [MaxAvatarURL], http or https, otherwise empty
	Gender    int    // 0 unknown, 1 male, 2 female
	Language  string // at most [MaxLanguage], such as zh_CN
	Country   string // at most [MaxName], as are the next two
	Province  string
	City      string
}

// Kind is how a session is opened: each kind has a keyspace of its own.
type Kind string

const (
	// Token is a bearer token made here. A user may have [MaxTokens].
	Token Kind = "token"
	// Code is WeChat's login code used as the credential, as programs of 2017
	// do. A user has one: a new login ends the one before.
	Code Kind = "code"
)

// Session is what a valid credential opens.
type Session struct {
	ID         string // names the session to its owner; it is not a credential
	Kind       Kind
	User       User
	Label      string    // what the session was opened from, for people; at most [MaxLabel]
	CreatedAt  time.Time // in whole seconds, as are the next two
	LastUsedAt time.Time // up to ten minutes before the last use, so that few uses are a write
	ExpiresAt  time.Time // moves on with use, up to the absolute limit
	// Sealed is the openid and the unionid, encrypted with [Options].Seal: WeChat asks
	// for the openid when it checks what the user made. Empty if no key was configured
	// at the login; at most [MaxSealed].
	Sealed string
}

// Login is what a client presents to log in: a code alone, a code with rawData
// and its signature, or a code with encryptedData and its iv.
type Login struct {
	Code          string
	RawData       string // the JSON text as the client got it, byte for byte
	Signature     string // lower-case hex SHA-1 of RawData + session_key
	EncryptedData string // base64
	IV            string // base64
	Label         string // becomes Session.Label, cut to its length
}

// Identity is the user to whom a code belongs, as WeChat says.
type Identity struct {
	OpenID  string
	UnionID string // of the user at the WeChat Open Platform; empty if WeChat gives none
	Profile Profile
}

// Exchanger asks WeChat whose a code is and checks the client's proof against
// the session key, which never leaves the exchanger.
type Exchanger interface {
	// Exchange uses login.Code up. It returns [ErrUntrusted] if the signature or the
	// encrypted data is not WeChat's, [*RawDataError] if verified rawData is not
	// JSON, and [*ExchangeError] if WeChat gave no session key.
	Exchange(ctx context.Context, login Login) (Identity, error)
}

var (
	// ErrExpired: the credential opens no session, or none any more. Log in again.
	ErrExpired = errors.New("session expired")
	// ErrUntrusted: the data the client sent was not signed or encrypted by WeChat
	// for this login. Logging in again with the same data will not help.
	ErrUntrusted = errors.New("untrusted raw data")
	// ErrUnavailable: the session store cannot be reached. Says nothing about the session.
	ErrUnavailable = errors.New("session store unavailable")
)

// RawDataError says that rawData is not the JSON text of a profile. Its message
// is the parser's and quotes no more than a few characters of the data.
type RawDataError struct{ Err error }

func (e *RawDataError) Error() string { return e.Err.Error() }
func (e *RawDataError) Unwrap() error { return e.Err }

// Cause is why WeChat did not give a session key, as far as it matters to what the
// caller should do next.
type Cause string

const (
	CauseInvalidCode Cause = "invalid_code" // 40029: log in again
	CauseUsedCode    Cause = "used_code"    // 40163: log in again
	CauseMissingCode Cause = "missing_code" // 41008: the request lacks a code
	CauseTooOften    Cause = "too_often"    // 45011: wait, then log in again
	CauseBlocked     Cause = "blocked"      // 40226: this user is refused by WeChat
	CauseMisconfig   Cause = "misconfig"    // 40013, 40125, 41002, 41004: our app id or secret
	CauseBusy        Cause = "busy"         // -1: try again
	CauseUnreachable Cause = "unreachable"  // no answer, in time or at all, or the breaker is open: try again
	CauseBadAnswer   Cause = "bad_answer"   // not an answer of WeChat: not JSON, no openid, unknown errcode
)

// ExchangeError says that WeChat did not give a session key.
type ExchangeError struct {
	Cause   Cause
	ErrCode int   // WeChat's errcode; 0 where there was none
	Err     error // for the log; never quotes the URL, which carries the secret
}

func (e *ExchangeError) Error() string {
	if e.Err == nil {
		return "exchange login code: " + string(e.Cause)
	}
	return "exchange login code: " + string(e.Cause) + ": " + e.Err.Error()
}

func (e *ExchangeError) Unwrap() error { return e.Err }
