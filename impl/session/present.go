package session

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// present holds until when nothing need be stored of users who send requests without a
// session.
type present struct {
	mu    sync.Mutex
	until *simplelru.LRU[string, time.Time]
}

func newPresent() *present {
	until, _ := simplelru.NewLRU[string, time.Time](cacheSize, nil) // fails for no positive size
	return &present{until: until}
}

// due reports whether something is to be stored of a user, and asks for the next time at
// until.
func (p *present) due(userID string, now, until time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.until.Get(userID); ok && now.Before(before) {
		return false
	}
	p.until.Add(userID, until)
	return true
}

func (p *present) set(userID string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until.Add(userID, until)
}

func (p *present) forget(userID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until.Remove(userID)
}

// presentName is the note of a user who sends requests without a session: when that was,
// up to the lag of a session ago, in Unix seconds, and the openid, sealed.
func presentName(userID string) string { return "present " + userID }

// Present says that a user sends a request for whom others than a session vouch. The
// openid is stored as in a session, for [Options].IdleTTL, and as rarely as a session is
// renewed. If that fails, the request is valid all the same, and a later one stores it.
func (s *Service) Present(ctx context.Context, openID string) {
	if s.options.Seal == nil || s.options.Notes == nil || len(openID) > maxOpenID || strings.Contains(openID, " ") {
		return
	}
	userID, now := UserID(openID), s.options.Now()
	if !s.present.due(userID, now, now.Add(s.lag)) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := s.storePresent(ctx, userID, openID, now); err != nil {
		s.present.set(userID, now.Add(cacheLife))
	}
}

func (s *Service) storePresent(ctx context.Context, userID, openID string, now time.Time) error {
	before, err := s.options.Notes.Note(ctx, presentName(userID))
	if err != nil {
		return err
	}
	seconds, _, _ := strings.Cut(before, " ")
	last, _ := strconv.ParseInt(seconds, 10, 64) // 0 if there is none
	away := now.Sub(time.Unix(last, 0))
	if _, ok := s.openPresent(userID, before); ok && away < s.lag {
		return nil // another replica has stored it
	}
	after := strconv.FormatInt(now.Unix(), 10) + " " + s.seal(userID, Identity{OpenID: openID})
	// Not done: another replica was faster.
	done, err := s.options.Notes.SwapNote(ctx, presentName(userID), before, after, s.options.IdleTTL)
	if done && away >= absence {
		s.options.Returned(userID)
	}
	return err
}

// presentOpenID returns the openid that [Service.Present] stored, or "".
func (s *Service) presentOpenID(ctx context.Context, userID string) (string, error) {
	if s.options.Notes == nil {
		return "", nil
	}
	note, err := s.options.Notes.Note(ctx, presentName(userID))
	openID, _ := s.openPresent(userID, note)
	return openID, err
}

// openPresent decrypts the openid of a note. ok is false if there is none, or one that
// was sealed with an earlier key.
func (s *Service) openPresent(userID, note string) (openID string, ok bool) {
	_, sealed, _ := strings.Cut(note, " ")
	openID, _, ok = s.open(Session{User: User{ID: userID}, Sealed: sealed})
	return openID, ok
}

// forgetPresent removes what [Service.Present] stored.
func (s *Service) forgetPresent(ctx context.Context, userID string) error {
	if s.options.Notes == nil {
		return nil
	}
	s.present.forget(userID)
	for {
		note, err := s.options.Notes.Note(ctx, presentName(userID))
		if err != nil || note == "" {
			return err
		}
		if done, err := s.options.Notes.SwapNote(ctx, presentName(userID), note, "", 0); err != nil || done {
			return err
		}
	}
}
