// Package profiletest holds what every [profile.Store] must do.
package profiletest

import (
	"bytes"
	"context"
	"crypto/rand"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"onestroke/impl/moderation"
	"onestroke/impl/profile"
)

// Run checks the store that open returns. It uses users of its own and may run on a
// store that others use.
func Run(t *testing.T, open func(*testing.T) profile.Store) {
	for name, holds := range map[string]func(*testing.T, profile.Store){
		"a profile comes back as it was written": comesBack,
		"a swap needs the profile as it was":     swapCompares,
		"one of many swaps is done":              swappedOnce,
	} {
		t.Run(name, func(t *testing.T) { holds(t, open(t)) })
	}
}

func newProfile() profile.Record {
	return profile.Record{
		Turn: rand.Text(), Nickname: "小画家 🎨", Avatar: bytes.Repeat([]byte{0xff, 0xd8, 0}, 7_000),
		NicknameCheck: moderation.Check{Version: "a", Verdict: moderation.Verdict{State: moderation.Approved}},
		AvatarCheck:   moderation.Check{Version: "b", Verdict: moderation.Verdict{State: moderation.Refused, Reason: moderation.Vulgar}, Person: true},
		RefusedNicknames: []moderation.Check{
			{Version: "c", Verdict: moderation.Verdict{State: moderation.Refused, Reason: moderation.Abuse}, Person: true},
			{Version: "d", Verdict: moderation.Verdict{State: moderation.Refused, Reason: moderation.Other}, Person: true},
		},
		RefusedAvatars: []moderation.Check{{Version: "e", Verdict: moderation.Verdict{State: moderation.Refused, Reason: moderation.Fraud}, Person: true}},
	}
}

func comesBack(t *testing.T, s profile.Store) {
	user, full := rand.Text()[:22], newProfile()
	has(t, s, user, profile.Record{})
	swap(t, s, user, "", full, true)
	has(t, s, user, full)
	has(t, s, rand.Text()[:22], profile.Record{})
	bare := profile.Record{Turn: rand.Text(), Nickname: "a"}
	swap(t, s, user, full.Turn, bare, true)
	has(t, s, user, bare)
	swap(t, s, user, bare.Turn, profile.Record{}, true)
	has(t, s, user, profile.Record{})
	swap(t, s, user, "", profile.Record{}, true)
}

func swapCompares(t *testing.T, s profile.Store) {
	user, stored := rand.Text()[:22], newProfile()
	swap(t, s, user, "another", stored, false)
	has(t, s, user, profile.Record{})
	swap(t, s, user, "", stored, true)
	for _, turn := range []string{"", "another"} {
		swap(t, s, user, turn, newProfile(), false)
		swap(t, s, user, turn, profile.Record{}, false)
	}
	has(t, s, user, stored)
	swap(t, s, user, stored.Turn, stored, true)
	has(t, s, user, stored)
	swap(t, s, rand.Text()[:22], stored.Turn, stored, false)
}

func swappedOnce(t *testing.T, s profile.Store) {
	user, turn := rand.Text()[:22], ""
	for range 3 {
		var done atomic.Int32
		var winner atomic.Value
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				to := newProfile()
				swapped, err := s.SwapProfile(t.Context(), user, turn, to)
				if err != nil {
					t.Error(err)
				}
				if swapped {
					done.Add(1)
					winner.Store(to)
				}
			})
		}
		all.Wait()
		if n := done.Load(); n != 1 {
			t.Fatalf("%d of 8 swaps were done", n)
		}
		has(t, s, user, winner.Load().(profile.Record))
		turn = winner.Load().(profile.Record).Turn
	}
}

func has(t *testing.T, s profile.Store, user string, want profile.Record) {
	t.Helper()
	if got, err := s.Profile(t.Context(), user); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
}

func swap(t *testing.T, s profile.Store, user, turn string, to profile.Record, want bool) {
	t.Helper()
	if done, err := s.SwapProfile(t.Context(), user, turn, to); err != nil || done != want {
		t.Fatalf("swapped: %t, %v, want %t", done, err, want)
	}
}

// Memory is an [profile.Store] that lasts as long as the test does. The zero value is
// empty.
type Memory struct {
	mu  sync.Mutex
	all map[string]profile.Record
}

func (m *Memory) Profile(_ context.Context, userID string) (profile.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[userID], nil
}

func (m *Memory) SwapProfile(_ context.Context, userID, turn string, to profile.Record) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[userID].Turn != turn {
		return false, nil
	}
	if delete(m.all, userID); to.Turn != "" {
		if m.all == nil {
			m.all = map[string]profile.Record{}
		}
		m.all[userID] = to
	}
	return true, nil
}
