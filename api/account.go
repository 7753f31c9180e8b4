package api

import (
	"context"

	"onestroke/api/wire"
	"onestroke/gen"
	"onestroke/impl/account"
	"onestroke/impl/gallery"
)

// accounts are the operations on everything that is stored of the caller.
type accounts struct {
	account  *account.Service
	gallery  *gallery.Service
	profiles profiles
	exports  *exports
}

func (h accounts) DeleteAccount(ctx context.Context, _ gen.DeleteAccountRequest) (gen.DeleteAccountAnswer, error) {
	if err := h.account.DeleteEverywhere(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	return gen.DeleteAccount204{}, nil
}

// ExportDrawings sends the profile last: it says that no drawing is missing.
func (h accounts) ExportDrawings(ctx context.Context, r gen.ExportDrawingsRequest) (gen.ExportDrawingsAnswer, error) {
	drawings := bodies(h.gallery.Export(ctx, owner(ctx)), exportBody)
	return gen.ExportDrawings200{Body: inSlot(ctx, h.exports, func(yield func(wire.Item, error) bool) {
		for d, err := range drawings {
			if !yield(d, err) || err != nil {
				return
			}
		}
		if r.Params.Profile != nil && *r.Params.Profile {
			body, err := h.profiles.body(ctx)
			yield(&gen.ExportedProfile{Profile: body}, err)
		}
	})}, nil
}
