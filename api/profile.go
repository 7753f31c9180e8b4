package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"

	"onestroke/gen"
	"onestroke/impl/moderation"
	"onestroke/impl/profile"
	"onestroke/impl/profile/avatar"
)

// profiles are the operations on the caller's nickname and avatar.
type profiles struct {
	profiles *profile.Service
	callers  callers
}

// maxUpload is how large the body of an upload may be, in bytes: the file, and what
// multipart/form-data adds.
const (
	maxUpload  = avatar.MaxFile + 16<<10
	avatarPath = "/v1/profile/avatar"
)

func (h profiles) GetProfile(ctx context.Context, _ gen.GetProfileRequest) (gen.GetProfileAnswer, error) {
	body, err := h.body(ctx)
	if err != nil {
		return nil, err
	}
	return gen.GetProfile200{Body: body}, nil
}

func (h profiles) PutProfile(ctx context.Context, r gen.PutProfileRequest) (gen.PutProfileAnswer, error) {
	if err := h.profiles.SetNickname(ctx, owner(ctx), r.Body.Nickname); err != nil {
		return nil, err
	}
	body, err := h.body(ctx)
	if err != nil {
		return nil, err
	}
	return gen.PutProfile200{Body: body}, nil
}

func (h profiles) DeleteProfile(ctx context.Context, _ gen.DeleteProfileRequest) (gen.DeleteProfileAnswer, error) {
	if err := h.profiles.Clear(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	return gen.DeleteProfile204{}, nil
}

func (h profiles) UploadAvatar(ctx context.Context, r gen.UploadAvatarRequest) (gen.UploadAvatarAnswer, error) {
	file, err := uploaded(r.ContentType, r.Body)
	if err != nil {
		return nil, err
	}
	made, err := avatar.New(ctx, file)
	if errors.Is(err, avatar.ErrFormat) || errors.Is(err, avatar.ErrSize) || errors.Is(err, avatar.ErrScans) || errors.Is(err, avatar.ErrMemory) {
		return nil, invalidRequest(gen.FieldError{Field: "avatar", Rule: "picture", Detail: err.Error()})
	}
	if err != nil {
		return nil, err
	}
	if err := h.callers.confirm(ctx); err != nil { // a picture may take seconds to make
		return nil, err
	}
	if err := h.profiles.SetAvatar(ctx, owner(ctx), made); err != nil {
		return nil, err
	}
	body, err := h.body(ctx)
	if err != nil {
		return nil, err
	}
	return gen.UploadAvatar200{Body: body}, nil
}

func (h profiles) DeleteAvatar(ctx context.Context, _ gen.DeleteAvatarRequest) (gen.DeleteAvatarAnswer, error) {
	if err := h.profiles.RemoveAvatar(ctx, owner(ctx)); err != nil {
		return nil, err
	}
	return gen.DeleteAvatar204{}, nil
}

// body returns the profile of the caller.
func (h profiles) body(ctx context.Context) (b gen.Profile, err error) {
	p, err := h.profiles.Profile(ctx, owner(ctx))
	if err != nil {
		return b, err
	}
	if p.Nickname != "" {
		b.Nickname = &p.Nickname
		b.NicknameState, b.NicknameReason = verdictBody(p.NicknameVerdict)
	}
	if p.Avatar != nil {
		url := "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(p.Avatar)
		b.Avatar = &url
		b.AvatarState, b.AvatarReason = verdictBody(p.AvatarVerdict)
	}
	return b, nil
}

func verdictBody(v moderation.Verdict) (*gen.ShareState, *gen.ShareReason) {
	state, reason := gen.ShareState(v.State), gen.ShareReason(v.Reason)
	if reason == "" {
		return &state, nil
	}
	return &state, &reason
}

// uploaded returns the one file of a multipart/form-data body (RFC 7578).
func uploaded(contentType string, body []byte) (file []byte, err error) {
	refused := func(rule, detail string) error {
		return invalidRequest(gen.FieldError{Field: "avatar", Rule: rule, Detail: detail})
	}
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || parameters["boundary"] == "" {
		return nil, refused("multipart", "has a Content-Type without its boundary")
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) && file != nil {
			return file, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, refused("required", "is missing: there is no file in the body")
		}
		if err != nil {
			return nil, refused("multipart", "is in a body that is not multipart/form-data")
		}
		if file != nil || part.FileName() == "" || part.FormName() != "avatar" {
			return nil, refused("additionalProperties", "must be the only field, and a file")
		}
		if file, err = io.ReadAll(part); err != nil {
			return nil, refused("multipart", "is not complete")
		}
		if len(file) > avatar.MaxFile {
			return nil, &problem{code: gen.ErrTooLarge, detail: fmt.Sprintf("the file is larger than %d bytes", avatar.MaxFile)}
		}
	}
}
