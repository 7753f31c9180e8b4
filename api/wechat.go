package api

import (
	"context"
	"errors"

	"onestroke/gen"
	"onestroke/impl/moderation"
	"onestroke/impl/push"
)

// fromWeChat are the operations that WeChat's servers call.
type fromWeChat struct {
	pushes *push.Service
	checks *moderation.Service
	slots  pngSlots
}

func (h fromWeChat) VerifyPush(ctx context.Context, r gen.VerifyPushRequest) (gen.VerifyPushAnswer, error) {
	p := r.Params
	if err := h.pushes.Verify(ctx, p.Signature, p.Timestamp, p.Nonce, p.Echostr); err != nil {
		return nil, err
	}
	return gen.VerifyPush200{Body: []byte(p.Echostr)}, nil
}

func (h fromWeChat) ReceivePush(ctx context.Context, r gen.ReceivePushRequest) (gen.ReceivePushAnswer, error) {
	p := r.Params
	err := h.pushes.Receive(ctx, push.Envelope{
		Signature: value(p.Signature), Timestamp: p.Timestamp, Nonce: p.Nonce, MsgSignature: value(p.MsgSignature), Body: r.Body,
	})
	if err != nil {
		return nil, err
	}
	return gen.ReceivePush200{Body: []byte("success")}, nil
}

func (h fromWeChat) GetCheckedPicture(ctx context.Context, r gen.GetCheckedPictureRequest) (gen.GetCheckedPictureAnswer, error) {
	release, err := h.slots.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	picture, err := h.checks.Picture(ctx, r.Address, !infoOf(ctx).head)
	if errors.Is(err, moderation.ErrGone) {
		err = errNoPicture
	}
	if err != nil {
		return nil, err
	}
	return gen.GetCheckedPicture200{Body: picture}, nil
}
