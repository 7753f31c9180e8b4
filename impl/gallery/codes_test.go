package gallery_test

import (
	"context"
	"sync/atomic"
	"testing"

	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
)

// lateStore answers the first question for a code only when it is released.
type lateStore struct {
	gallery.Store
	late             atomic.Bool // the first question came
	asked, published chan struct{}
}

func (s *lateStore) Code(ctx context.Context, owner, token string) ([]byte, error) {
	code, err := s.Store.Code(ctx, owner, token)
	if s.late.CompareAndSwap(false, true) {
		close(s.asked)
		<-s.published
	}
	return code, err
}

type counted struct{ calls atomic.Int32 }

func (c *counted) MakeCode(_ context.Context, scene string) ([]byte, error) {
	c.calls.Add(1)
	return []byte(scene), nil
}

// A request finds no code, and another one makes it before the first goes on.
func TestACodeThatWasMadeMeanwhileIsNotMadeAgain(t *testing.T) {
	store := &lateStore{Store: gallerytest.NewMemory(), asked: make(chan struct{}), published: make(chan struct{})}
	maker := new(counted)
	s := gallery.New(store, gallery.Options{Now: gallerytest.Clock(), Codes: maker})
	if _, _, err := s.Put(t.Context(), owner, id, a, gallery.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Share(t.Context(), owner, id); err != nil {
		t.Fatal(err)
	}
	late := make(chan error)
	go func() { _, err := s.Code(t.Context(), owner, id); late <- err }()
	<-store.asked
	if _, err := s.Code(t.Context(), owner, id); err != nil {
		t.Fatal(err)
	}
	close(store.published)
	if err := <-late; err != nil {
		t.Fatal(err)
	}
	if calls := maker.calls.Load(); calls != 1 {
		t.Errorf("it is made %d times", calls)
	}
}
