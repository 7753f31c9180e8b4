package api

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/drawing/render"
	"onestroke/impl/gallery"
)

// images are the operations that show drawings as pictures.
type images struct {
	gallery *gallery.Service
	// pngSlots bounds how many PNGs are drawn at the same time, one on each
	// processor: one may take a second, and more at once take longer for all.
	pngSlots chan struct{}
}

const (
	pngType      = "image/png"
	defaultWidth = 512 // pixels; the contract's default

	// The media type of a picture depends on Accept.
	varyAccept = "Accept"
)

func (h images) GetDrawingImage(ctx context.Context, r gen.GetDrawingImageRequest) (gen.GetDrawingImageAnswer, error) {
	d, err := h.gallery.Get(ctx, owner(ctx), drawing.ID(r.ID))
	if err != nil {
		return nil, err
	}
	p := newPicture(ctx, d, r.Params.Width, r.Params.Animate)
	if isCurrent(p.tag, r.Params.IfNoneMatch) {
		return gen.GetDrawingImage304{ETag: entityTag(p.tag), Vary: varyAccept}, nil
	}
	body, err := h.draw(ctx, p)
	switch {
	case err != nil:
		return nil, err
	case p.png:
		return gen.GetDrawingImage200PNG{ETag: entityTag(p.tag), Vary: varyAccept, Body: body}, nil
	default:
		return gen.GetDrawingImage200SVG{ETag: entityTag(p.tag), Vary: varyAccept, Body: body}, nil
	}
}

func (h images) GetSharedDrawingImage(ctx context.Context, r gen.GetSharedDrawingImageRequest) (gen.GetSharedDrawingImageAnswer, error) {
	d, _, err := shared(ctx, h.gallery, r.Token)
	if err != nil {
		return nil, err
	}
	p := newPicture(ctx, d, r.Params.Width, r.Params.Animate)
	if isCurrent(p.tag, r.Params.IfNoneMatch) {
		return gen.GetSharedDrawingImage304{ETag: entityTag(p.tag), Vary: varyAccept}, nil
	}
	body, err := h.draw(ctx, p)
	switch {
	case err != nil:
		return nil, err
	case p.png:
		return gen.GetSharedDrawingImage200PNG{ETag: entityTag(p.tag), Vary: varyAccept, Body: body}, nil
	default:
		return gen.GetSharedDrawingImage200SVG{ETag: entityTag(p.tag), Vary: varyAccept, Body: body}, nil
	}
}

// picture is a picture that has been asked for.
type picture struct {
	drawing gallery.Drawing
	png     bool
	options render.Options
	tag     string // changes with the drawing and with what was asked for
}

func newPicture(ctx context.Context, d gallery.Drawing, width *int32, animate *bool) picture {
	p := picture{drawing: d, png: infoOf(ctx).mediaType == pngType, options: render.Options{Width: defaultWidth}}
	if width != nil {
		p.options.Width = int(*width)
	}
	p.options.Animate = animate != nil && *animate && !p.png
	kind := "svg"
	switch {
	case p.png:
		kind = "png"
	case p.options.Animate:
		kind = "replay"
	}
	p.tag = d.ETag + "-" + kind + "-" + strconv.Itoa(p.options.Width)
	return p
}

// draw draws a picture. A PNG waits until it has a slot.
func (h images) draw(ctx context.Context, p picture) ([]byte, error) {
	draw, kind := render.SVG, "SVG"
	if p.png {
		draw, kind = render.PNG, "PNG"
		select {
		case h.pngSlots <- struct{}{}:
			defer func() { <-h.pngSlots }()
		case <-ctx.Done():
			return nil, fmt.Errorf("wait to draw %s: %w", p.drawing.ID, ctx.Err())
		}
	}
	var b bytes.Buffer
	if err := draw(&b, p.drawing.Content(), p.options); err != nil {
		return nil, fmt.Errorf("draw %s as %s: %w", p.drawing.ID, kind, err)
	}
	return b.Bytes(), nil
}
