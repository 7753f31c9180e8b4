package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestAPictureIsDrawnOnceForAll(t *testing.T) {
	p := newPictures(make(pngSlots, 2), 1<<20)
	var drawn atomic.Int32
	draw := func() ([]byte, error) { drawn.Add(1); return []byte("png"), nil }
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got, err := p.get(t.Context(), "a", draw); err != nil || string(got) != "png" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	all.Wait()
	if drawn.Load() != 1 {
		t.Errorf("drawn %d times", drawn.Load())
	}
	if _, err := p.get(t.Context(), "b", draw); err != nil || drawn.Load() != 2 {
		t.Errorf("another picture: drawn %d times, %v", drawn.Load(), err)
	}
}

func TestAFailureIsNotCached(t *testing.T) {
	p := newPictures(make(pngSlots, 1), 1<<20)
	broken := errors.New("broken")
	if _, err := p.get(t.Context(), "a", func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, err := p.get(t.Context(), "a", func() ([]byte, error) { return []byte("png"), nil }); err != nil || string(got) != "png" {
		t.Errorf("got %q, %v", got, err)
	}
}

// The request that waits for a slot, for itself and another one, is given up.
func TestARequestThatIsGivenUpFailsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slots := make(pngSlots, 1)
		p := newPictures(slots, 1<<20)
		release, err := slots.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		draw := func() ([]byte, error) { return []byte("png"), nil }
		first, cancel := context.WithCancel(t.Context())
		given := make(chan error, 1)
		go func() { _, err := p.get(first, "a", draw); given <- err }()
		synctest.Wait()
		other := make(chan error, 1)
		go func() { _, err := p.get(t.Context(), "a", draw); other <- err }()
		synctest.Wait()
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that was given up: %v", err)
		}
		synctest.Wait()
		release()
		if err := <-other; err != nil {
			t.Errorf("the other one: %v", err)
		}
	})
}

func TestCachedPicturesAreBoundedInBytes(t *testing.T) {
	p := newPictures(make(pngSlots, 1), 1000)
	size := func(n int) func() ([]byte, error) {
		return func() ([]byte, error) { return bytes.Repeat([]byte{1}, n), nil }
	}
	for n := range 100 {
		if _, err := p.get(t.Context(), fmt.Sprint(n), size(50)); err != nil {
			t.Fatal(err)
		}
		if p.bytes > 1000 || p.bytes != 50*p.cached.Len() {
			t.Fatalf("%d bytes of %d pictures", p.bytes, p.cached.Len())
		}
	}
	if _, ok := p.find("99"); !ok || p.cached.Len() != 20 {
		t.Errorf("the last one is cached: %v, of %d", ok, p.cached.Len())
	}
	if _, err := p.get(t.Context(), "large", size(500)); err != nil || p.cached.Len() != 20 {
		t.Errorf("a large one pushed out others: %d are left, %v", p.cached.Len(), err)
	}
}
