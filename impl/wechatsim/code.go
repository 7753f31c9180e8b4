//go:build !nosimulator

package wechatsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	qr "github.com/piglig/go-qr"
)

var (
	codeScene = regexp.MustCompile("^[0-9A-Za-z!#$&'()*+,/:;=?@._~-]+$")
	codePage  = regexp.MustCompile(`^pages/[0-9A-Za-z_/-]+$`)
)

// makeCode answers a QR code with the page and the scene, where WeChat answers a
// mini program code.
func (s *Simulator) makeCode(w http.ResponseWriter, r *http.Request, _ plan) {
	var asked struct {
		Scene      string `json:"scene"`
		Page       string `json:"page"`
		EnvVersion string `json:"env_version"`
		Width      int    `json:"width"`
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		answerErrCode(w, 47001)
		return
	}
	switch {
	case len(asked.Scene) > 32:
		answerErrCode(w, 40169)
	case !codeScene.MatchString(asked.Scene):
		answerErrCode(w, 40129)
	case !codePage.MatchString(asked.Page):
		answerErrCode(w, 41030)
	case !slices.Contains([]string{"release", "trial", "develop"}, asked.EnvVersion) || asked.Width < 280 || asked.Width > 1280:
		answerErrCode(w, 40097)
	default:
		text := asked.Page + "?scene=" + url.QueryEscape(asked.Scene)
		code, err := qr.EncodeText(text, qr.Medium)
		if err != nil {
			answerErrCode(w, -1)
			return
		}
		const border = 4 // modules, as ISO/IEC 18004 asks
		picture, err := code.ToPNGBytes(qr.NewQrCodeImgConfig(asked.Width/(code.Size()+2*border), border))
		if err != nil {
			answerErrCode(w, -1)
			return
		}
		answerText(w, "image/png", http.StatusOK, string(picture))
	}
}
