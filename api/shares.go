package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/profile"
)

// shares are the operations on shared drawings, except for their pictures.
type shares struct {
	gallery  *gallery.Service
	profiles *profile.Service
	proxies  []netip.Prefix // trusted
}

func (h shares) ShareDrawing(ctx context.Context, r gen.ShareDrawingRequest) (gen.ShareDrawingAnswer, error) {
	shared, created, err := h.gallery.Share(ctx, owner(ctx), drawing.ID(r.ID))
	if err != nil {
		return nil, err
	}
	if created {
		return gen.ShareDrawing201{Body: shareBody(shared)}, nil
	}
	return gen.ShareDrawing200{Body: shareBody(shared)}, nil
}

func (h shares) GetShare(ctx context.Context, r gen.GetShareRequest) (gen.GetShareAnswer, error) {
	shared, err := h.gallery.ShareOf(ctx, owner(ctx), drawing.ID(r.ID))
	if errors.Is(err, gallery.ErrNotFound) {
		err = errNotShared
	}
	if err != nil {
		return nil, err
	}
	return gen.GetShare200{Body: shareBody(shared)}, nil
}

func (h shares) GetShareCode(ctx context.Context, r gen.GetShareCodeRequest) (gen.GetShareCodeAnswer, error) {
	code, err := h.gallery.Code(ctx, owner(ctx), drawing.ID(r.ID))
	if errors.Is(err, gallery.ErrNotFound) {
		err = errNotShared
	}
	if err != nil {
		return nil, err
	}
	etag, current := revalidate(ctx, tagOf(code), r.Params.IfNoneMatch)
	if current {
		return gen.GetShareCode304{ETag: etag}, nil
	}
	return gen.GetShareCode200{ETag: etag, Body: code}, nil
}

func shareBody(s gallery.Shared) gen.Share {
	b := gen.Share{Token: s.Token, State: gen.ShareState(s.Verdict.State)}
	if s.Verdict.Reason != "" {
		b.Reason = new(gen.ShareReason(s.Verdict.Reason))
	}
	return b
}

func (h shares) UnshareDrawing(ctx context.Context, r gen.UnshareDrawingRequest) (gen.UnshareDrawingAnswer, error) {
	if err := h.gallery.Unshare(ctx, owner(ctx), drawing.ID(r.ID)); err != nil {
		return nil, err
	}
	return gen.UnshareDrawing204{}, nil
}

func (h shares) GetSharedDrawing(ctx context.Context, r gen.GetSharedDrawingRequest) (gen.GetSharedDrawingAnswer, error) {
	d, author, err := visit(ctx, h.gallery, h.profiles, r.Token)
	if err != nil {
		return nil, err
	}
	etag, current := revalidate(ctx, sharedTag(d, author), r.Params.IfNoneMatch)
	if current {
		return gen.GetSharedDrawing304{ETag: etag}, nil
	}
	b := drawingBody(d)
	return gen.GetSharedDrawing200{ETag: etag, Body: gen.SharedDrawing{
		Title: b.Title, Author: optional(author.Nickname), AuthorAvatar: unlessFalse(author.Avatar != nil), OneStroke: b.OneStroke, Canvas: b.Canvas, Format: b.Format, Strokes: b.Strokes,
		StrokeCount: b.StrokeCount, PointCount: b.PointCount, DurationMs: b.DurationMs, Bounds: b.Bounds, Incomplete: b.Incomplete,
	}}, nil
}

func (h shares) GetSharedAvatar(ctx context.Context, r gen.GetSharedAvatarRequest) (gen.GetSharedAvatarAnswer, error) {
	_, author, err := visit(ctx, h.gallery, h.profiles, r.Token)
	switch {
	case err != nil:
		return nil, err
	case author.Avatar == nil:
		return nil, errNoAvatar
	}
	etag, current := revalidate(ctx, author.AvatarTag, r.Params.IfNoneMatch)
	if current {
		return gen.GetSharedAvatar304{ETag: etag}, nil
	}
	return gen.GetSharedAvatar200{ETag: etag, Body: author.Avatar}, nil
}

// ReportSharedDrawing takes those at one address for one reporter: nobody is logged in.
func (h shares) ReportSharedDrawing(ctx context.Context, r gen.ReportSharedDrawingRequest) (gen.ReportSharedDrawingAnswer, error) {
	reporter := clientAddress(infoOf(ctx), h.proxies)
	err := h.gallery.Report(ctx, r.Token, reporter, moderation.Reason(r.Body.Reason), value(r.Body.Note))
	if errors.Is(err, gallery.ErrNotFound) {
		err = errNoShare
	}
	if err != nil {
		return nil, err
	}
	return gen.ReportSharedDrawing204{}, nil
}

// visit returns the drawing that a token leads to, and what others see of its
// author.
func visit(ctx context.Context, g *gallery.Service, p *profile.Service, token string) (gallery.Drawing, profile.Author, error) {
	d, owner, err := shared(ctx, g, token)
	if err != nil {
		return d, profile.Author{}, err
	}
	author, err := p.Author(ctx, owner)
	return d, author, err
}

// shared returns the drawing that a token leads to, and its owner.
func shared(ctx context.Context, g *gallery.Service, token string) (gallery.Drawing, string, error) {
	d, owner, err := g.Visit(ctx, token)
	if errors.Is(err, gallery.ErrNotFound) {
		err = errNoShare
	}
	return d, owner, err
}

// sharedTag is the tag of what a visitor sees: the drawing, and the author's
// nickname and avatar.
func sharedTag(d gallery.Drawing, author profile.Author) string {
	sum := sha256.Sum256([]byte(author.Nickname + "\x00" + author.AvatarTag))
	return d.ETag + "-" + base64.RawURLEncoding.EncodeToString(sum[:6])
}
