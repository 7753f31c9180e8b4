package wechat

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg" // WeChat answers a JPEG unless the background is transparent
	"image/png"
	"slices"

	"onestroke/impl/gallery"
)

const (
	codePath = "/wxa/getwxacodeunlimit"
	// codeWidth is the width of a code, in pixels: WeChat's default.
	codeWidth = 430
	// maxCodeWidth bounds what is decoded, in pixels: WeChat makes no larger one.
	maxCodeWidth = 1280
)

// MakeCode has WeChat make a mini program code (developers.weixin.qq.com,
// "getUnlimitedQRCode"); see [gallery.CodeMaker].
func (c *Client) MakeCode(ctx context.Context, scene string) ([]byte, error) {
	a, err := c.call(ctx, codePath, struct {
		Scene      string `json:"scene"`
		Page       string `json:"page"`
		CheckPath  bool   `json:"check_path"` // that the released version has the page
		EnvVersion string `json:"env_version"`
		Width      int    `json:"width"`
	}{scene, c.codePage, c.codeVersion == "release", c.codeVersion, codeWidth})
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	var failed *CallError
	if errors.As(err, &failed) {
		return nil, &gallery.CodeError{Temporary: failed.outage || slices.Contains(codeLater, failed.ErrCode), Err: err}
	}
	made, err := pngOf(a.body)
	if err != nil {
		return nil, &gallery.CodeError{Err: &CallError{Path: codePath, Err: err}}
	}
	return made, nil
}

// codeLater are the errcodes after which a code can be made later.
var codeLater = []int{errQuota, errMinuteQuota}

// pngOf returns a picture as a PNG.
func pngOf(picture []byte) ([]byte, error) {
	bad := errors.New("the answer is not a picture of a code")
	size, format, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width > maxCodeWidth || size.Height > maxCodeWidth {
		return nil, bad
	}
	decoded, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, bad
	}
	if format != "png" {
		var b bytes.Buffer
		if err := png.Encode(&b, decoded); err != nil {
			return nil, bad
		}
		picture = b.Bytes()
	}
	if len(picture) > gallery.MaxCode {
		return nil, errors.New("the picture of the code is too large")
	}
	return picture, nil
}
