// Package profile holds what a user shows of themselves: a nickname and an avatar.
// They belong to the account: they outlast the sessions, and others see them with
// what the user shares, as soon as they are approved.
//
// It knows neither HTTP nor a database. What it needs of a database is [Store].
package profile

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"onestroke/impl/moderation"
	"onestroke/impl/profile/avatar"
)

// Record is what is stored of a user. The zero value is that of a user of whom
// nothing is stored. The names in the tags are those in the stores.
type Record struct {
	Turn          string           `json:"-"`                  // random; another one after each change
	Nickname      string           `json:"nickname,omitempty"` // at most 64 characters
	NicknameCheck moderation.Check `json:"nicknameCheck,omitzero"`
	Avatar        []byte           `json:"-"` // a JPEG by [avatar.New]
	AvatarCheck   moderation.Check `json:"avatarCheck,omitzero"`
	// What persons refused before they approved or refused another one: at most maxRefused,
	// the newest last. It names the content, which may come back.
	RefusedNicknames []moderation.Check `json:"refusedNicknames,omitempty"`
	RefusedAvatars   []moderation.Check `json:"refusedAvatars,omitempty"`
}

// maxRefused bounds the nicknames and the avatars of a user whose refusal is stored.
const maxRefused = 50

func (a Record) nicknameCheck() moderation.Check {
	return checkOf(version(a.Nickname), a.NicknameCheck, a.RefusedNicknames)
}

func (a Record) avatarCheck() moderation.Check {
	return checkOf(version(a.Avatar), a.AvatarCheck, a.RefusedAvatars)
}

// checkOf returns the check of a version: the stored one, unless that is on another version
// and a person refused this one before.
func checkOf(version string, stored moderation.Check, refused []moderation.Check) moderation.Check {
	i := slices.IndexFunc(refused, func(c moderation.Check) bool { return c.Version == version })
	if stored.Version == version || i < 0 {
		return stored
	}
	return refused[i]
}

// remember returns what was refused before, when a check takes the place of another.
func remember(refused []moderation.Check, from, to moderation.Check) []moderation.Check {
	refused = slices.DeleteFunc(slices.Clone(refused), func(c moderation.Check) bool { return c.Version == from.Version || c.Version == to.Version })
	if from.Person && from.State == moderation.Refused && from.Version != to.Version {
		refused = append(refused, from)
	}
	return refused[max(0, len(refused)-maxRefused):]
}

// isEmpty reports whether nothing is stored, also of what was refused.
func (a Record) isEmpty() bool {
	return a.Nickname == "" && a.Avatar == nil && !a.NicknameCheck.Person && !a.AvatarCheck.Person &&
		len(a.RefusedNicknames) == 0 && len(a.RefusedAvatars) == 0
}

// Store stores profiles. A call may return gallery.ErrUnavailable, wrapped, or the
// caller's own context.Canceled.
type Store interface {
	// Profile returns what is stored of a user, or the zero Record.
	Profile(ctx context.Context, userID string) (Record, error)
	// SwapProfile replaces what is stored of a user by to, if it still has the turn,
	// in one indivisible step, and reports whether it did. A profile without a Turn is
	// none: with an empty turn, there must be none; as to, it is removed. If to has this
	// turn itself, it is what is stored, and nothing changes: then that is certain to last,
	// also where the write before had no answer.
	SwapProfile(ctx context.Context, userID, turn string, to Record) (bool, error)
}

// The kinds of things that are checked. Their ID is that of the user.
const (
	NicknameKind moderation.Kind = "nickname"
	AvatarKind   moderation.Kind = "avatar"
)

// Profile is what a user sees of their own profile.
type Profile struct {
	Nickname        string
	NicknameVerdict moderation.Verdict // others see it if it is approved
	Avatar          []byte             // a JPEG; empty if there is none
	AvatarVerdict   moderation.Verdict
}

// Author is what others see of a user: only what is approved.
type Author struct {
	Nickname  string // empty if there is none
	Avatar    []byte // a JPEG; empty if there is none
	AvatarTag string // changes with the avatar
}

// Service holds the rules of profiles.
type Service struct {
	store  Store
	checks *moderation.Service
}

// New returns a service on a store. With checks, others see what they approve; nil
// approves all.
func New(store Store, checks *moderation.Service) *Service {
	s := &Service{store, checks}
	checks.Add(NicknameKind, nicknames{s})
	checks.Add(AvatarKind, avatars{s})
	return s
}

// Profile returns the profile of a user.
func (s *Service) Profile(ctx context.Context, userID string) (p Profile, err error) {
	a, err := s.store.Profile(ctx, userID)
	if err != nil {
		return p, err
	}
	p.Nickname, p.Avatar = a.Nickname, a.Avatar
	if a.Nickname != "" {
		p.NicknameVerdict = s.verdict(ctx, NicknameKind, userID, a.nicknameCheck(), version(a.Nickname))
	}
	if a.Avatar != nil {
		p.AvatarVerdict = s.verdict(ctx, AvatarKind, userID, a.avatarCheck(), version(a.Avatar))
	}
	return p, nil
}

// Has reports whether a user has a nickname or an avatar.
func (s *Service) Has(ctx context.Context, userID string) (bool, error) {
	a, err := s.store.Profile(ctx, userID)
	return a.Turn != "", err
}

// Author returns what others see of a user.
func (s *Service) Author(ctx context.Context, userID string) (shown Author, err error) {
	a, err := s.store.Profile(ctx, userID)
	if err != nil {
		return shown, err
	}
	if a.Nickname != "" && s.verdict(ctx, NicknameKind, userID, a.nicknameCheck(), version(a.Nickname)).State == moderation.Approved {
		shown.Nickname = a.Nickname
	}
	if a.Avatar != nil && s.verdict(ctx, AvatarKind, userID, a.avatarCheck(), version(a.Avatar)).State == moderation.Approved {
		shown.Avatar, shown.AvatarTag = a.Avatar, version(a.Avatar)
	}
	return shown, nil
}

// SetNickname gives a user a nickname, without the spaces around it, or none if nothing
// is left.
func (s *Service) SetNickname(ctx context.Context, userID, nickname string) error {
	nickname = strings.TrimSpace(nickname)
	changed, err := s.change(ctx, userID, func(a *Record) { a.Nickname = nickname })
	if err != nil || !changed || nickname == "" {
		return err
	}
	return s.begin(ctx, NicknameKind, userID)
}

// SetAvatar gives a user an avatar that [avatar.New] made.
func (s *Service) SetAvatar(ctx context.Context, userID string, made []byte) error {
	changed, err := s.change(ctx, userID, func(a *Record) { a.Avatar = made })
	if err != nil || !changed {
		return err
	}
	return s.begin(ctx, AvatarKind, userID)
}

// RemoveAvatar removes the avatar of a user. It is not an error if there is none.
func (s *Service) RemoveAvatar(ctx context.Context, userID string) error {
	_, err := s.change(ctx, userID, func(a *Record) { a.Avatar = nil })
	return err
}

// Clear removes the nickname and the avatar of a user. It is not an error if there
// are none. What a person refused is still refused.
func (s *Service) Clear(ctx context.Context, userID string) error {
	_, err := s.change(ctx, userID, func(a *Record) { a.Nickname, a.Avatar = "", nil })
	return err
}

// Remove removes all that is stored here of a user whose account is deleted. It is not
// an error if there is nothing.
func (s *Service) Remove(ctx context.Context, userID string) error {
	for {
		a, err := s.store.Profile(ctx, userID)
		if err != nil {
			return err
		}
		if done, err := s.store.SwapProfile(ctx, userID, a.Turn, Record{}); done || err != nil {
			return err
		}
	}
}

// Fill gives a user the nickname that WeChat signed, unless they have one. Of an
// avatar WeChat signs only the address, which is not fetched. It is called at each login of
// a program of 2017, and writes nothing for who has a nickname.
func (s *Service) Fill(ctx context.Context, userID, nickname string) error {
	nickname = strings.TrimSpace(nickname)
	if nickname == "" {
		return nil
	}
	if a, err := s.store.Profile(ctx, userID); err != nil || a.Nickname != "" {
		return err
	}
	changed, err := s.change(ctx, userID, func(a *Record) {
		if a.Nickname == "" {
			a.Nickname = nickname
		}
	})
	if err != nil || !changed {
		return err
	}
	return s.checks.Begin(ctx, thing(NicknameKind, userID)) // a login does not wait for it
}

// change changes a profile until no other change came in between, and reports
// whether a nickname or an avatar is another one now. If none is, what is stored is certain
// to last: who asks again may have had no answer. The verdict on what is gone is
// kept only if a person refused it.
func (s *Service) change(ctx context.Context, userID string, do func(*Record)) (changed bool, err error) {
	for {
		a, err := s.store.Profile(ctx, userID)
		if err != nil {
			return false, err
		}
		turn, nickname, picture := a.Turn, a.Nickname, version(a.Avatar)
		do(&a)
		if a.Nickname == nickname && version(a.Avatar) == picture {
			if done, err := s.store.SwapProfile(ctx, userID, turn, a); done || err != nil {
				return false, err
			}
			continue
		}
		if done, err := s.swap(ctx, userID, turn, a); done || err != nil {
			return done, err
		}
	}
}

func (s *Service) swap(ctx context.Context, userID, turn string, a Record) (bool, error) {
	if a.Nickname == "" && !a.NicknameCheck.Person {
		a.NicknameCheck = moderation.Check{}
	}
	if a.Avatar == nil && !a.AvatarCheck.Person {
		a.AvatarCheck = moderation.Check{}
	}
	if a.Turn = rand.Text(); a.isEmpty() {
		a = Record{}
	}
	return s.store.SwapProfile(ctx, userID, turn, a)
}

// checkTime bounds how long a user waits for a check when they change their profile.
// What takes longer goes on without them.
const checkTime = 2 * time.Second

func thing(kind moderation.Kind, userID string) moderation.Thing {
	return moderation.Thing{Kind: kind, Owner: userID, ID: userID}
}

// begin has a change checked, as far as that is done in checkTime.
func (s *Service) begin(ctx context.Context, kind moderation.Kind, userID string) error {
	s.checks.Returned(ctx, userID)
	if err := s.checks.Begin(ctx, thing(kind, userID)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	s.checks.Try(ctx, thing(kind, userID))
	return nil
}

// verdict returns the verdict on what a user has now. If the check was lost, it is
// begun again. Who only reads gets the same answer, also if that fails.
func (s *Service) verdict(ctx context.Context, kind moderation.Kind, userID string, c moderation.Check, version string) moderation.Verdict {
	verdict, _ := s.checks.Ensure(ctx, thing(kind, userID), s.checks.Judge(c, version))
	return verdict
}

// version names a nickname or an avatar: a verdict is on one of them.
func version[T string | []byte](of T) string {
	sum := sha256.Sum256([]byte(of))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// nicknames are the nicknames, as they are checked.
type nicknames struct{ *Service }

func (s nicknames) Content(ctx context.Context, owner, id string) (moderation.Content, error) {
	a, err := s.store.Profile(ctx, owner)
	if err == nil && (a.Nickname == "" || id != owner) {
		err = moderation.ErrGone
	}
	return moderation.Content{
		Version: version(a.Nickname),
		Check:   a.nicknameCheck(),
		Text:    moderation.Text{Scene: moderation.Profile, Nickname: a.Nickname},
	}, err
}

func (s nicknames) Decide(ctx context.Context, owner, _ string, from, to moderation.Check) error {
	return s.decide(ctx, owner, func(a *Record) bool {
		same := a.Nickname != "" && version(a.Nickname) == to.Version && a.nicknameCheck() == from
		a.RefusedNicknames = remember(a.RefusedNicknames, a.NicknameCheck, to)
		a.NicknameCheck = to
		return same
	})
}

func (s nicknames) Shown(ctx context.Context, owner, after string, _ int) ([]string, error) {
	a, err := s.store.Profile(ctx, owner)
	return onlyOne(owner, after, a.Nickname != ""), err
}

// TakeDown removes a nickname. One that the user has given themselves since stays: it
// waits for a person.
func (s nicknames) TakeDown(ctx context.Context, owner, _ string, refused moderation.Check) error {
	_, err := s.change(ctx, owner, func(a *Record) {
		if version(a.Nickname) == refused.Version {
			a.Nickname, a.NicknameCheck = "", refused
		}
	})
	return err
}

// avatars are the avatars, as they are checked.
type avatars struct{ *Service }

func (s avatars) Content(ctx context.Context, owner, id string) (moderation.Content, error) {
	a, err := s.store.Profile(ctx, owner)
	if err == nil && (a.Avatar == nil || id != owner) {
		err = moderation.ErrGone
	}
	return moderation.Content{
		Version: version(a.Avatar),
		Check:   a.avatarCheck(),
		Scene:   moderation.Profile,
		Picture: func() ([]byte, error) { return avatar.PNG(a.Avatar) },
	}, err
}

func (s avatars) Decide(ctx context.Context, owner, _ string, from, to moderation.Check) error {
	return s.decide(ctx, owner, func(a *Record) bool {
		same := a.Avatar != nil && version(a.Avatar) == to.Version && a.avatarCheck() == from
		a.RefusedAvatars = remember(a.RefusedAvatars, a.AvatarCheck, to)
		a.AvatarCheck = to
		return same
	})
}

func (s avatars) Shown(ctx context.Context, owner, after string, _ int) ([]string, error) {
	a, err := s.store.Profile(ctx, owner)
	return onlyOne(owner, after, a.Avatar != nil), err
}

// onlyOne lists a user's one nickname or avatar, unless the page is after it.
func onlyOne(owner, after string, there bool) []string {
	if !there || after != "" {
		return nil
	}
	return []string{owner}
}

// TakeDown removes an avatar. One that the user has uploaded since stays: it waits for a
// person.
func (s avatars) TakeDown(ctx context.Context, owner, _ string, refused moderation.Check) error {
	_, err := s.change(ctx, owner, func(a *Record) {
		if version(a.Avatar) == refused.Version {
			a.Avatar, a.AvatarCheck = nil, refused
		}
	})
	return err
}

// decide stores a check if set reports that the profile still has what was checked, and
// the check that was read.
func (s *Service) decide(ctx context.Context, owner string, set func(*Record) bool) error {
	for {
		a, err := s.store.Profile(ctx, owner)
		if err != nil {
			return err
		}
		turn := a.Turn
		if !set(&a) {
			return moderation.ErrGone
		}
		if done, err := s.swap(ctx, owner, turn, a); done || err != nil {
			return err
		}
	}
}
