// Package push holds the rules of the messages that WeChat pushes: which one is
// taken, and what it changes here.
package push

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	// DeleteLate deletes what was stored during Delete. It may take seconds.
	DeleteLate(ctx context.Context, userID string) error
}

// RefusedError is of [Service.Receive] and [Service.Verify]: a request is refused. Its
// text is for the people who run the service.
type RefusedError struct{ Problem string }

func (e *RefusedError) Error() string { return e.Problem }

var (
	errOld    = &RefusedError{"the message is older than five minutes, or from the future"}
	errUsed   = &RefusedError{"another request had this timestamp and nonce"}
	errClosed = &RefusedError{"message push is not configured"}
)

// ErrUnfinished: the message is not done yet. WeChat sends it again.
var ErrUnfinished = errors.New("the message is not done yet")

// Options of a [Service]. All are required, except for Opener and Now.
type Options struct {
	Opener   Opener // nil if message push is not configured
	Notes    session.Notes
	Checks   *moderation.Service // nil if nothing is checked
	Accounts Accounts
	Logger   *slog.Logger
	Now      func() time.Time
}

// Service takes messages. What a message asks for can be done twice: if a process ends
// before it has stored that a message is done, the message is done once more.
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
	// claimTime is how long nobody else does a message that was begun. It is short:
	// WeChat sends a message only three times, and the process may have been killed.
	claimTime = 2 * time.Second
	// pollEvery is how often a repeat looks whether the message was done meanwhile.
	pollEvery = 100 * time.Millisecond
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
// verification just now, and for this echo only. It returns within a second.
func (s *Service) Verify(ctx context.Context, signature, timestamp, nonce, echo string) error {
	e := Envelope{Signature: signature, Timestamp: timestamp, Nonce: nonce}
	if err := s.authenticate(e); err != nil {
		return err
	}
	return inTime(ctx, func(ctx context.Context) error {
		_, err := s.note(ctx, nameOf(e), digest("verification "+echo))
		return err
	})
}

// Receive takes a message. It returns a [*RefusedError] for one that is not WeChat's, too
// old, or has the signature of another request; and another error for one that WeChat
// must send again. The repeat of a message that is done is not an error, and changes
// nothing. It returns within a second.
func (s *Service) Receive(ctx context.Context, e Envelope) error {
	if err := s.authenticate(e); err != nil {
		return err
	}
	m, err := s.Opener.Open(e)
	if err != nil {
		return err
	}
	// What WeChat repeats may be encrypted anew: the message is what is compared.
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return inTime(ctx, func(ctx context.Context) error { return s.once(ctx, nameOf(e), digest(string(text)), m) })
}

// authenticate returns a [*RefusedError] unless WeChat signed an envelope just now.
func (s *Service) authenticate(e Envelope) error {
	if s.Opener == nil {
		return errClosed
	}
	if err := s.Opener.Authenticate(e); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(e.Timestamp, 10, 64)
	if err != nil {
		return errOld
	}
	if age := s.Now().Sub(time.Unix(seconds, 0)); age > maxAge || age < -maxAge {
		return errOld
	}
	return nil
}

// inTime returns what do returns, or [ErrUnfinished] when WeChat must get its answer. do
// goes on then, for at most [workTime].
func inTime(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTime)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- do(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(answerTime):
		return ErrUnfinished
	}
}

// once does a message, unless it is done. While another request does it, once waits, and
// takes over if that one was killed.
func (s *Service) once(ctx context.Context, name, what string, m Message) error {
	claim := rand.Text()
	for end := time.Now().Add(answerTime); ; time.Sleep(pollEvery) {
		mine, err := s.Notes.SwapNote(ctx, name+" claim", "", claim, claimTime)
		if err != nil {
			return err
		}
		// Looked up after the claim: who had it before may have done the message.
		if done, err := s.note(ctx, name, what); err != nil || done {
			return err
		}
		if mine {
			break
		}
		if time.Now().After(end) {
			return ErrUnfinished
		}
	}
	if err := s.apply(ctx, m); err != nil {
		// WeChat need not wait until the claim ends.
		_, _ = s.Notes.SwapNote(context.WithoutCancel(ctx), name+" claim", claim, "", 0)
		return err
	}
	_, err := s.Notes.SwapNote(ctx, name, what, what+isDone, remembered)
	return err
}

// note stores what a timestamp and nonce were used for, and reports whether that is done.
// In plain mode the signature covers nothing else: without the note, one that was
// seen would sign any message.
func (s *Service) note(ctx context.Context, name, what string) (done bool, err error) {
	first, err := s.Notes.SwapNote(ctx, name, "", what, remembered)
	if err != nil || first {
		return false, err
	}
	stored, err := s.Notes.Note(ctx, name)
	if err != nil {
		return false, err
	}
	if stored != what && stored != what+isDone {
		return false, errUsed
	}
	return stored == what+isDone, nil
}

// isDone is behind the note of a message that is done.
const isDone = " done"

// nameOf names the note of an envelope.
func nameOf(e Envelope) string { return "push " + digest(e.Timestamp+"\x00"+e.Nonce) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
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
		return s.delete(ctx, session.UserID(m.OpenID))
	}
	s.Logger.InfoContext(ctx, "a pushed message changes nothing", "event", text.First(64, m.Event), "count", s.unknown.Add(1))
	return nil
}

// delete deletes an account. WeChat does not wait until other replicas know of it.
func (s *Service) delete(ctx context.Context, userID string) error {
	if err := s.Accounts.Delete(ctx, userID); err != nil {
		return err
	}
	go func() {
		if err := s.Accounts.DeleteLate(context.WithoutCancel(ctx), userID); err != nil {
			s.Logger.WarnContext(ctx, "what was stored while an account was deleted may be left", "cause", err)
		}
	}()
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
