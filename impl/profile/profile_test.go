package profile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"sync"
	"testing"
	"time"

	"onestroke/impl/moderation"
	"onestroke/impl/moderation/moderationtest"
	"onestroke/impl/profile"
	"onestroke/impl/profile/avatar"
	"onestroke/impl/profile/profiletest"
	"onestroke/impl/seal"
)

const user = "user------------------"

func TestTheStoreInMemory(t *testing.T) {
	profiletest.Run(t, func(*testing.T) profile.Store { return new(profiletest.Memory) })
}

func picture(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func setAvatar(t *testing.T, s *profile.Service, file []byte) error {
	t.Helper()
	made, err := avatar.New(t.Context(), file)
	succeed(t, err)
	return s.SetAvatar(t.Context(), user, made)
}

func succeed(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func author(t *testing.T, s *profile.Service) profile.Author {
	t.Helper()
	shown, err := s.Author(t.Context(), user)
	succeed(t, err)
	return shown
}

func TestAProfileIsWhatTheUserMadeOfIt(t *testing.T) {
	store := new(profiletest.Memory)
	s := profile.New(store, nil)
	succeed(t, s.Fill(t.Context(), user, " "), s.Fill(t.Context(), user, "from WeChat "), s.Fill(t.Context(), user, ""), s.Fill(t.Context(), user, "another"))
	if shown := author(t, s); shown.Nickname != "from WeChat" || shown.Avatar != nil {
		t.Errorf("%+v", shown)
	}
	succeed(t, s.SetNickname(t.Context(), user, "小明"), setAvatar(t, s, picture(t, 9)), s.Fill(t.Context(), user, "from WeChat"))
	shown := author(t, s)
	if shown.Nickname != "小明" || len(shown.Avatar) == 0 || shown.AvatarTag == "" {
		t.Errorf("%+v", shown)
	}
	succeed(t, s.RemoveAvatar(t.Context(), user))
	if shown := author(t, s); shown.Nickname != "小明" || shown.Avatar != nil || shown.AvatarTag != "" {
		t.Errorf("%+v", shown)
	}
	succeed(t, s.Remove(t.Context(), user), s.Remove(t.Context(), user), s.RemoveAvatar(t.Context(), user))
	if stored, _ := store.Profile(t.Context(), user); stored.Turn != "" {
		t.Errorf("stored of a user without a profile: %+v", stored)
	}
}

// checker refuses the nickname 坏 and never has a verdict on a picture by itself.
type checker struct {
	mu     sync.Mutex
	traces []string
}

func (c *checker) Text(_ context.Context, _ string, x moderation.Text) (moderation.Verdict, error) {
	if x.Scene != moderation.Profile {
		panic("another scene")
	}
	if x.Nickname == "坏" {
		return moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}, nil
	}
	return moderation.Verdict{State: moderation.Approved}, nil
}

func (c *checker) Picture(_ context.Context, _ string, _ moderation.Scene, url string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.traces = append(c.traces, url)
	return url, nil
}

type notes struct{}

func (notes) Note(context.Context, string) (string, error) { return "", nil }
func (notes) SwapNote(context.Context, string, string, string, time.Duration) (bool, error) {
	return true, nil
}

// What was refused is remembered by its content, and what is stored of it is bounded.
func TestTheNewestOfManyRefusalsAreRemembered(t *testing.T) {
	store := new(profiletest.Memory)
	checks := moderation.New(moderation.Options{Store: new(moderationtest.Memory), Logger: slog.New(slog.DiscardHandler)})
	s := profile.New(store, checks)
	for n := range 60 {
		succeed(t, s.SetNickname(t.Context(), user, fmt.Sprint(n)))
		shown, _, err := checks.Shown(t.Context(), user, moderation.Thing{}, 1)
		succeed(t, err, checks.Settle(t.Context(), shown[0].Thing, shown[0].Content.Version, moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}))
	}
	if stored, _ := store.Profile(t.Context(), user); len(stored.RefusedNicknames) != 50 {
		t.Errorf("%d refusals are stored", len(stored.RefusedNicknames))
	}
	for nickname, want := range map[string]moderation.State{"59": moderation.Refused, "30": moderation.Refused, "0": moderation.Review} {
		succeed(t, s.SetNickname(t.Context(), user, nickname))
		if p, err := s.Profile(t.Context(), user); err != nil || p.NicknameVerdict.State != want {
			t.Errorf("%s is %+v, %v", nickname, p.NicknameVerdict, err)
		}
	}
}

func TestOthersSeeOnlyWhatIsApproved(t *testing.T) {
	key, err := seal.New("secret")
	succeed(t, err)
	judge := new(checker)
	checks := moderation.New(moderation.Options{
		Checker: judge, Store: new(moderationtest.Memory), Notes: notes{}, PublicURL: "https://example.com", Seal: key, Logger: slog.New(slog.DiscardHandler),
		OpenID: func(context.Context, string) (string, error) { return "openid", nil },
	})
	s := profile.New(new(profiletest.Memory), checks)

	succeed(t, s.SetNickname(t.Context(), user, "好"), setAvatar(t, s, picture(t, 9)))
	p, err := s.Profile(t.Context(), user)
	succeed(t, err)
	if p.NicknameVerdict.State != moderation.Approved || p.AvatarVerdict.State != moderation.Pending {
		t.Errorf("%+v, %+v", p.NicknameVerdict, p.AvatarVerdict)
	}
	if shown := author(t, s); shown.Nickname != "好" || shown.Avatar != nil {
		t.Errorf("others see %+v", shown)
	}

	// The checker fetches the picture, a PNG, and approves it.
	first := judge.traces[0]
	checked, err := checks.Picture(t.Context(), first[len("https://example.com"+moderation.PicturePath):], true)
	succeed(t, err)
	if config, err := png.DecodeConfig(bytes.NewReader(checked)); err != nil || config.Width != avatar.Side {
		t.Errorf("%v, %v", config, err)
	}
	succeed(t, checks.Result(t.Context(), first, moderation.Verdict{State: moderation.Approved}, true))
	if shown := author(t, s); shown.Avatar == nil {
		t.Error("others do not see an approved avatar")
	}

	// What is new is not seen, and the verdict on the old one says nothing about it.
	succeed(t, s.SetNickname(t.Context(), user, "坏"))
	p, err = s.Profile(t.Context(), user)
	succeed(t, err)
	if p.Nickname != "坏" || p.NicknameVerdict != (moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}) {
		t.Errorf("%+v", p)
	}
	white := image.NewGray(image.Rect(0, 0, 20, 20))
	var b bytes.Buffer
	succeed(t, png.Encode(&b, white), setAvatar(t, s, b.Bytes()))
	succeed(t, checks.Result(t.Context(), first, moderation.Verdict{State: moderation.Approved}, true))
	if shown := author(t, s); shown.Nickname != "" || shown.Avatar != nil {
		t.Errorf("others see %+v", shown)
	}
}

// late is a store of profiles in which something else happens before the next write.
type late struct {
	profile.Store
	before func()
}

func (l *late) SwapProfile(ctx context.Context, userID, turn string, to profile.Record) (bool, error) {
	if before := l.before; before != nil {
		l.before = nil
		before()
	}
	return l.Store.SwapProfile(ctx, userID, turn, to)
}

// A program of 2017 logs in with the nickname each time.
func TestALoginWritesNothingForWhoHasANickname(t *testing.T) {
	store := &late{Store: new(profiletest.Memory)}
	s := profile.New(store, nil)
	succeed(t, s.Fill(t.Context(), user, "小明"))
	store.before = func() { t.Error("a login writes a profile") }
	succeed(t, s.Fill(t.Context(), user, "小明"), s.Fill(t.Context(), user, "another"))
}

func TestAPersonDecidesJustBeforeTheVerdictOnANicknameIsStored(t *testing.T) {
	key, err := seal.New("secret")
	succeed(t, err)
	checks := moderation.New(moderation.Options{
		Checker: new(checker), Store: new(moderationtest.Memory), Notes: notes{}, Seal: key, Logger: slog.New(slog.DiscardHandler),
		OpenID: func(context.Context, string) (string, error) { return "openid", nil },
	})
	store := &late{Store: new(profiletest.Memory)}
	s := profile.New(store, checks)
	succeed(t, s.Fill(t.Context(), user, "小明"))
	thing := moderation.Thing{Kind: profile.NicknameKind, Owner: user, ID: user}
	seen, _, err := checks.Shown(t.Context(), user, moderation.Thing{}, 1)
	succeed(t, err)
	refused := moderation.Verdict{State: moderation.Refused, Reason: moderation.Copyright}
	store.before = func() { succeed(t, checks.Settle(t.Context(), thing, seen[0].Content.Version, refused)) }
	checks.Try(t.Context(), thing)
	p, err := s.Profile(t.Context(), user)
	succeed(t, err)
	if p.NicknameVerdict != refused || store.before != nil {
		t.Errorf("the verdict is %+v", p.NicknameVerdict)
	}
}

// One operator approves a nickname while another one takes it down: it stays refused.
func TestATakeDownWinsOverAnApprovalAtTheSameTime(t *testing.T) {
	checks := moderation.New(moderation.Options{Store: new(moderationtest.Memory)})
	store := &late{Store: new(profiletest.Memory)}
	s := profile.New(store, checks)
	set := map[moderation.Kind]func() error{
		profile.NicknameKind: func() error { return s.SetNickname(t.Context(), user, "坏") },
		profile.AvatarKind:   func() error { return setAvatar(t, s, picture(t, 9)) },
	}
	for kind, set := range set {
		succeed(t, set())
		seen, _, err := checks.Shown(t.Context(), user, moderation.Thing{}, 1)
		succeed(t, err)
		thing, version := moderation.Thing{Kind: kind, Owner: user, ID: user}, seen[0].Content.Version
		store.before = func() {
			// The verdict is stored first, and the approval comes before the removal.
			store.before = func() {
				succeed(t, checks.Settle(t.Context(), thing, version, moderation.Verdict{State: moderation.Approved}))
			}
		}
		succeed(t, checks.TakeDown(t.Context(), thing, version, moderation.Vulgar), set())
		seen, _, err = checks.Shown(t.Context(), user, moderation.Thing{}, 1)
		succeed(t, err)
		if refused := (moderation.Verdict{State: moderation.Refused, Reason: moderation.Vulgar}); seen[0].Verdict != refused || store.before != nil {
			t.Errorf("the %s is %+v", kind, seen[0].Verdict)
		}
		succeed(t, s.Clear(t.Context(), user))
	}
}

// What a user has in place of what is taken down was not seen: it stays, and waits.
func TestTakenDownIsOnlyWhatWasSeen(t *testing.T) {
	checks := moderation.New(moderation.Options{Store: new(moderationtest.Memory)})
	store := &late{Store: new(profiletest.Memory)}
	s := profile.New(store, checks)
	var black bytes.Buffer
	succeed(t, png.Encode(&black, image.NewGray(image.Rect(0, 0, 9, 9))),
		s.SetNickname(t.Context(), user, "坏"), setAvatar(t, s, picture(t, 9)))
	for kind, change := range map[moderation.Kind]func() error{
		profile.NicknameKind: func() error { return s.SetNickname(t.Context(), user, "小明") },
		profile.AvatarKind:   func() error { return setAvatar(t, s, black.Bytes()) },
	} {
		thing := moderation.Thing{Kind: kind, Owner: user, ID: user}
		var seen string
		all, _, err := checks.Shown(t.Context(), user, moderation.Thing{}, 2)
		succeed(t, err)
		for _, w := range all {
			if w.Kind == kind {
				seen = w.Content.Version
			}
		}
		store.before = func() {
			// The verdict is stored first, and the change comes before the removal.
			store.before = func() { succeed(t, change()) }
		}
		succeed(t, checks.TakeDown(t.Context(), thing, seen, moderation.Vulgar))
	}
	p, err := s.Profile(t.Context(), user)
	succeed(t, err)
	waits := moderation.Verdict{State: moderation.Review, Reason: moderation.Vulgar}
	if p.Nickname != "小明" || p.NicknameVerdict != waits || p.Avatar == nil || p.AvatarVerdict != waits {
		t.Errorf("%q is %+v, and an avatar of %d bytes %+v", p.Nickname, p.NicknameVerdict, len(p.Avatar), p.AvatarVerdict)
	}
	if shown := author(t, s); shown.Nickname != "" || shown.Avatar != nil {
		t.Errorf("others see %+v", shown)
	}
}

// refusing is a store of checks that cannot be written.
type refusing struct{ moderation.Store }

func (refusing) SwapTask(context.Context, moderation.Task, moderation.Task) (bool, error) {
	return false, errors.New("the store refuses writes")
}

// A profile is read while a check that was never begun cannot be stored.
func TestAProfileIsReadWhileTheStoreRefusesWrites(t *testing.T) {
	store := new(profiletest.Memory)
	unchecked := profile.New(store, nil)
	succeed(t, unchecked.SetNickname(t.Context(), user, "小明"), setAvatar(t, unchecked, picture(t, 9)))
	checks := moderation.New(moderation.Options{Checker: new(checker), Store: refusing{new(moderationtest.Memory)}})
	s := profile.New(store, checks)
	p, err := s.Profile(t.Context(), user)
	succeed(t, err)
	if pending := (moderation.Verdict{State: moderation.Pending}); p.Nickname != "小明" || p.NicknameVerdict != pending || p.AvatarVerdict != pending {
		t.Errorf("%+v, %+v, %+v", p.Nickname, p.NicknameVerdict, p.AvatarVerdict)
	}
	if shown := author(t, s); shown.Nickname != "" || shown.Avatar != nil {
		t.Errorf("others see %+v", shown)
	}
}
