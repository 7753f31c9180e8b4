// Package push holds the rules of the messages that WeChat pushes: which one is
// taken, and what it changes here.
package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"onestroke/impl/moderation"
	"onestroke/impl/session"
	"onestroke/impl/text"
)

// Envelope is a message as it arrives.
type Envelope struct {
	Signature, Timestamp, Nonce string
	MsgSignature                string // of safe mode
	Body                        []byte
}

// Message is what an envelope holds.
type Message struct {
	Event string // such as wxa_media_check

	// Of wxa_media_check.
	Trace   string
	Verdict moderation.Verdict
	Checked bool // false if WeChat failed to look at the picture

	// Of the events about a user.
	OpenID     string
	RevokeInfo string // what the user withdrew
}

// Opener reads envelopes.
type Opener interface {
	// Authenticate returns an error unless the envelope was signed with the
	// configured token. It decrypts and reads nothing.
	Authenticate(e Envelope) error
	// Open reads an envelope that is authentic.
	Open(e Envelope) (Message, error)
}

// Accounts changes what is stored of a user.
type Accounts interface {
	Forget(ctx context.Context, userID string, nickname, avatar bool) error
	Delete(ctx context.Context, userID string) error
}

// Errors of [Service.Receive] and [Service.Verify] about a message that is refused.
// Its text is for WeChat's operator.
type RefusedError struct{ Problem string }

func (e *RefusedError) Error() string { return e.Problem }

var (
	errOld    = &RefusedError{"the message is older than five minutes, or from the future"}
	errAgain  = &RefusedError{"the message was received before"}
	errClosed = &RefusedError{"message push is not configured"}
)

// ErrUnfinished: the message is not done with yet. WeChat sends it again.
var ErrUnfinished = errors.New("the message is not done with yet")

// Options of a [Service]. All are required, except for Opener and Now.
type Options struct {
	Opener   Opener // nil if message push is not configured
	Notes    session.Notes
	Checks   *moderation.Service // nil if nothing is checked
	Accounts Accounts
	Logger   *slog.Logger
	Now      func() time.Time
}

// Service takes messages.
type Service struct {
	Options
	unknown atomic.Int64 // messages without a meaning here
}

const (
	// maxAge is how old a message may be, and how far ahead WeChat's clock.
	maxAge = 5 * time.Minute
	// remembered is how long a message is known again: longer than it is young enough.
	remembered = 2*maxAge + time.Minute
	// answerTime is when WeChat gets its answer at the latest. It waits for five
	// seconds.
	answerTime = 800 * time.Millisecond
	// workTime bounds what goes on after the answer.
	workTime = time.Minute
)

// Unknown is how many messages had no meaning here, since the start.
func (s *Service) Unknown() int64 { return s.unknown.Load() }

// New returns a service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{Options: o}
}

// Verify returns a [*RefusedError] unless WeChat signed the parameters of a
// verification just now.
func (s *Service) Verify(signature, timestamp, nonce string) error {
	if s.Opener == nil {
		return errClosed
	}
	if err := s.Opener.Authenticate(Envelope{Signature: signature, Timestamp: timestamp, Nonce: nonce}); err != nil {
		return err
	}
	return s.young(timestamp)
}

// Receive takes a message, once. It returns a [*RefusedError] for one that is not
// WeChat's, too old, or known already, and another error for one that WeChat must
// send again. It returns within a second.
func (s *Service) Receive(ctx context.Context, e Envelope) error {
	if s.Opener == nil {
		return errClosed
	}
	if err := s.Opener.Authenticate(e); err != nil {
		return err
	}
	if err := s.young(e.Timestamp); err != nil {
		return err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTime)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- s.once(work, e)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(answerTime):
		return ErrUnfinished // the work goes on; sent again, the message finds it done
	}
}

// once does what a message asks for, unless it was received before. A message that
// failed is forgotten, so that WeChat can send it again.
func (s *Service) once(ctx context.Context, e Envelope) error {
	name := noteOf(e)
	first, err := s.Notes.SwapNote(ctx, name, "", "received", remembered)
	if err != nil {
		return err
	}
	if !first {
		return errAgain
	}
	m, err := s.Opener.Open(e)
	if err != nil {
		return err
	}
	if err := s.apply(ctx, m); err != nil {
		_, _ = s.Notes.SwapNote(context.WithoutCancel(ctx), name, "received", "", 0)
		return err
	}
	return nil
}

func (s *Service) apply(ctx context.Context, m Message) error {
	switch m.Event {
	case "wxa_media_check":
		return s.Checks.Result(ctx, m.Trace, m.Verdict, m.Checked)
	case "user_info_modified", "user_authorization_revoke":
		nickname, avatar := revoked(m.RevokeInfo)
		if m.OpenID == "" || !nickname && !avatar {
			break // nothing that is stored here
		}
		return s.Accounts.Forget(ctx, session.UserID(m.OpenID), nickname, avatar)
	case "user_authorization_cancellation":
		if m.OpenID == "" {
			break
		}
		return s.Accounts.Delete(ctx, session.UserID(m.OpenID))
	}
	s.Logger.InfoContext(ctx, "a pushed message changes nothing", "event", text.First(64, m.Event), "count", s.unknown.Add(1))
	return nil
}

// revoked reports what RevokeInfo names. Without it, the user may have withdrawn
// both.
func revoked(info string) (nickname, avatar bool) {
	if info == "" {
		return true, true
	}
	for _, code := range strings.FieldsFunc(info, func(r rune) bool { return r < '0' || r > '9' }) {
		switch code {
		case "6":
			nickname, avatar = true, true
		case "14", "20":
			avatar = true
		case "19":
			nickname = true
		}
	}
	return nickname, avatar
}

func (s *Service) young(timestamp string) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errOld
	}
	if age := s.Now().Sub(time.Unix(seconds, 0)); age > maxAge || age < -maxAge {
		return errOld
	}
	return nil
}

// noteOf names an envelope. What the signature covers is the same in a replay.
func noteOf(e Envelope) string {
	sum := sha256.Sum256([]byte(e.Timestamp + "\x00" + e.Nonce))
	return "push " + hex.EncodeToString(sum[:16])
}
