package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/drawing/render"
	"onestroke/impl/gallery"
)

const (
	svgType = "image/svg+xml"
	pngType = "image/png"

	defaultWidth = 512 // pixels, as the contract says
)

func (s *server) GetDrawingImage(ctx context.Context, r gen.GetDrawingImageRequestObject) (gen.GetDrawingImageResponseObject, error) {
	d, err := s.Drawings.Get(ctx, owner(ctx), drawing.ID(r.ID))
	if err != nil {
		return nil, err
	}
	return s.image(ctx, d, "private, no-cache", r.Params.Width, r.Params.Animate, r.Params.IfNoneMatch)
}

func (s *server) GetSharedDrawingImage(ctx context.Context, r gen.GetSharedDrawingImageRequestObject) (gen.GetSharedDrawingImageResponseObject, error) {
	d, _, err := s.Drawings.Shared(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	return s.image(ctx, d, publicCaching, r.Params.Width, r.Params.Animate, r.Params.IfNoneMatch)
}

// image is a drawing as a picture, or that the client holds it already.
type image struct {
	mediaType, etag, caching string
	body                     []byte // nil where the client's copy is good
}

func (s *server) image(ctx context.Context, d gallery.Drawing, caching string, width *int32, animate *bool, ifNoneMatch *string) (image, error) {
	o := render.Options{Width: defaultWidth, Animate: animate != nil && *animate}
	if width != nil {
		o.Width = int(*width)
	}
	i := image{mediaType: noteOf(ctx).mediaType, caching: caching}
	draw := render.SVG
	if i.mediaType == pngType {
		draw, o.Animate = render.PNG, false
	}
	i.etag = imageTag(d.ETag, i.mediaType, o)
	if ifNoneMatch != nil && parseEntityTags(*ifNoneMatch).include(i.etag) {
		return i, nil
	}
	if i.mediaType == pngType {
		// A PNG may keep a processor busy for a second: more at once are slower for all.
		select {
		case s.easels <- struct{}{}:
			defer func() { <-s.easels }()
		case <-ctx.Done():
			return image{}, fmt.Errorf("wait to draw %s: %w", d.ID, ctx.Err())
		}
	}
	var b bytes.Buffer
	if err := draw(&b, d.Content(), o); err != nil {
		return image{}, fmt.Errorf("draw %s as %s: %w", d.ID, i.mediaType, err)
	}
	i.body = b.Bytes()
	return i, nil
}

// imageTag names a picture: it changes with the drawing and with what was asked for.
func imageTag(etag, mediaType string, o render.Options) string {
	kind := "svg"
	switch {
	case mediaType == pngType:
		kind = "png"
	case o.Animate:
		kind = "replay"
	}
	return etag + "-" + kind + "-" + strconv.Itoa(o.Width)
}

func (i image) VisitGetDrawingImageResponse(w http.ResponseWriter) error       { return i.write(w) }
func (i image) VisitGetSharedDrawingImageResponse(w http.ResponseWriter) error { return i.write(w) }

func (i image) write(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("ETag", quote(i.etag))
	h.Set("Cache-Control", i.caching)
	h.Set("Vary", strings.Join(append(h.Values("Vary"), "Accept"), ", "))
	if i.body == nil {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", i.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(i.body)))
	// For a browser that opens the picture as a page of its own.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	_, err := w.Write(i.body)
	return err
}
