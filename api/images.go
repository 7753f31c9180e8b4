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
	pngs    *pictures
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
	p, err := h.picture(ctx, d, r.Params.Width, r.Params.Animate, r.Params.IfNoneMatch)
	switch {
	case err != nil:
		return nil, err
	case p.current:
		return gen.GetDrawingImage304{ETag: p.etag, Vary: varyAccept}, nil
	case p.png:
		return gen.GetDrawingImage200PNG{ETag: p.etag, Vary: varyAccept, Body: p.body}, nil
	default:
		return gen.GetDrawingImage200SVG{ETag: p.etag, Vary: varyAccept, Body: p.body}, nil
	}
}

func (h images) GetSharedDrawingImage(ctx context.Context, r gen.GetSharedDrawingImageRequest) (gen.GetSharedDrawingImageAnswer, error) {
	d, _, err := shared(ctx, h.gallery, r.Token)
	if err != nil {
		return nil, err
	}
	p, err := h.picture(ctx, d, r.Params.Width, r.Params.Animate, r.Params.IfNoneMatch)
	switch {
	case err != nil:
		return nil, err
	case p.current:
		return gen.GetSharedDrawingImage304{ETag: p.etag, Vary: varyAccept}, nil
	case p.png:
		return gen.GetSharedDrawingImage200PNG{ETag: p.etag, Vary: varyAccept, Body: p.body}, nil
	default:
		return gen.GetSharedDrawingImage200SVG{ETag: p.etag, Vary: varyAccept, Body: p.body}, nil
	}
}

// picture is a drawing as a picture.
type picture struct {
	etag    string
	current bool // the client has it already: it was not drawn
	png     bool // otherwise it is an SVG
	body    []byte
}

// picture draws a drawing in the form that Accept prefers.
func (h images) picture(ctx context.Context, d gallery.Drawing, width *int32, animate *bool, ifNoneMatch *string) (p picture, err error) {
	p.png = infoOf(ctx).mediaType == pngType
	options := render.Options{Width: defaultWidth, Animate: animate != nil && *animate && !p.png}
	if width != nil {
		options.Width = int(*width)
	}
	draw, kind := render.SVG, "svg"
	switch {
	case p.png:
		draw, kind = render.PNG, "png"
	case options.Animate:
		kind = "replay"
	}
	// The tag changes with the drawing and with what was asked for.
	tag := d.ETag + "-" + kind + "-" + strconv.Itoa(options.Width)
	p.etag, p.current = revalidate(ctx, tag, ifNoneMatch)
	if p.current {
		return p, nil
	}
	drawn := func() ([]byte, error) {
		var b bytes.Buffer
		if err := draw(&b, d.Content(), options); err != nil {
			return nil, fmt.Errorf("draw %s as %s: %w", d.ID, kind, err)
		}
		return b.Bytes(), nil
	}
	if p.png {
		p.body, err = h.pngs.get(ctx, d.ID.String()+tag, drawn)
	} else {
		p.body, err = drawn()
	}
	return p, err
}
