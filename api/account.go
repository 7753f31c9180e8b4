package api

import (
	"context"

	"onestroke/gen"
	"onestroke/impl/account"
	"onestroke/impl/gallery"
)

// accounts are the operations on everything that is stored of the caller.
type accounts struct {
	account *account.Service
	gallery *gallery.Service
}

func (h accounts) DeleteAccount(ctx context.Context, _ gen.DeleteAccountRequest) (gen.DeleteAccountAnswer, error) {
	if err := h.account.Delete(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	return gen.DeleteAccount204{}, nil
}

func (h accounts) ExportDrawings(ctx context.Context, _ gen.ExportDrawingsRequest) (gen.ExportDrawingsAnswer, error) {
	return gen.ExportDrawings200{Body: bodies(h.gallery.Export(ctx, owner(ctx)), exportBody)}, nil
}
