package rediscache

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"onestroke/impl/session"
)

// The stored forms are compact, since Redis is memory, and of fixed layout at
// the front, since scripts read them. A layout is told from another by its
// first byte; one that is not known is an error, not an expired session.

var errLayout = errors.New("unknown layout in Redis")

const (
	tokenByte = 't' // session and attempt: kind
	codeByte  = 'c'

	tokenSealedByte = 'T' // session: kind, and that it has a sealed openid
	codeSealedByte  = 'C'

	pendingByte = 'p' // attempt: what became of it
	doneByte    = 'd'
	failedByte  = 'f'

	untrustedByte = 'u' // attempt: why it failed
	rawDataByte   = 'r'
	exchangeByte  = 'x'
)

// encodeSession: kind, then expiry, creation and last use as 8 hexadecimal
// digits of Unix seconds (until 2106), then the sealed openid, if there is one,
// after its length as a byte ([session.MaxSealed]), then the label.
func encodeSession(x session.Session) string {
	kind, sealed := encodeKind(x.Kind), ""
	if x.Sealed != "" {
		kind, sealed = kind-'a'+'A', string([]byte{byte(len(x.Sealed))})+x.Sealed
	}
	return fmt.Sprintf("%c%08x%08x%08x%s%s",
		kind, x.ExpiresAt.Unix(), x.CreatedAt.Unix(), x.LastUsedAt.Unix(), sealed, x.Label)
}

func decode(userID, id, value, profile string) (session.Session, error) {
	x := session.Session{ID: id, User: session.User{ID: userID}}
	if len(value) < 25 {
		return x, errLayout
	}
	var err error
	kind, isSealed := value[0], value[0] == tokenSealedByte || value[0] == codeSealedByte
	if isSealed {
		kind += 'a' - 'A'
	}
	if x.Kind, err = decodeKind(kind); err != nil {
		return x, err
	}
	for i, at := range []*time.Time{&x.ExpiresAt, &x.CreatedAt, &x.LastUsedAt} {
		seconds, err := strconv.ParseInt(value[1+8*i:9+8*i], 16, 64)
		if err != nil {
			return x, errLayout
		}
		*at = time.Unix(seconds, 0).UTC()
	}
	x.Label = value[25:]
	if isSealed {
		if x.Label == "" || len(x.Label) <= int(x.Label[0]) {
			return x, errLayout
		}
		end := 1 + int(x.Label[0])
		x.Sealed, x.Label = x.Label[1:end], x.Label[end:]
	}
	x.User.Profile, err = decodeProfile(profile)
	return x, err
}

// encodeProfile: the values, each after its length and a colon; a new one goes to
// the end. Not JSON, as it is read with every session that is looked up.
func encodeProfile(p session.Profile) string {
	var text []byte
	gender := strconv.Itoa(p.Gender)
	for _, value := range members(&p, &gender) {
		text = strconv.AppendInt(text, int64(len(*value)), 10)
		text = append(append(text, ':'), *value...)
	}
	return string(text)
}

func decodeProfile(text string) (p session.Profile, err error) {
	gender := "0"
	for _, value := range members(&p, &gender) {
		if text == "" {
			break
		}
		length, rest, _ := strings.Cut(text, ":")
		n, err := strconv.ParseUint(length, 10, 16)
		if err != nil || int(n) > len(rest) {
			return p, errLayout
		}
		*value, text = rest[:n], rest[n:]
	}
	if p.Gender, err = strconv.Atoi(gender); err != nil {
		return p, errLayout
	}
	return p, nil
}

// members are what a profile has, in stored order.
func members(p *session.Profile, gender *string) [7]*string {
	return [...]*string{&p.Nickname, &p.AvatarURL, gender, &p.Language, &p.Country, &p.Province, &p.City}
}

// encodeAttempt: outcome, kind, proof; then the nonce, or the user's ID in 16
// bytes and the nonce, or the error.
func encodeAttempt(a session.Attempt) string {
	head := string(encodeKind(a.Kind)) + string(a.Proof[:])
	switch {
	case a.Err != nil:
		return string(failedByte) + head + encodeError(a.Err)
	case a.UserID != "":
		user, _ := base64.RawURLEncoding.DecodeString(a.UserID) // of session.UserID, which encodes
		return string(doneByte) + head + string(user) + string(a.Nonce)
	default:
		return string(pendingByte) + head + string(a.Nonce)
	}
}

func decodeAttempt(value string) (a session.Attempt, err error) {
	const head, user = 2 + len(a.Proof), 16
	if len(value) < head {
		return a, errLayout
	}
	if a.Kind, err = decodeKind(value[1]); err != nil {
		return a, err
	}
	a.Proof = [len(a.Proof)]byte([]byte(value[2:head]))
	rest := value[head:]
	switch value[0] {
	case pendingByte:
		a.Nonce = []byte(rest)
	case doneByte:
		if len(rest) < user {
			return a, errLayout
		}
		a.UserID, a.Nonce = base64.RawURLEncoding.EncodeToString([]byte(rest[:user])), []byte(rest[user:])
	case failedByte:
		a.Err, err = decodeError(rest)
	default:
		err = errLayout
	}
	return a, err
}

// encodeError: why, then what the client is told of it.
func encodeError(err error) string {
	var malformed *session.RawDataError
	var failed *session.ExchangeError
	switch {
	case errors.As(err, &malformed):
		return string(rawDataByte) + malformed.Error()
	case errors.As(err, &failed):
		return fmt.Sprintf("%c%d %s", exchangeByte, failed.ErrCode, failed.Cause)
	default:
		return string(untrustedByte)
	}
}

func decodeError(value string) (stored, err error) {
	if value == "" {
		return nil, errLayout
	}
	switch rest := value[1:]; value[0] {
	case untrustedByte:
		return session.ErrUntrusted, nil
	case rawDataByte:
		return &session.RawDataError{Err: errors.New(rest)}, nil
	case exchangeByte:
		number, cause, _ := strings.Cut(rest, " ")
		code, err := strconv.Atoi(number)
		if err != nil {
			return nil, errLayout
		}
		return &session.ExchangeError{Cause: session.Cause(cause), ErrCode: code}, nil
	default:
		return nil, errLayout
	}
}

func encodeKind(k session.Kind) byte {
	if k == session.Code {
		return codeByte
	}
	return tokenByte
}

func decodeKind(b byte) (session.Kind, error) {
	switch b {
	case tokenByte:
		return session.Token, nil
	case codeByte:
		return session.Code, nil
	default:
		return "", errLayout
	}
}
