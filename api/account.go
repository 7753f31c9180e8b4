package api

import (
	"context"

	"onestroke/gen"
	"onestroke/impl/gallery"
	"onestroke/impl/profile"
	"onestroke/impl/session"
)

// account are the operations on everything that is stored of the caller.
type account struct {
	sessions *session.Service
	gallery  *gallery.Service
	profiles *profile.Service
}

func (h account) DeleteAccount(ctx context.Context, _ gen.DeleteAccountRequest) (gen.DeleteAccountAnswer, error) {
	if err := h.profiles.Remove(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	if err := h.gallery.DeleteAll(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	// The sessions are last: until all else is deleted the caller can try again.
	if err := h.sessions.EndAll(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	return gen.DeleteAccount204{}, nil
}

func (h account) ExportDrawings(ctx context.Context, _ gen.ExportDrawingsRequest) (gen.ExportDrawingsAnswer, error) {
	return gen.ExportDrawings200{Body: bodies(h.gallery.Export(ctx, owner(ctx)), exportBody)}, nil
}
