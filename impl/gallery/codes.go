package gallery

import (
	"context"
	"errors"

	"onestroke/impl/drawing"
)

// MaxCode bounds a mini program code, in bytes. WeChat's have about 100 KB.
const MaxCode = 512 << 10

// CodeMaker makes mini program codes, which open the mini program when they are
// scanned with WeChat. A code is valid for ever.
type CodeMaker interface {
	// MakeCode returns a code, as a PNG of at most [MaxCode] bytes. The page that it
	// opens gets the scene, which is the token of a share. Its errors are [*CodeError]
	// and context.Canceled.
	MakeCode(ctx context.Context, scene string) ([]byte, error)
}

// CodeError says why a [CodeMaker] made no code.
type CodeError struct {
	Temporary bool // it may be made later
	Err       error
}

func (e *CodeError) Error() string { return "make a mini program code: " + e.Err.Error() }

func (e *CodeError) Unwrap() error { return e.Err }

// Code returns the mini program code of a share: a PNG. It is made once and then
// stored for as long as the drawing is shared. Without a share it returns
// [ErrNotFound]; its other errors are [*CodeError] and those of the store.
func (s *Service) Code(ctx context.Context, owner string, id drawing.ID) ([]byte, error) {
	r, err := s.store.Get(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	if r.Share == (Share{}) {
		return nil, ErrNotFound
	}
	token := r.Share.Token
	stored, err := s.store.Code(ctx, owner, token)
	if err != nil || stored != nil {
		return stored, err
	}
	if s.maker == nil {
		return nil, &CodeError{Err: errors.New("there is no WeChat")}
	}
	// Requests at the same time share one call. It goes on if the first of them ends.
	result := s.making.DoChan(token, func() (any, error) {
		ctx := context.WithoutCancel(ctx)
		// Another call may have ended since the store was asked.
		if stored, err := s.store.Code(ctx, owner, token); err != nil || stored != nil {
			return stored, err
		}
		made, err := s.maker.MakeCode(ctx, token)
		if err != nil {
			return nil, err
		}
		return made, s.store.SetCode(ctx, owner, token, made)
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.([]byte), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
